"""One lock for everything is also held while sending to everyone: the one who does not read locks the chat ("a lock is safe")."""
# file: server.py
# fails: rest_hear_every_line
# cause: stuck-in-send

import socket
import sys
import threading


class Chat:
    def __init__(self):
        self.lock = threading.Lock()
        self.people = {}  # number -> connection
        self.numbers = 0

    def join(self, connection):
        with self.lock:
            self.numbers += 1
            connection.sendall(f"you are client {self.numbers}\n".encode())
            self.people[self.numbers] = connection
            return self.numbers

    def leave(self, number):
        with self.lock:
            self.people.pop(number, None)
        self.broadcast(number, f"client {number} left")

    def broadcast(self, sender, text):
        with self.lock:
            for number, connection in self.people.items():
                if number != sender:
                    try:
                        connection.sendall(text.encode() + b"\n")
                    except OSError:
                        continue

    def answer(self, number, text):
        with self.lock:
            self.people[number].sendall(text.encode() + b"\n")

    def who(self):
        with self.lock:
            return "here: " + ", ".join(f"client {n}" for n in self.people)

    def listen_to(self, number, connection):
        rest = b""
        while data := connection.recv(2048):
            rest += data
            while b"\n" in rest or len(rest) > 4096:
                line, newline, tail = rest.partition(b"\n")
                if len(line) > 4096:
                    return self.answer(number, "error: line longer than 4096 bytes")
                rest = tail
                try:
                    text = line.removesuffix(b"\r").decode("utf-8")
                except UnicodeDecodeError:
                    return self.answer(number, "error: line is not UTF-8")
                if text == "/who":
                    self.answer(number, self.who())
                else:
                    self.broadcast(number, f"client {number}: {text}")

    def handle(self, connection):
        number = None
        try:
            number = self.join(connection)
            self.listen_to(number, connection)
        except OSError:
            pass
        if number:
            self.leave(number)
        connection.close()


def serve(listener):
    chat = Chat()
    try:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=chat.handle, args=[connection], daemon=True).start()
    except OSError:
        return


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as problem:
        sys.exit(f"cannot listen on {host}:{port}: {problem}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("bye")


if __name__ == "__main__":
    main()
