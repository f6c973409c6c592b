"""Ahead of its stage: each client has an outbox and a writer thread of its own, so that whoever speaks never
sends."""
# file: server.py

import queue
import socket
import sys
import threading


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.number = 0
        self.outbox = queue.Queue()
        self.writer = threading.Thread(target=self.write, daemon=True)

    def put(self, text):
        self.outbox.put(text.encode() + b"\n")

    def write(self):
        """Send what is in the outbox, until None comes out of it."""
        while (data := self.outbox.get()) is not None:
            try:
                self.sock.sendall(data)
            except OSError:
                pass  # its reader will notice; let the outbox run empty

    def lines(self):
        rest = b""
        while data := self.sock.recv(4096):
            *whole, rest = (rest + data).split(b"\n")
            if len(rest) > 4096:
                whole.append(rest)
            yield from whole


class Chat:
    def __init__(self):
        self.lock = threading.Lock()
        self.clients = []
        self.count = 0

    def everyone_else(self, client, text):
        with self.lock:  # put never waits
            for other in self.clients:
                if other is not client:
                    other.put(text)

    def serve(self, client):
        with self.lock:
            self.count += 1
            client.number = self.count
            client.put(f"you are client {client.number}")
            self.clients.append(client)
        client.writer.start()
        try:
            for line in client.lines():
                if not self.said(client, line):
                    break
        except OSError:
            pass
        finally:
            with self.lock:
                self.clients.remove(client)
            self.everyone_else(client, f"client {client.number} left")
            client.outbox.put(None)
            client.writer.join(1)
            try:
                client.sock.shutdown(socket.SHUT_RDWR)  # wakes a writer that is stuck
            except OSError:
                pass
            client.writer.join()
            client.sock.close()

    def said(self, client, line):
        if len(line) > 4096:
            client.put("error: line longer than 4096 bytes")
            return False
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            client.put("error: line is not UTF-8")
            return False
        if text == "/who":
            with self.lock:
                client.put("here: " + ", ".join(f"client {c.number}" for c in self.clients))
        else:
            self.everyone_else(client, f"client {client.number}: {text}")
        return True


def serve(listener):
    chat = Chat()
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=chat.serve, args=(Client(sock),), daemon=True).start()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
