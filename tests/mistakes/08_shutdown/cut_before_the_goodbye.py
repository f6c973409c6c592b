"""Everyone is woken by shutting down both directions, and the goodbye that follows has no way out any more ("I do send it, look!")."""
# file: server.py
# fails: idle
# cause: no-goodbye

import queue
import socket
import sys
import threading


class Registry:
    def __init__(self):
        self.lock = threading.Lock()
        self.clients = []
        self.closed = False
        self.count = 0

    def add(self, client):
        with self.lock:
            if not self.closed:
                self.count += 1
                client.number = self.count
                client.send(f"you are {client}")
                self.clients.append(client)
            return not self.closed

    def remove(self, client):
        with self.lock:
            here = client in self.clients
            if here:
                self.clients.remove(client)
            return here

    def close(self):
        with self.lock:
            self.closed = True
            clients, self.clients = self.clients, []
        for client in clients:
            client.cut()

    def broadcast(self, line, sender):
        with self.lock:
            others = [c for c in self.clients if c != sender]
        for other in others:
            other.send(line)

    def __str__(self):
        with self.lock:
            return ", ".join(str(c) for c in self.clients)


class Client:
    number = 0

    def __init__(self, sock):
        self.sock = sock
        self.outbox = queue.Queue(256)
        self.writer = threading.Thread(target=self.write)
        self.writer.start()

    def __str__(self):
        return f"client {self.number}"

    def send(self, line):
        try:
            self.outbox.put(line, timeout=1)
        except queue.Full:
            self.cut()

    def write(self):
        try:
            while (line := self.outbox.get()) is not None:
                self.sock.sendall(f"{line}\n".encode())
        except OSError:
            pass

    def cut(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def finish(self):
        self.send(None)
        self.writer.join(1)
        self.cut()
        self.writer.join()
        self.sock.close()


def talk(client, registry):
    with client.sock.makefile("rb") as stream:
        while raw := stream.readline(4097):
            if registry.closed:
                return
            if not raw.endswith(b"\n"):
                if len(raw) > 4096:
                    client.send("error: line longer than 4096 bytes")
                return
            try:
                line = raw[:-1].removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                return client.send("error: line is not UTF-8")
            if line == "/who":
                client.send(f"here: {registry}")
            else:
                registry.broadcast(f"{client}: {line}", client)


def handle(sock, registry):
    client = Client(sock)
    try:
        if registry.add(client):
            talk(client, registry)
    except OSError:
        pass
    if registry.remove(client):
        registry.broadcast(f"{client} left", client)
    else:
        client.send("goodbye")
    client.finish()


def serve(listener):
    registry, threads = Registry(), []
    try:
        while True:
            sock, _ = listener.accept()
            thread = threading.Thread(target=handle, args=(sock, registry))
            thread.start()
            threads.append(thread)
    except OSError:
        return
    finally:
        registry.close()
        for thread in threads:
            thread.join()


def main():
    host, port = "127.0.0.1", 9000
    try:
        if len(sys.argv) > 1:
            host = sys.argv[1]
        if len(sys.argv) > 2:
            port = int(sys.argv[2])
        listener = socket.create_server((host, port))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen: {e}")
    with listener:
        try:
            print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
            serve(listener)
        except KeyboardInterrupt:
            print("bye")


if __name__ == "__main__":
    main()
