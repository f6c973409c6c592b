"""asyncio with streams, as its documentation teaches them: one thread, a coroutine for each client.

State: a set of writers; no lock, since nothing else runs between two awaits. A line is written to everyone and nobody
is waited for: so one who does not read delays nobody, and what waits for it stays in memory.
"""

import asyncio
import itertools
import socket

writers: set[asyncio.StreamWriter] = set()
numbers = itertools.count(1)


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    number = next(numbers)
    writer.write(f"you are client {number}\n".encode())
    writers.add(writer)
    prefix = f"client {number}: ".encode()
    try:
        while line := await reader.readline():
            for other in writers:
                if other is not writer:
                    other.write(prefix + line)
    except OSError:
        pass
    finally:
        writers.discard(writer)
        writer.close()


async def main(listener: socket.socket) -> None:
    server = await asyncio.start_server(handle, sock=listener, backlog=1024)
    await server.serve_forever()


def serve(listener: socket.socket) -> None:
    asyncio.run(main(listener))
