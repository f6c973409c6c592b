"""A thread for each client and one lock, held while a line is sent to everyone.

State: a set of sockets behind the lock. Lines stay whole and in one order for all; but one send that waits, to a client
that does not read, makes every thread wait.
"""

import socket
import threading

lock = threading.Lock()
clients: set[socket.socket] = set()


def broadcast(line: bytes, sender: socket.socket) -> None:
    with lock:
        for client in clients - {sender}:
            try:
                client.sendall(line)
            except OSError:  # its own thread will find out
                pass


def handle(connection: socket.socket, number: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with lock:
        connection.sendall(f"you are client {number}\n".encode())
        clients.add(connection)
    prefix = f"client {number}: ".encode()
    try:
        for line in connection.makefile("rb"):
            broadcast(prefix + line, connection)
    except OSError:
        pass
    finally:
        with lock:
            clients.discard(connection)
        connection.close()


def serve(listener: socket.socket) -> None:
    number = 0
    while True:
        connection, address = listener.accept()
        number += 1
        threading.Thread(target=handle, args=(connection, number), daemon=True).start()
