"""Stage 10: the chat client of stage 09."""

import os
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import TextIO

HOST, PORT = "127.0.0.1", 9000


def read_lines(connection: socket.socket) -> Iterator[str]:
    """Yield each line that arrives, without its end, until the server says goodbye."""
    buffer = b""
    while True:
        data = connection.recv(4096)
        if data == b"":
            return
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode(errors="replace")


def send_line(connection: socket.socket, line: str) -> None:
    """Send the line and its newline."""
    connection.sendall(line.encode() + b"\n")


def receive(connection: socket.socket, screen: TextIO) -> None:
    """Show each line that arrives, until the connection ends."""
    try:
        for line in read_lines(connection):
            print(line, file=screen, flush=True)
    except OSError:
        pass


def chat(connection: socket.socket, keyboard: Iterable[str], screen: TextIO) -> None:
    """Send each line of the keyboard, and meanwhile show, in a second thread, what arrives.

    Raises OSError when the server ends the connection first.
    """
    we_end = threading.Event()

    def receiver() -> None:
        receive(connection, screen)
        if keyboard is sys.stdin and not we_end.is_set():
            # The main thread waits for the keyboard, and nothing can wake it there: end the program.
            print("the server closed the connection", file=sys.stderr, flush=True)
            os._exit(1)

    thread = threading.Thread(target=receiver, daemon=True)
    thread.start()
    for typed in keyboard:
        line = typed.rstrip("\n")
        if line == "/quit":
            we_end.set()
        send_line(connection, line)
        if line == "/quit":
            break
    we_end.set()
    connection.shutdown(socket.SHUT_WR)  # we have said all; the server may still have something for us
    thread.join()


def parse_address(arguments: list[str]) -> tuple[str, int]:
    """Return HOST and PORT from the command line, or the defaults for what is missing."""
    host = arguments[0] if len(arguments) > 0 else HOST
    port = arguments[1] if len(arguments) > 1 else str(PORT)
    if not (port.isdecimal() and len(port) <= 5 and 0 < int(port) <= 65535):
        sys.exit(f"{port!r} is not a port: give a number from 1 to 65535")
    return host, int(port)


def main() -> None:
    host, port = parse_address(sys.argv[1:])
    try:
        connection = socket.create_connection((host, port))
    except (OSError, UnicodeError) as error:
        sys.exit(f"cannot connect to {host}:{port}: {error}; is the server running?")
    try:
        with connection:
            chat(connection, sys.stdin, sys.stdout)
    except OSError:
        sys.exit("the server closed the connection")
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
