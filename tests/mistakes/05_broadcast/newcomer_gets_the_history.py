"""Keeps all that was said and sends it to whoever joins, as the chats on a phone do. The task says: what one says
reaches those who are here."""
# file: server.py
# fails: alone
# cause: history

import socket
import sys
import threading


class Chat:
    def __init__(self):
        self.clients = []
        self.history = []
        self.next_number = 1
        self.lock = threading.Lock()

    def enter(self, client):
        with self.lock:
            client.number = self.next_number
            self.next_number += 1
            client.send(f"you are client {client.number}")
            for line in self.history:
                client.send(line)
            self.clients.append(client)

    def leave(self, client):
        with self.lock:
            if client in self.clients:
                self.clients.remove(client)

    def here(self):
        with self.lock:
            return list(self.clients)

    def spread(self, line, sender):
        self.history.append(line)
        for client in self.here():
            if client != sender:
                client.send(line)


class Client:
    def __init__(self, sock, chat):
        self.sock = sock
        self.chat = chat
        self.lock = threading.Lock()
        self.buffer = bytearray()

    def send(self, line):
        with self.lock:
            self.sock.sendall(line.encode() + b"\n")

    def read(self):
        """Return the next line as bytes, None at the end."""
        while b"\n" not in self.buffer:
            if len(self.buffer) > 4096:
                return bytes(self.buffer)
            data = self.sock.recv(4096)
            if not data:
                return None
            self.buffer.extend(data)
        end = self.buffer.index(b"\n")
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 1]
        return line

    def run(self):
        try:
            self.chat.enter(self)
            while (line := self.read()) is not None:
                if len(line) > 4096:
                    self.send("error: line longer than 4096 bytes")
                    break
                try:
                    self.got(line.removesuffix(b"\r").decode())
                except UnicodeDecodeError:
                    self.send("error: line is not UTF-8")
                    break
        except OSError:
            pass
        self.chat.leave(self)
        self.sock.close()

    def got(self, text):
        if text == "/who":
            self.send("here: " + ", ".join(f"client {c.number}" for c in self.chat.here()))
        else:
            self.chat.spread(f"client {self.number}: {text}", self)


def serve(listener):
    chat = Chat()
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            return
        threading.Thread(target=Client(sock, chat).run, daemon=True).start()


def main():
    try:
        host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen: {error}")
    try:
        print("listening on {}:{}".format(*listener.getsockname()), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("bye")


if __name__ == "__main__":
    main()
