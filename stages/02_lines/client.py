"""Stage 02: a client for lines. It sends each line you type and shows the line that comes back."""

import socket
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

HOST, PORT = "127.0.0.1", 9000


def read_lines(connection: socket.socket) -> Iterator[str]:
    """Yield each line that arrives, without its end, until the server says goodbye."""
    # TODO 4: the same framing as in the server (this side may trust the length and the encoding)
    raise NotImplementedError("stage 02, TODO 4")


def send_line(connection: socket.socket, line: str) -> None:
    """Send the line and its newline."""
    connection.sendall(line.encode() + b"\n")


def chat(connection: socket.socket, keyboard: Iterable[str], screen: TextIO) -> None:
    """Send each line of the keyboard and show the line that answers it.

    Raises ConnectionError when the server ends the connection first.
    """
    lines = read_lines(connection)
    for typed in keyboard:
        # TODO 5: send the line without the newline it was typed with, and wait for the line that answers
        raise NotImplementedError("stage 02, TODO 5")
        print(answer, file=screen, flush=True)


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
