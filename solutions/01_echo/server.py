"""Stage 01: an echo server. What a client sends comes back to it, byte for byte."""

import os
import socket
import sys

HOST, PORT = "127.0.0.1", 9000


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens for clients on host and port."""
    # BEGIN SOLUTION 1: make a TCP socket, let it reuse its address, bind it, make it listen
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # Windows frees a port at once, and would let two servers share it with this
        # Without this the port stays taken for a minute or so after the server has ended.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    return listener
    # END SOLUTION


def talk(connection: socket.socket) -> None:
    """Send back what the client sends, until it says goodbye."""
    # BEGIN SOLUTION 3: recv, and send all of it back; b"" means that the client has said goodbye
    while True:
        data = connection.recv(4096)
        if data == b"":
            return
        connection.sendall(data)
    # END SOLUTION


def handle(connection: socket.socket) -> None:
    """Serve one client: talk with it, and close its connection whatever happens."""
    # BEGIN SOLUTION 4: talk, then close; a client that vanishes (OSError) must not end the server
    #| talk(connection)
    with connection:
        try:
            talk(connection)
        except OSError:  # it vanished; the next one is none the worse
            pass
    # END SOLUTION


def serve(listener: socket.socket) -> None:
    """Accept clients, one after another, until the listener is closed; then return."""
    while True:
        # BEGIN SOLUTION 2: accept a client and handle it; OSError from accept means: the listener was closed, return
        try:
            connection, address = listener.accept()
        except OSError:
            return
        handle(connection)
        # END SOLUTION


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
