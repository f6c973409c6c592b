"""asyncio with a protocol: the event loop calls us with what has come, without a coroutine for each client.

State: a set of transports, in the loop's one thread. A line is written to everyone and nobody is waited for: what
waits for one who does not read stays in memory.
"""

import asyncio
import itertools
import socket

transports: set[asyncio.Transport] = set()
numbers = itertools.count(1)


class Chat(asyncio.Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:
        number = next(numbers)
        self.transport, self.prefix, self.rest = transport, f"client {number}: ".encode(), b""
        transport.write(f"you are client {number}\n".encode())
        transports.add(transport)

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            for transport in transports:
                if transport is not self.transport:
                    transport.write(self.prefix + line + b"\n")

    def connection_lost(self, error: Exception | None) -> None:
        transports.discard(self.transport)


async def main(listener: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(Chat, sock=listener, backlog=1024)
    await server.serve_forever()


def serve(listener: socket.socket) -> None:
    asyncio.run(main(listener))
