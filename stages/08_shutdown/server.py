"""Stage 08: stopping. When the listener closes, everyone hears goodbye and every thread ends before serve returns."""

import os
import queue
import socket
import sys
import threading
from collections.abc import Iterator

HOST, PORT = "127.0.0.1", 9000
LIMIT = 4096  # bytes in a line, its newline not counted
OUTBOX = 256  # lines that may wait for one client: about 1 MB at the most
PATIENCE = 1.0  # seconds that we wait for a client that does not read


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
    """One client: its connection, its number once it has joined, and the lines that wait for it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.number = 0
        self.last_words = ""
        self.dropped = threading.Event()
        self.outbox: queue.Queue[str | None] = queue.Queue(OUTBOX)
        self.writer = threading.Thread(target=self.write)

    @property
    def name(self) -> str:
        return f"client {self.number}"

    def send(self, line: str) -> None:
        """Put the line into the outbox. A client whose outbox stays full for PATIENCE seconds is dropped."""
        if self.dropped.is_set():
            return
        try:
            self.outbox.put(line, timeout=PATIENCE)
        except queue.Full:
            self.drop()

    def write(self) -> None:
        """Send what comes out of the outbox until None comes: what the writer thread does."""
        try:
            while (line := self.outbox.get()) is not None:
                send_line(self.connection, line)
            if self.last_words:  # not a line of the outbox: somebody might put another behind it
                send_line(self.connection, self.last_words)
        except OSError:
            self.drop()

    def drop(self) -> None:
        """Cut the connection; this wakes the thread that reads from it and the one that writes to it."""
        self.dropped.set()
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # it is cut already
            pass
        try:
            self.outbox.put_nowait(None)  # in case the writer waits for a line
        except queue.Full:  # then it has one, and cannot send it
            pass

    def wake(self) -> None:
        """Make the thread that reads from the client read b"", as if the client had said goodbye."""
        # TODO 1: shut down the side that reads, and no more: there is still a goodbye to be sent
        raise NotImplementedError("stage 08, TODO 1")

    def finish(self) -> None:
        """Give the writer PATIENCE seconds to send the rest, and see it end."""
        if not self.dropped.is_set():
            try:
                self.outbox.put(None, timeout=PATIENCE)
            except queue.Full:  # the writer is in sendall
                pass
            self.writer.join(PATIENCE)
        self.drop()
        self.writer.join()


class Registry:
    """Who is here. Its lock guards all that it keeps, so any thread may call any method."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clients: dict[int, Client] = {}
        self.last_number = 0
        self.closing = threading.Event()

    def add(self, client: Client) -> bool:
        """Give the client the next number, never used before, tell it, and keep the client.

        Returns False, and does nothing, when the registry is closing.
        """
        with self.lock:
            # TODO 2: let nobody in when we are closing
            pass
            self.last_number += 1
            client.number = self.last_number
            # Into its outbox before anybody can find it: so no other line reaches it first.
            client.send(f"you are {client.name}")
            self.clients[client.number] = client
            return True

    def remove(self, client: Client) -> bool:
        """Forget the client; returns whether it was here."""
        with self.lock:
            return self.clients.pop(client.number, None) is not None

    def everyone(self) -> list[Client]:
        """Return who is here at this moment, in the order they came."""
        with self.lock:
            return list(self.clients.values())

    def close(self) -> list[Client]:
        """Let nobody in any more, take everyone out, and return them."""
        # TODO 3: all of it with the lock held, so that a client that joins now is in or out, never between
        raise NotImplementedError("stage 08, TODO 3")


def broadcast(registry: Registry, line: str, sender: Client) -> None:
    """Send the line to everyone but the sender."""
    for client in registry.everyone():
        if client is not sender:
            client.send(line)


def talk(client: Client, registry: Registry) -> None:
    """Answer the lines of the client, until it says goodbye or sends what is no line."""
    try:
        for line in read_lines(client.connection):
            if registry.closing.is_set():
                return  # one who talks all the time must not keep us here
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
        client.writer.start()
        try:
            if registry.add(client):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                talk(client, registry)
        except OSError:  # it vanished; the others are none the worse
            pass
        finally:
            # TODO 4: tell the others if we removed it; if the closing registry did, goodbye is its last word
            registry.remove(client)
            broadcast(registry, f"{client.name} left", client)
            client.finish()


def serve(listener: socket.socket) -> None:
    """Accept clients and give each a thread, until the listener is closed.

    Returns when everyone has heard goodbye and all the threads have ended.
    """
    registry = Registry()
    threads: list[threading.Thread] = []
    try:
        while True:
            try:
                connection, address = listener.accept()
            except OSError:  # the listener was closed
                return
            thread = threading.Thread(target=handle, args=(connection, registry))
            thread.start()
            threads = [*(old for old in threads if old.is_alive()), thread]
    finally:
        # TODO 5: close the registry, wake everyone's thread, and join all the threads
        pass


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
