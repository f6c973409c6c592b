"""It decodes with errors="ignore", which made the exception go away, and the bytes with it ("no more errors now")."""
# file: server.py
# fails: again_and_again
# cause: decoded

import socket
import sys

ENCODING = "utf-8"


def receive(sock):
    data = sock.recv(4096)
    return None if data == b"" else data.decode(ENCODING, errors="ignore")


def reply(sock, text):
    sock.sendall(text.encode(ENCODING))


def serve(listener):
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            return
        with sock:
            try:
                while (text := receive(sock)) is not None:
                    reply(sock, text)
            except OSError:
                print("connection lost", addr)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen(5)
    except (OSError, ValueError, OverflowError) as err:
        sys.exit(f"{host}:{port}: {err}")
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    with listener:
        try:
            serve(listener)
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
