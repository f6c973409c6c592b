"""One thread, non-blocking sockets and selectors: a round reads all that has come, then sends to each client once.

State: for each client the beginning of a line, and the backlog that its socket did not take, without a bound. In a
round every client gets all the new lines in one send; a talker gets them without its own.
"""

import selectors
import socket

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Client:
    def __init__(self, connection: socket.socket, number: int) -> None:
        self.connection = connection
        self.prefix = f"client {number}: ".encode()
        self.rest = b""
        self.backlog = bytearray()
        self.waits = False  # until its socket takes more

    def read(self) -> bytes | None:
        """Return the whole lines that have come, each with the prefix; None at the end of the connection."""
        try:
            data = self.connection.recv(65536)
        except OSError:
            return None
        if not data:
            return None
        block, newline, self.rest = (self.rest + data).rpartition(b"\n")
        return self.prefix + block.replace(b"\n", b"\n" + self.prefix) + newline if newline else b""

    def send(self, data: bytes) -> None:
        """Send the data; what the socket does not take waits."""
        if not self.backlog and data:
            try:
                data = data[self.connection.send(data) :]
            except BlockingIOError:
                pass
            except OSError:  # its end will be read
                return
        self.backlog += data

    def send_backlog(self) -> None:
        try:
            del self.backlog[: self.connection.send(self.backlog)]
        except OSError:  # its end will be read
            self.backlog.clear()


def serve(listener: socket.socket) -> None:
    selector = selectors.DefaultSelector()
    selector.register(listener, READ)
    listener.setblocking(False)
    clients: set[Client] = set()
    number = 0
    while True:
        news, own = bytearray(), {}
        for key, events in selector.select():
            client = key.data
            if client is None:
                connection, address = listener.accept()
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                number += 1
                client = Client(connection, number)
                client.send(f"you are client {number}\n".encode())
                clients.add(client)
                selector.register(connection, READ, client)
                continue
            if events & WRITE:
                client.send_backlog()
            lines = client.read() if events & READ else b""
            if lines is None:
                clients.remove(client)
                selector.unregister(client.connection)
                client.connection.close()
            elif lines:
                own[client] = slice(len(news), len(news) + len(lines))
                news += lines
        everything = bytes(news)
        for client in clients:
            part = own.get(client)
            client.send(everything[: part.start] + everything[part.stop :] if part else everything)
            if client.waits != bool(client.backlog):
                client.waits = bool(client.backlog)
                selector.modify(client.connection, READ | WRITE if client.waits else READ, client)
