"""An exception that nobody catches ends the thread and tells its client nothing ("only that one thread has died")."""
# file: server.py
# fails: bad_line_hurts_nobody_else
# cause: exception

import socket
import sys
import threading


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def lines(self):
        while True:
            data = self.sock.recv(4096)
            if not data:
                return
            self.buffer += data
            while b"\n" in self.buffer:
                line, self.buffer = self.buffer.split(b"\n", 1)
                yield line.removesuffix(b"\r")
            if len(self.buffer) > 4096:
                yield self.buffer

    def run(self):
        try:
            for line in self.lines():
                if len(line) > 4096:
                    self.sock.sendall(b"error: line longer than 4096 bytes\n")
                    break
                self.sock.sendall(("you said: " + line.decode() + "\n").encode())
        except OSError:
            pass
        finally:
            self.sock.close()


def serve(listener):
    threads = []
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        thread = threading.Thread(target=Client(sock).run, daemon=True)
        thread.start()
        threads = [t for t in threads if t.is_alive()] + [thread]
        print(len(threads), "clients")


def main():
    host, port = "127.0.0.1", "9000"
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        port = sys.argv[2]
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot bind to {host}:{port}: {e}")
    s.listen()
    print(f"listening on {host}:{s.getsockname()[1]}", flush=True)
    try:
        serve(s)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
