"""A ThreadPoolExecutor gives each client a thread: as many at once as it has workers, the rest wait in its queue."""
# file: server.py

import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

LIMIT = 4096
AT_ONCE = 200


def lines_of(sock):
    rest = b""
    while data := sock.recv(4096):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
        if len(rest) > LIMIT:
            yield rest


def handle(sock):
    with sock:
        try:
            for line in lines_of(sock):
                if len(line) > LIMIT:
                    sock.sendall(b"error: line longer than 4096 bytes\n")
                    return
                sock.sendall(f"you said: {line.removesuffix(bytes([13])).decode()}\n".encode())
        except UnicodeDecodeError:
            sock.sendall(b"error: line is not UTF-8\n")
        except OSError:
            pass


def serve(listener):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            pool.submit(handle, sock)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket()
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    with listener:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        try:
            serve(listener)
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
