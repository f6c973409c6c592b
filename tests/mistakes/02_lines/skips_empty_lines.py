"""It passes over empty lines, as one does with a file ("an empty message makes no sense anyway")."""
# file: server.py
# fails: empty_line
# cause: lost

import socket
import sys


def talk(connection):
    waiting = b""
    while True:
        received = connection.recv(4096)
        if not received:
            return
        waiting += received
        while True:
            line, newline, after = waiting.partition(b"\n")
            if len(line) > 4096:
                connection.sendall(b"error: line longer than 4096 bytes\n")
                return
            if not newline:
                break
            waiting = after
            line = line.removesuffix(b"\r")
            if not line:
                continue
            try:
                connection.sendall(f"you said: {line.decode()}\n".encode())
            except UnicodeDecodeError:
                connection.sendall(b"error: line is not UTF-8\n")
                return


def serve(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                talk(connection)
            except OSError as e:
                print("a client has vanished:", e)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    with listener:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        try:
            serve(listener)
        except KeyboardInterrupt:
            print("interrupted")


if __name__ == "__main__":
    main()
