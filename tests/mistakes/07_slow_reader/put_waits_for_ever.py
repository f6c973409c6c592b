"""The outbox has a bound now, but put() waits for room for ever: the one who does not read stops who talks ("the memory is safe")."""
# file: server.py
# fails: rest_hear_every_line
# cause: outbox-full

import sys
import threading
from queue import Queue
from socket import SHUT_RDWR, create_server

BAD_UTF8 = "error: line is not UTF-8"
TOO_LONG = "error: line longer than 4096 bytes"


class Room:
    def __init__(self):
        self.lock = threading.Lock()
        self.users = []
        self.count = 0


class User(threading.Thread):
    def __init__(self, sock, room):
        super().__init__(daemon=True)
        self.sock = sock
        self.room = room
        self.outbox = Queue(100)
        self.sender = threading.Thread(target=self.send_all, daemon=True)

    def send_all(self):
        for text in iter(self.outbox.get, None):
            try:
                self.sock.sendall(text.encode() + b"\n")
            except OSError:
                pass  # go on, so that the outbox gets empty

    def run(self):
        with self.room.lock:
            self.room.count += 1
            self.label = f"client {self.room.count}"
            self.outbox.put(f"you are {self.label}")
            self.room.users.append(self)
        self.sender.start()
        try:
            self.listen()
        except OSError:
            pass
        with self.room.lock:
            self.room.users.remove(self)
        self.say_to_others(f"{self.label} left")
        self.outbox.put(None)
        self.sender.join(2)
        try:
            self.sock.shutdown(SHUT_RDWR)
        except OSError:
            pass
        self.sender.join()
        self.sock.close()

    def listen(self):
        pending = bytearray()
        while chunk := self.sock.recv(8192):
            pending += chunk
            while (end := pending.find(b"\n")) >= 0 and end <= 4096:
                line = bytes(pending[:end])
                del pending[: end + 1]
                try:
                    self.line_came(line.removesuffix(b"\r").decode())
                except UnicodeDecodeError:
                    return self.outbox.put(BAD_UTF8)
            if len(pending) > 4096:
                return self.outbox.put(TOO_LONG)

    def line_came(self, line):
        if line == "/who":
            with self.room.lock:
                labels = [user.label for user in self.room.users]
            self.outbox.put("here: " + ", ".join(labels))
        else:
            self.say_to_others(f"{self.label}: {line}")

    def say_to_others(self, text):
        with self.room.lock:
            users = list(self.room.users)
        for user in users:
            if user is not self:
                user.outbox.put(text)


def serve(listener):
    room = Room()
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        User(sock, room).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = create_server((host, int(port)))
    except (OSError, ValueError, OverflowError):
        sys.exit(f"I cannot listen on {host}:{port}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        listener.close()


if __name__ == "__main__":
    main()
