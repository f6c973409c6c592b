"""serve sees off one after the other, and waits for ever until the one who does not read has got its goodbye ("everyone here got it")."""
# file: server.py
# fails: stuck
# cause: join-stuck

import queue
import socket
import sys
import threading

lock = threading.Lock()
clients = []
stopping = False
numbers = 0


class Client(threading.Thread):
    def __init__(self, conn):
        super().__init__()
        self.conn = conn
        self.lines = queue.Queue(256)
        self.writer = threading.Thread(target=self.write)

    def add(self, line):
        try:
            self.lines.put(line, timeout=1)
        except queue.Full:
            self.hang_up()

    def hang_up(self, how=socket.SHUT_RDWR):
        try:
            self.conn.shutdown(how)
        except OSError:
            pass

    def write(self):
        try:
            while True:
                line = self.lines.get()
                if line is None:
                    return
                self.conn.sendall(line)
                if line == b"goodbye\n":
                    return
        except OSError:
            self.hang_up()

    def run(self):
        global numbers
        self.writer.start()
        with lock:
            numbers += 1
            self.number = numbers
            self.add(b"you are client %d\n" % numbers)
            clients.append(self)
            if stopping:
                self.add(b"goodbye\n")
                self.hang_up(socket.SHUT_RD)
        try:
            self.read()
        except OSError:
            pass
        with lock:
            clients.remove(self)
        if not stopping:
            self.to_others(b"client %d left\n" % self.number)
        self.add(None)
        self.writer.join(1)
        self.hang_up()
        self.writer.join()
        self.conn.close()

    def to_others(self, line):
        with lock:
            others = [c for c in clients if c is not self]
        for c in others:
            c.add(line)

    def read(self):
        buf = b""
        while not stopping:
            part = self.conn.recv(4096)
            if part == b"":
                return
            *lines, buf = (buf + part).split(b"\n")
            if len(buf) > 4096:
                lines.append(buf)
            for line in lines:
                if stopping:
                    return
                if len(line) > 4096:
                    return self.add(b"error: line longer than 4096 bytes\n")
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return self.add(b"error: line is not UTF-8\n")
                line = line.removesuffix(b"\r")
                if line == b"/who":
                    with lock:
                        here = ["client %d" % c.number for c in clients]
                    self.add("here: {}\n".format(", ".join(here)).encode())
                else:
                    self.to_others(b"client %d: %s\n" % (self.number, line))


def serve(listener):
    global stopping
    started = []
    try:
        while True:
            conn, _ = listener.accept()
            started.append(Client(conn))
            started[-1].start()
    except OSError:
        pass
    finally:
        with lock:
            stopping = True
            everyone = list(clients)
        for c in everyone:
            c.add(b"goodbye\n")
            c.writer.join()  # it has the goodbye now
            c.hang_up(socket.SHUT_RD)
        for c in started:
            c.join()


def main():
    try:
        host, port = (sys.argv + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[1:3]
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as problem:
        sys.exit(f"cannot start: {problem}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
