"""serve returns and leaves its daemon threads to the end of the program: nobody hears goodbye ("daemons end by themselves, and so they do")."""
# file: server.py
# fails: idle
# cause: no-goodbye

import queue
import socket
import sys
import threading

clients = {}  # number -> Client
lock = threading.Lock()
last = 0


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.outbox = queue.Queue(256)
        self.writer = threading.Thread(target=self.write, daemon=True)

    def put(self, line):
        try:
            self.outbox.put(line, timeout=1)
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

    def write(self):
        try:
            while (line := self.outbox.get()) is not None:
                self.sock.sendall(line.encode() + b"\n")
        except OSError:
            self.cut()


def tell_others(number, line):
    with lock:
        others = [c for n, c in clients.items() if n != number]
    for c in others:
        c.put(line)


def lines_from(sock):
    data = b""
    while chunk := sock.recv(4096):
        data += chunk
        *lines, data = data.split(b"\n")
        for line in lines:
            yield line
        if len(data) > 4096:
            yield data


def handle(sock):
    global last
    me = Client(sock)
    me.writer.start()
    with lock:
        last += 1
        number = last
        me.put(f"you are client {number}")
        clients[number] = me
    try:
        for line in lines_from(sock):
            if len(line) > 4096:
                me.put("error: line longer than 4096 bytes")
                break
            line = line.removesuffix(b"\r").decode()
            if line == "/who":
                with lock:
                    me.put("here: " + ", ".join(f"client {n}" for n in clients))
            else:
                tell_others(number, f"client {number}: {line}")
    except UnicodeDecodeError:
        me.put("error: line is not UTF-8")
    except OSError:
        pass
    with lock:
        del clients[number]
    tell_others(number, f"client {number} left")
    me.put(None)
    me.writer.join(1)
    me.cut()
    sock.close()


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            break
        threading.Thread(target=handle, args=(sock,), daemon=True).start()


def main():
    try:
        host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
        listener = socket.create_server((host, port))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
