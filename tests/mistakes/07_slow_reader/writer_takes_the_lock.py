"""There are outboxes, but every writer sends with the chat's one lock held, so all wait for the one that is stuck ("sockets need a lock")."""
# file: server.py
# fails: rest_hear_every_line
# cause: lock-while-sending

import queue
import socket
import sys
import threading

lock = threading.Lock()
clients = []
counter = 0


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.id = 0
        self.box = queue.Queue(300)
        self.gone = False

    def name(self):
        return "client " + str(self.id)

    def put(self, text):
        if self.gone:
            return
        try:
            self.box.put(text + "\n", timeout=1)
        except queue.Full:
            self.cut()

    def cut(self):
        self.gone = True
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        try:
            self.box.put_nowait(None)
        except queue.Full:
            pass

    def writer(self):
        while (text := self.box.get()) is not None:
            try:
                with lock:
                    self.sock.sendall(text.encode())
            except OSError:
                self.cut()
                return


def broadcast(text, sender):
    with lock:
        others = [c for c in clients if c != sender]
    for c in others:
        c.put(text)


def read(client):
    data = b""
    while True:
        new = client.sock.recv(4096)
        if not new:
            return
        data += new
        lines = data.split(b"\n")
        data = lines.pop()
        if len(data) > 4096:
            lines.append(data)
        for line in lines:
            if len(line) > 4096:
                client.put("error: line longer than 4096 bytes")
                return
            try:
                line = line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                client.put("error: line is not UTF-8")
                return
            if line == "/who":
                with lock:
                    here = [c.name() for c in clients]
                client.put("here: " + ", ".join(here))
            else:
                broadcast(client.name() + ": " + line, client)


def handle(sock):
    global counter
    client = Client(sock)
    t = threading.Thread(target=client.writer, daemon=True)
    t.start()
    with lock:
        counter += 1
        client.id = counter
        client.put("you are " + client.name())
        clients.append(client)
    try:
        read(client)
    except OSError:
        pass
    with lock:
        clients.remove(client)
    broadcast(client.name() + " left", client)
    if not client.gone:
        try:
            client.box.put(None, timeout=1)
        except queue.Full:
            pass
        t.join(1)
    client.cut()
    t.join()
    sock.close()


def serve(listener):
    while True:
        try:
            sock = listener.accept()[0]
        except OSError:
            return
        threading.Thread(target=handle, args=(sock,), daemon=True).start()


def main():
    try:
        host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
        listener = socket.create_server((host, int(sys.argv[2]) if len(sys.argv) > 2 else 9000))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"server cannot start: {error}")
    try:
        print("listening on %s:%s" % listener.getsockname(), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
