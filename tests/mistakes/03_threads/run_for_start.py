"""It calls run() where start() belongs: the new thread is never started ("no difference that I can see")."""
# file: server.py
# fails: idle_first
# cause: one-at-a-time

import socket
import sys
import threading

LIMIT = 4096


class ClientThread(threading.Thread):
    def __init__(self, sock, addr):
        super().__init__(daemon=True)
        self.sock = sock
        self.addr = addr
        self.buffer = b""

    def run(self):
        with self.sock:
            try:
                while True:
                    data = self.sock.recv(1024)
                    if not data:
                        break
                    self.buffer += data
                    if not self.take_lines():
                        break
            except OSError as e:
                print(self.addr, e)

    def take_lines(self):
        while b"\n" in self.buffer:
            line, self.buffer = self.buffer.split(b"\n", 1)
            if len(line) > LIMIT:
                return self.refuse("line longer than 4096 bytes")
            if line[-1:] == b"\r":
                line = line[:-1]
            try:
                self.send("you said: " + line.decode())
            except UnicodeDecodeError:
                return self.refuse("line is not UTF-8")
        if len(self.buffer) > LIMIT:
            return self.refuse("line longer than 4096 bytes")
        return True

    def send(self, text):
        self.sock.sendall(text.encode() + b"\n")

    def refuse(self, why):
        self.send("error: " + why)
        return False


def serve(listener):
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            return
        ClientThread(sock, addr).run()


def main():
    host, port = "127.0.0.1", "9000"
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        port = sys.argv[2]
    try:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        listener.close()


if __name__ == "__main__":
    main()
