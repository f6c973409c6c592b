"""It checks the length of whole lines only, and waits for the newline for ever ("I pasted 5,000 letters: refused")."""
# file: server.py
# fails: too_long
# cause: no-limit

import socket
import sys

MAX = 4096


class LineError(Exception):
    pass


def check(line):
    if len(line) > MAX:
        raise LineError(f"line longer than {MAX} bytes")
    try:
        return line.decode().removesuffix("\r")
    except UnicodeError:
        raise LineError("line is not UTF-8")


def client_loop(sock):
    data = b""
    try:
        while (chunk := sock.recv(4096)) != b"":
            data += chunk
            lines = data.split(b"\n")
            data = lines.pop()
            for line in lines:
                sock.sendall(b"you said: " + check(line).encode() + b"\n")
    except LineError as e:
        sock.sendall(f"error: {e}\n".encode())


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        try:
            client_loop(sock)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            sock.close()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    if not port.isdecimal() or int(port) > 65535:
        sys.exit(f"not a port: {port!r}")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except OSError as e:
        sys.exit(f"cannot bind: {e}")
    listener.listen()
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
