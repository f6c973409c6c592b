"""Stage 01: an echo server. What a client sends comes back to it, byte for byte."""

import os
import socket
import sys

HOST, PORT = "127.0.0.1", 9000


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens for clients on host and port."""
    # TODO 1: make a TCP socket, let it reuse its address, bind it, make it listen
    raise NotImplementedError("stage 01, TODO 1")


def talk(connection: socket.socket) -> None:
    """Send back what the client sends, until it says goodbye."""
    # TODO 3: recv, and send all of it back; b"" means that the client has said goodbye
    raise NotImplementedError("stage 01, TODO 3")


def handle(connection: socket.socket) -> None:
    """Serve one client: talk with it, and close its connection whatever happens."""
    # TODO 4: talk, then close; a client that vanishes (OSError) must not end the server
    talk(connection)


def serve(listener: socket.socket) -> None:
    """Accept clients, one after another, until the listener is closed; then return."""
    while True:
        # TODO 2: accept a client and handle it; OSError from accept means: the listener was closed, return
        raise NotImplementedError("stage 01, TODO 2")


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
