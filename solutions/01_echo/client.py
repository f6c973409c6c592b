"""Stage 01: an echo client. It sends what you type and shows what comes back."""

import socket
import sys
from collections.abc import Iterable
from typing import TextIO

HOST, PORT = "127.0.0.1", 9000


def chat(connection: socket.socket, keyboard: Iterable[str], screen: TextIO) -> None:
    """Send each line of the keyboard and show its echo.

    Raises ConnectionError when the server ends the connection first.
    """
    for line in keyboard:
        data = line.encode()
        # BEGIN SOLUTION 5: send all of data, then recv into echo until all of it is back
        connection.sendall(data)
        echo = b""
        while len(echo) < len(data):
            piece = connection.recv(4096)
            if piece == b"":
                raise ConnectionError("the server closed the connection")
            echo += piece
        # END SOLUTION
        print(echo.decode(), end="", file=screen, flush=True)


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
