"""Stage 02: a server for lines. Whatever pieces TCP makes of the stream, each whole line gets one answer."""

import os
import socket
import sys
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
    # TODO 1: keep bytes in a buffer, cut it at each newline, decode whole lines only
    raise NotImplementedError("stage 02, TODO 1")


def decode_line(line: bytes) -> str:
    """Return the text of a line without its newline; raises BadLine as read_lines does."""
    # TODO 2: refuse what is longer than LIMIT or not UTF-8; drop one carriage return at the end
    raise NotImplementedError("stage 02, TODO 2")


def send_line(connection: socket.socket, line: str) -> None:
    """Send the line and its newline."""
    connection.sendall(line.encode() + b"\n")


def talk(connection: socket.socket) -> None:
    """Answer each line of the client, until it says goodbye or sends what is no line."""
    # TODO 3: answer each line with "you said: " and the line, a BadLine with "error: " and what is wrong
    raise NotImplementedError("stage 02, TODO 3")


def handle(connection: socket.socket) -> None:
    """Serve one client: talk with it, and close its connection whatever happens."""
    with connection:
        try:
            talk(connection)
        except OSError:  # it vanished; the next one is none the worse
            pass


def serve(listener: socket.socket) -> None:
    """Accept clients, one after another, until the listener is closed; then return."""
    while True:
        try:
            connection, address = listener.accept()
        except OSError:  # the listener was closed
            return
        handle(connection)


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
