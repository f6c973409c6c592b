"""The outbox is a deque with a Condition: who talks waits for room for a second, then the one who does not read is cut off."""
# file: server.py

import socket
import sys
import threading
import time
from collections import deque


class Outbox:
    def __init__(self, room):
        self.lines = deque()
        self.room = room
        self.changed = threading.Condition()
        self.closed = False

    def put(self, line, patience):
        """Return whether there was room for the line in time."""
        end = time.monotonic() + patience
        with self.changed:
            while len(self.lines) >= self.room and not self.closed:
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(left)
            if not self.closed:
                self.lines.append(line)
                self.changed.notify_all()
            return True

    def get(self):
        """Return the next line; None when the outbox is closed and empty."""
        with self.changed:
            while not self.lines and not self.closed:
                self.changed.wait()
            line = self.lines.popleft() if self.lines else None
            self.changed.notify_all()
            return line

    def close(self, throw_away=False):
        with self.changed:
            self.closed = True
            if throw_away:
                self.lines.clear()
            self.changed.notify_all()


class Client:
    def __init__(self, conn):
        self.conn = conn
        self.number = None
        self.outbox = Outbox(300)
        self.writer = threading.Thread(target=self.write, daemon=True)

    def send(self, line):
        if not self.outbox.put(line, 1.0):
            self.cut()

    def cut(self):
        self.outbox.close(throw_away=True)
        try:
            self.conn.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def write(self):
        try:
            while (line := self.outbox.get()) is not None:
                self.conn.sendall(line.encode() + b"\n")
        except OSError:
            self.cut()

    def finish(self):
        self.outbox.close()
        self.writer.join(1)
        self.cut()
        self.writer.join()
        self.conn.close()


lock = threading.Lock()
clients = []
counter = 0


def tell_others(me, line):
    with lock:
        others = [c for c in clients if c is not me]
    for other in others:
        other.send(line)


def talk(me):
    data = b""
    while piece := me.conn.recv(4096):
        data += piece
        lines = data.split(b"\n")
        data = lines.pop()
        for line in lines + ([data] if len(data) > 4096 else []):
            if len(line) > 4096:
                return me.send("error: line longer than 4096 bytes")
            try:
                text = line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                return me.send("error: line is not UTF-8")
            if text == "/who":
                with lock:
                    me.send("here: " + ", ".join(f"client {c.number}" for c in clients))
            else:
                tell_others(me, f"client {me.number}: {text}")


def handle(conn):
    global counter
    me = Client(conn)
    me.writer.start()
    with lock:
        counter += 1
        me.number = counter
        me.send(f"you are client {counter}")
        clients.append(me)
    try:
        talk(me)
    except OSError:
        pass
    finally:
        with lock:
            clients.remove(me)
        tell_others(me, f"client {me.number} left")
        me.finish()


def serve(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(conn,), daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    try:
        listener = socket.create_server((host, int(sys.argv[2]) if len(sys.argv) > 2 else 9000))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
