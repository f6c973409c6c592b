"""Whose outbox is full for a moment is thrown out at once, and in a flood that is everybody ("the slow ones are dropped")."""
# file: server.py
# fails: rest_hear_every_line
# cause: thrown-out

import queue
import socket
import sys
import threading


class Client:
    def __init__(self, sock, number):
        self.sock, self.number = sock, number
        self.lines = queue.Queue(maxsize=16)

    def __str__(self):
        return f"client {self.number}"

    def send(self, line):
        try:
            self.lines.put_nowait(line)
        except queue.Full:
            self.throw_out()

    def throw_out(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def write(self):
        try:
            while line := self.lines.get():
                self.sock.sendall(line.encode() + b"\n")
        except OSError:
            self.throw_out()


class Server:
    def __init__(self):
        self.clients = []
        self.lock = threading.RLock()
        self.total = 0

    def others(self, me):
        with self.lock:
            return [c for c in self.clients if c is not me]

    def tell(self, me, line):
        for c in self.others(me):
            c.send(line)

    def read(self, me):
        buf = b""
        while True:
            got = me.sock.recv(1 << 16)
            if not got:
                return
            buf += got
            while b"\n" in buf:
                raw, buf = buf.split(b"\n", 1)
                if len(raw) > 4096:
                    return me.send("error: line longer than 4096 bytes")
                try:
                    line = raw.removesuffix(b"\r").decode()
                except UnicodeDecodeError:
                    return me.send("error: line is not UTF-8")
                if line == "/who":
                    with self.lock:
                        me.send("here: " + ", ".join(map(str, self.clients)))
                else:
                    self.tell(me, f"{me}: {line}")
            if len(buf) > 4096:
                return me.send("error: line longer than 4096 bytes")

    def run(self, sock):
        with self.lock:
            self.total += 1
            me = Client(sock, self.total)
            me.send(f"you are {me}")
            self.clients.append(me)
        writer = threading.Thread(target=me.write, daemon=True)
        writer.start()
        try:
            self.read(me)
        except OSError:
            pass
        with self.lock:
            self.clients.remove(me)
        self.tell(me, f"{me} left")
        try:
            me.lines.put(None, timeout=1)
        except queue.Full:
            pass
        writer.join(1)
        me.throw_out()
        writer.join()
        sock.close()


def serve(listener):
    server = Server()
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            break
        threading.Thread(target=server.run, args=(sock,), daemon=True).start()


def main():
    args = sys.argv[1:]
    host = args[0] if args else "127.0.0.1"
    try:
        listener = socket.create_server((host, int(args[1]) if len(args) > 1 else 9000))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(str(error))
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
