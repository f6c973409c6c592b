"""Two threads for each client: one reads, one writes what comes out of the client's queue.

State: a queue for each client, without a bound, in a dict behind a lock that nobody holds while sending. One who does
not read delays nobody; what waits for it stays in memory. Every line wakes every writer.
"""

import queue
import socket
import threading

lock = threading.Lock()
outboxes: dict[int, queue.SimpleQueue] = {}


def write(connection: socket.socket, outbox: queue.SimpleQueue) -> None:
    try:
        while (line := outbox.get()) is not None:
            connection.sendall(line)
    except OSError:  # its reader will find out
        pass


def handle(connection: socket.socket, number: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    outbox: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=write, args=(connection, outbox), daemon=True).start()
    with lock:
        outbox.put(f"you are client {number}\n".encode())
        outboxes[number] = outbox
    prefix = f"client {number}: ".encode()
    try:
        for line in connection.makefile("rb"):
            with lock:
                others = [other for other in outboxes.values() if other is not outbox]
            for other in others:
                other.put(prefix + line)
    except OSError:
        pass
    finally:
        with lock:
            del outboxes[number]
        outbox.put(None)
        connection.close()


def serve(listener: socket.socket) -> None:
    number = 0
    while True:
        connection, address = listener.accept()
        number += 1
        threading.Thread(target=handle, args=(connection, number), daemon=True).start()
