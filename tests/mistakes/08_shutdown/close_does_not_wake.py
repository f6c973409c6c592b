"""At the end the server closes every connection, but a thread that waits in recv sleeps on ("close ends the connection, doesn't it?")."""
# file: server.py
# fails: idle
# cause: close-does-not-wake

import queue
import socket
import sys
import threading


class Server:
    def __init__(self):
        self.lock = threading.Lock()
        self.clients = []
        self.count = 0
        self.running = True
        self.threads = []

    def others(self, client):
        with self.lock:
            return [c for c in self.clients if c is not client]

    def broadcast(self, client, text):
        for other in self.others(client):
            other.send(text)

    def stop(self):
        with self.lock:
            self.running = False
            everyone, self.clients = self.clients, []
        for client in everyone:
            client.send("goodbye")
            client.finish()
        for thread in self.threads:
            thread.join()


class Client:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.outbox = queue.Queue(256)
        self.sender = threading.Thread(target=self.run_sender)
        self.name = ""

    def send(self, text):
        try:
            self.outbox.put(text, timeout=1)
        except queue.Full:
            self.cut()

    def cut(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        try:
            self.outbox.put_nowait(None)
        except queue.Full:
            pass

    def finish(self):
        self.send(None)
        self.sender.join(1)
        if self.sender.is_alive():
            self.cut()
        self.sender.join()
        self.sock.close()

    def run_sender(self):
        try:
            while True:
                text = self.outbox.get()
                if text is None:
                    return
                self.sock.sendall((text + "\n").encode())
        except OSError:
            pass

    def run(self):
        self.sender.start()
        with self.server.lock:
            running = self.server.running
            if running:
                self.server.count += 1
                self.name = f"client {self.server.count}"
                self.send(f"you are {self.name}")
                self.server.clients.append(self)
        if not running:
            self.send("goodbye")
            return self.finish()
        try:
            self.listen()
        except OSError:
            pass
        with self.server.lock:
            here = self in self.server.clients
            if here:
                self.server.clients.remove(self)
        if here:
            self.server.broadcast(self, f"{self.name} left")
            self.finish()

    def listen(self):
        rest = b""
        while self.server.running:
            data = self.sock.recv(4096)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines + [rest] * (len(rest) > 4096):
                if len(line) > 4096:
                    return self.send("error: line longer than 4096 bytes")
                try:
                    text = line.removesuffix(b"\r").decode()
                except UnicodeDecodeError:
                    return self.send("error: line is not UTF-8")
                if text == "/who":
                    with self.server.lock:
                        self.send("here: " + ", ".join(c.name for c in self.server.clients))
                elif self.server.running:
                    self.server.broadcast(self, f"{self.name}: {text}")


def serve(listener):
    server = Server()
    try:
        while True:
            sock, _ = listener.accept()
            thread = threading.Thread(target=Client(server, sock).run)
            thread.start()
            server.threads.append(thread)
    except OSError:
        pass
    finally:
        server.stop()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
