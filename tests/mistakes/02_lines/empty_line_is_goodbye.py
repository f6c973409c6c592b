"""It takes an empty line for the goodbye that only recv's b"" is ("Enter on an empty line ends it, quite practical")."""
# file: server.py
# fails: empty_line
# cause: empty-line

import socket
import sys

LIMIT = 4096


class Reader:
    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def readline(self):
        while b"\n" not in self.buffer:
            if len(self.buffer) > LIMIT:
                raise ValueError("line longer than 4096 bytes")
            data = self.sock.recv(1000)
            if not data:
                return ""
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        if len(line) > LIMIT:
            raise ValueError("line longer than 4096 bytes")
        try:
            return line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            raise ValueError("line is not UTF-8") from None


def talk(sock):
    reader = Reader(sock)
    try:
        while True:
            line = reader.readline()
            if not line:
                break
            sock.sendall(f"you said: {line}\n".encode())
    except ValueError as e:
        sock.sendall(f"error: {e}\n".encode())


def serve(listener):
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            return
        with sock:
            try:
                talk(sock)
            except OSError:
                print("connection lost:", addr)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
            listener.listen()
        except (OSError, ValueError, OverflowError) as e:
            sys.exit(f"cannot listen on {host}:{port}: {e}")
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        try:
            serve(listener)
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
