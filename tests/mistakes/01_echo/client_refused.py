"""Nothing catches a refused connection: without a server it ends with a traceback ("but I always start the server")."""
# file: client.py
# fails: client_refused
# cause: traceback

import socket
import sys


def receive_exactly(sock, count):
    chunks = []
    while count > 0:
        chunk = sock.recv(min(count, 4096))
        if not chunk:
            raise ConnectionError("the server hung up")
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


def chat(connection, keyboard, screen):
    for message in keyboard:
        raw = message.encode()
        connection.sendall(raw)
        print(receive_exactly(connection, len(raw)).decode(), end="", file=screen, flush=True)


def main():
    host = "127.0.0.1"
    port = 9000
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        if not sys.argv[2].isdigit() or not 0 < int(sys.argv[2]) < 65536:
            sys.exit(f"not a port: {sys.argv[2]}")
        port = int(sys.argv[2])

    with socket.create_connection((host, port)) as sock:
        try:
            chat(sock, sys.stdin, sys.stdout)
        except KeyboardInterrupt:
            pass
        except OSError as e:
            sys.exit(f"connection lost: {e}")


if __name__ == "__main__":
    main()
