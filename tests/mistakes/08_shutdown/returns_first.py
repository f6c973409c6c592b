"""serve sets the stop flag and returns; its threads see the flag a moment later ("they end by themselves")."""
# file: server.py
# fails: returns_last
# cause: not-joined

import queue
import socket
import sys
import threading

TICK = 0.25




class Connection:
    """A socket with a timeout, its outbox, and a sender thread that gives up when asked to."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(TICK)
        self.outbox = queue.Queue(256)
        self.broken = threading.Event()
        self.sender = threading.Thread(target=self.run)
        self.sender.start()

    def put(self, line):
        if self.broken.is_set():
            return
        try:
            self.outbox.put(line, timeout=1)
        except queue.Full:
            self.broken.set()

    def run(self):
        try:
            while (line := self.next_line()) is not None:
                self.send_whole(line.encode() + b"\n")
                if line == "goodbye":  # the last, whoever was about to say more
                    return
        except OSError:
            self.broken.set()

    def next_line(self):
        while not self.broken.is_set():
            try:
                return self.outbox.get(timeout=TICK)
            except queue.Empty:
                pass

    def send_whole(self, data):
        while data:
            if self.broken.is_set():
                raise OSError("given up")
            try:
                data = data[self.sock.send(data) :]
            except TimeoutError:
                pass

    def close(self):
        self.put(None)
        self.sender.join(1)
        self.broken.set()
        self.sender.join()
        self.sock.close()


class Server:
    def __init__(self, listener):
        self.listener = listener
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.clients = {}
        self.threads = []
        self.count = 0

    def run(self):
        try:
            while True:
                sock, _ = self.listener.accept()
                thread = threading.Thread(target=self.handle, args=(sock,))
                thread.start()
                self.threads.append(thread)
        except OSError:
            pass
        finally:
            self.stopping.set()

    def broadcast(self, text, me):
        with self.lock:
            others = [c for n, c in self.clients.items() if n != me]
        for other in others:
            other.put(text)

    def receive(self, connection):
        while not self.stopping.is_set() and not connection.broken.is_set():
            try:
                return connection.sock.recv(4096)
            except TimeoutError:
                pass
        return b""

    def lines(self, connection):
        rest = b""
        while data := self.receive(connection):
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
            if len(rest) > 4096:
                yield rest

    def talk(self, number, connection):
        for line in self.lines(connection):
            if self.stopping.is_set():
                return
            if len(line) > 4096:
                return connection.put("error: line longer than 4096 bytes")
            try:
                text = line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                return connection.put("error: line is not UTF-8")
            if text == "/who":
                with self.lock:
                    names = [f"client {n}" for n in self.clients]
                connection.put("here: " + ", ".join(names))
            else:
                self.broadcast(f"client {number}: {text}", number)

    def handle(self, sock):
        connection = Connection(sock)
        with self.lock:
            self.count += 1
            number = self.count
            connection.put(f"you are client {number}")
            self.clients[number] = connection
        try:
            self.talk(number, connection)
        except OSError:
            pass
        with self.lock:
            del self.clients[number]
        if self.stopping.is_set():
            connection.put("goodbye")
        else:
            self.broadcast(f"client {number} left", number)
        connection.close()


def serve(listener):
    Server(listener).run()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
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
