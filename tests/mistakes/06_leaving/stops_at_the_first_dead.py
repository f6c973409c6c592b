"""The guard is around the whole loop of the broadcast, not around each send: those who come after a dead recipient
never get the line. The sender is well, and there is no traceback."""
# file: server.py
# fails: dead_recipient
# cause: stops-at-the-dead

import socket
import sys
import threading


class Server:
    def __init__(self, listener):
        self.listener = listener
        self.lock = threading.Lock()
        self.connections = {}
        self.locks = {}
        self.number = 0

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.client, args=(connection,), daemon=True).start()

    def send(self, connection, lock, text):
        with lock:
            connection.sendall(text.encode("utf-8") + b"\n")

    def broadcast(self, text, but):
        with self.lock:
            others = [(c, self.locks[n]) for n, c in self.connections.items() if n != but]
        try:
            for connection, lock in others:
                self.send(connection, lock, text)
        except OSError:
            print("could not send", text)

    def client(self, connection):
        lock = threading.Lock()
        with self.lock:
            self.number += 1
            number = self.number
            try:
                self.send(connection, lock, f"you are client {number}")
            except OSError:
                connection.close()
                return
            self.connections[number] = connection
            self.locks[number] = lock
        reader = connection.makefile("rb")
        try:
            self.talk(number, reader, lambda text: self.send(connection, lock, text))
        except OSError:
            pass
        finally:
            self.leave(number)
            reader.close()
            connection.close()

    def leave(self, number):
        with self.lock:
            del self.connections[number]
            del self.locks[number]
        self.broadcast(f"client {number} left", number)

    def talk(self, number, reader, answer):
        while True:
            line = reader.readline(4097)
            if not line.endswith(b"\n"):
                if len(line) == 4097:
                    answer("error: line longer than 4096 bytes")
                return
            try:
                text = line[:-1].removesuffix(b"\r").decode("utf-8")
            except UnicodeDecodeError:
                answer("error: line is not UTF-8")
                return
            if text == "/who":
                with self.lock:
                    here = ", ".join(f"client {n}" for n in self.connections)
                answer(f"here: {here}")
            else:
                self.broadcast(f"client {number}: {text}", number)


def serve(listener):
    Server(listener).run()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("interrupted")


if __name__ == "__main__":
    main()
