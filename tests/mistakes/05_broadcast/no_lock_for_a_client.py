"""Two threads send to one client at once, and nothing keeps their lines whole ("sendall sends all")."""
# file: server.py
# fails: two_speak_at_once
# cause: torn

import os
import socket
import sys
import threading
from collections.abc import Iterator

HOST, PORT = "127.0.0.1", 9000
LIMIT = 4096  # bytes in a line, its newline not counted


class BadLine(Exception):
    """What a client sent is no line of ours: too long, or not UTF-8."""


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens for clients on host and port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # Windows frees a port at once, and would let two servers share it with this
        # Without this the port stays taken for a minute or so after the server has ended.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    return listener


def read_lines(connection: socket.socket) -> Iterator[str]:
    """Yield each line that arrives, without its end, until the peer says goodbye.

    Raises BadLine for a line over LIMIT bytes or one that is not UTF-8.
    """
    buffer = b""
    while True:
        data = connection.recv(4096)
        if data == b"":
            return
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            yield decode_line(line)
        if len(buffer) > LIMIT:  # do not wait for its newline: it may never come
            raise BadLine(f"line longer than {LIMIT} bytes")


def decode_line(line: bytes) -> str:
    """Return the text of a line without its newline; raises BadLine as read_lines does."""
    if len(line) > LIMIT:
        raise BadLine(f"line longer than {LIMIT} bytes")
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise BadLine("line is not UTF-8") from None


def send_line(connection: socket.socket, line: str) -> None:
    """Send the line and its newline."""
    connection.sendall(line.encode() + b"\n")


class Client:
    """One client: its connection, its number once it has joined, and a lock that keeps its lines whole."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.number = 0
        self.lock = threading.Lock()

    @property
    def name(self) -> str:
        return f"client {self.number}"

    def send(self, line: str) -> None:
        """Send the line whole: two threads at once must not mix their bytes."""
        send_line(self.connection, line)


class Registry:
    """Who is here. Its lock guards all that it keeps, so any thread may call any method."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clients: dict[int, Client] = {}
        self.last_number = 0

    def add(self, client: Client) -> None:
        """Give the client the next number, never used before, and keep it."""
        with self.lock:
            self.last_number += 1
            client.number = self.last_number
            self.clients[client.number] = client

    def remove(self, client: Client) -> None:
        """Forget the client."""
        with self.lock:
            self.clients.pop(client.number, None)

    def everyone(self) -> list[Client]:
        """Return who is here at this moment, in the order they came."""
        with self.lock:
            return list(self.clients.values())


def broadcast(registry: Registry, line: str, sender: Client) -> None:
    """Send the line to everyone but the sender."""
    for client in registry.everyone():
        if client is not sender:
            client.send(line)


def talk(client: Client, registry: Registry) -> None:
    """Answer the lines of the client, until it says goodbye or sends what is no line."""
    try:
        for line in read_lines(client.connection):
            if line == "/who":
                client.send("here: " + ", ".join(other.name for other in registry.everyone()))
            else:
                broadcast(registry, f"{client.name}: {line}", client)
    except BadLine as error:
        client.send(f"error: {error}")


def handle(connection: socket.socket, registry: Registry) -> None:
    """Serve one client, in a thread of its own: it joins, talks, leaves, and its connection is closed."""
    client = Client(connection)
    with connection:
        try:
            with client.lock:  # nobody's line may reach it before it knows its number
                registry.add(client)
                send_line(connection, f"you are {client.name}")
            talk(client, registry)
        except OSError:  # it vanished; the others are none the worse
            pass
        finally:
            registry.remove(client)


def serve(listener: socket.socket) -> None:
    """Accept clients and give each a thread, until the listener is closed; then return."""
    registry = Registry()
    while True:
        try:
            connection, address = listener.accept()
        except OSError:  # the listener was closed
            return
        threading.Thread(target=handle, args=(connection, registry), daemon=True).start()


def parse_address(arguments: list[str]) -> tuple[str, int]:
    """Return HOST and PORT from the command line, or the defaults for what is missing."""
    host = arguments[0] if len(arguments) > 0 else HOST
    port = arguments[1] if len(arguments) > 1 else str(PORT)
    if not (port.isdecimal() and len(port) <= 5 and int(port) <= 65535):
        sys.exit(f"{port!r} is not a port: give a number from 0 to 65535")
    return host, int(port)


def main() -> None:
    host, port = parse_address(sys.argv[1:])
    try:
        listener = open_listener(host, port)
    except (OSError, UnicodeError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}; stop what uses it, or give another port")
    try:
        with listener:
            print(f"listening on {host}:{listener.getsockname()[1]} (Ctrl-C stops)", flush=True)
            serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
