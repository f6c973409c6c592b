"""A class with try/finally and a dict of sockets; ExitStack closes what was opened, and an Event keeps whoever speaks
from a newcomer that is not greeted yet."""
# file: server.py

import contextlib
import socket
import sys
import threading


class Hall:
    """A chat: who is here, by socket."""

    def __init__(self):
        self.guard = threading.RLock()
        self.members = {}  # socket -> (number, lock, greeted)
        self.total = 0

    def admit(self, sock):
        with self.guard:
            self.total += 1
            self.members[sock] = self.total, threading.Lock(), threading.Event()
            return self.total

    def expel(self, sock):
        with self.guard:
            return self.members.pop(sock, None)

    def roll(self):
        with self.guard:
            return dict(self.members)

    def write(self, sock, text):
        member = self.roll().get(sock)
        if member:
            number, lock, greeted = member
            with lock:
                sock.sendall(f"{text}\n".encode())

    def shout(self, text, sender=None):
        for sock, (number, lock, greeted) in self.roll().items():
            if sock is sender:
                continue
            greeted.wait()
            with contextlib.suppress(OSError), lock:
                sock.sendall(f"{text}\n".encode())

    def visit(self, sock):
        with contextlib.ExitStack() as stack:
            stack.enter_context(sock)
            stack.enter_context(contextlib.suppress(OSError))
            number = self.admit(sock)
            stack.callback(self.farewell, sock, number)
            try:
                self.write(sock, f"you are client {number}")
            finally:
                self.members[sock][2].set()
            self.listen(sock, number)

    def farewell(self, sock, number):
        if self.expel(sock):
            self.shout(f"client {number} left")

    def listen(self, sock, number):
        window = bytearray()
        while data := sock.recv(700):
            window += data
            while (end := window.find(b"\n")) >= 0:
                line = bytes(window[:end])
                del window[: end + 1]
                if not self.take(sock, number, line):
                    return
            if len(window) > 4096 and not self.take(sock, number, bytes(window)):
                return

    def take(self, sock, number, line):
        try:
            if len(line) > 4096:
                raise ValueError("line longer than 4096 bytes")
            text = str(line.removesuffix(b"\r"), "utf-8")
        except UnicodeDecodeError:
            self.write(sock, "error: line is not UTF-8")
            return False
        except ValueError as error:
            self.write(sock, f"error: {error}")
            return False
        if text == "/who":
            self.write(sock, "here: " + ", ".join(f"client {n}" for n, *_ in self.roll().values()))
        else:
            self.shout(f"client {number}: {text}", sock)
        return True


def serve(listener):
    hall = Hall()
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=hall.visit, args=(sock,), daemon=True).start()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen: {error}")
    with contextlib.suppress(KeyboardInterrupt):
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)


if __name__ == "__main__":
    main()
