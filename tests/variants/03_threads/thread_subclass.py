"""Each client is an object of a class that derives from threading.Thread."""
# file: server.py

import os
import socket
import sys
import threading


class Client(threading.Thread):
    def __init__(self, sock, address):
        super().__init__(name=f"client {address[1]}", daemon=True)
        self.sock = sock
        self.buffer = bytearray()

    def run(self):
        try:
            while self.answer_lines() and (data := self.sock.recv(1500)):
                self.buffer += data
        except OSError:
            pass
        finally:
            self.sock.close()

    def answer_lines(self):
        """Answer all whole lines; return whether they were good."""
        while (end := self.buffer.find(b"\n")) >= 0:
            line = bytes(self.buffer[:end])
            del self.buffer[: end + 1]
            answer, good = self.answer(line)
            self.sock.sendall(answer)
            if not good:
                return False
        if len(self.buffer) > 4096:
            self.sock.sendall(b"error: line longer than 4096 bytes\n")
            return False
        return True

    def answer(self, line):
        if len(line) > 4096:
            return b"error: line longer than 4096 bytes\n", False
        try:
            line.decode()
        except UnicodeDecodeError:
            return b"error: line is not UTF-8\n", False
        return b"you said: " + line.removesuffix(b"\r") + b"\n", True


def serve(listener):
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            return
        Client(sock, address).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    with listener:
        try:
            print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
            serve(listener)
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
