"""A list of sockets and a thread for each client: the chat as it is mostly written first.

State: the list, which every thread changes and walks as it likes, with no lock. Two talkers at once may mix their
bytes on one connection, and who does not read stops everybody who talks.
"""

import socket
import threading

clients: list[socket.socket] = []


def handle(connection: socket.socket, number: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(f"you are client {number}\n".encode())
    clients.append(connection)
    prefix = f"client {number}: ".encode()
    try:
        for line in connection.makefile("rb"):
            for other in clients:
                if other is not connection:
                    other.sendall(prefix + line)
    except OSError:
        pass
    finally:
        clients.remove(connection)
        connection.close()


def serve(listener: socket.socket) -> None:
    number = 0
    while True:
        connection, address = listener.accept()
        number += 1
        threading.Thread(target=handle, args=(connection, number), daemon=True).start()
