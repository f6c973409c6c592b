"""A class for the server, a list of (socket, number) copied before each round of sends, and a lock of its own for
each socket."""
# file: server.py

import socket
import sys
import threading


class ChatServer:
    LIMIT = 4096

    def __init__(self, listener):
        self.listener = listener
        self.clients = []  # (socket, number), in the order they came
        self.count = 0
        self.clients_lock = threading.Lock()
        self.send_locks = {}

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                break
            threading.Thread(target=self.handle, args=(sock,), daemon=True).start()

    def send(self, sock, text):
        lock = self.send_locks.get(sock)
        if lock is None:
            return  # it has left
        with lock:
            sock.sendall(text.encode() + b"\n")

    def join(self, sock):
        lock = threading.Lock()
        with lock:
            with self.clients_lock:
                self.count += 1
                number = self.count
                self.send_locks[sock] = lock
                self.clients.append((sock, number))
            sock.sendall(b"you are client %d\n" % number)
        return number

    def leave(self, sock):
        with self.clients_lock:
            self.clients = [pair for pair in self.clients if pair[0] is not sock]
            self.send_locks.pop(sock, None)

    def handle(self, sock):
        try:
            number = self.join(sock)
            pending = b""
            while data := sock.recv(8192):
                pending += data
                *lines, pending = pending.split(b"\n")
                for line in lines:
                    if not self.on_line(sock, number, line):
                        return
                if len(pending) > self.LIMIT:
                    self.on_line(sock, number, pending)
                    return
        except OSError:
            pass
        finally:
            self.leave(sock)
            sock.close()

    def on_line(self, sock, number, line):
        """Act on one line; return whether its sender may stay."""
        if len(line) > self.LIMIT:
            self.send(sock, "error: line longer than 4096 bytes")
            return False
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            self.send(sock, "error: line is not UTF-8")
            return False
        if text == "/who":
            with self.clients_lock:
                names = ["client %d" % n for _, n in self.clients]
            self.send(sock, "here: " + ", ".join(names))
        else:
            self.broadcast(sock, "client %d: %s" % (number, text))
        return True

    def broadcast(self, sender, text):
        with self.clients_lock:
            receivers = [sock for sock, _ in self.clients if sock is not sender]
        for sock in receivers:
            try:
                self.send(sock, text)
            except OSError:
                pass


def serve(listener):
    ChatServer(listener).run()


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
