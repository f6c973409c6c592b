"""A server that reads lines from connection.makefile("rb"), with a limit for readline."""
# file: server.py

import os
import socket
import sys

LIMIT = 4096


def answers(lines):
    """Yield the answer to each line, in bytes; after an error nothing more."""
    while True:
        line = lines.readline(LIMIT + 1)
        if not line.endswith(b"\n"):
            if len(line) > LIMIT:
                yield b"error: line longer than 4096 bytes\n"
            return
        try:
            text = line[:-1].removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            yield b"error: line is not UTF-8\n"
            return
        yield f"you said: {text}\n".encode()


def drain(connection):
    """Take in what has already come: close would reset the connection while some of it is unread."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        pass


def handle(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for answer in answers(lines):
                connection.sendall(answer)
            drain(connection)
        except OSError:
            pass


def serve(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        handle(connection)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    with socket.socket() as listener:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
            listener.listen()
        except (OSError, ValueError, OverflowError) as error:
            sys.exit(f"cannot listen on {host}:{port}: {error}")
        try:
            print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
            serve(listener)
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
