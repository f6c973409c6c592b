"""A class with try/finally and a dict of sockets; one thread alone sends, what the others put into its queue."""
# file: server.py

import queue
import socket
import sys
import threading


class Chat:
    def __init__(self, listener):
        self.listener = listener
        self.lock = threading.Lock()
        self.socks = {}
        self.letters = queue.Queue()
        self.count = 0

    def run(self):
        broadcaster = threading.Thread(target=self.broadcast, daemon=True)
        broadcaster.start()
        handlers = []
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                break
            handlers = [thread for thread in handlers if thread.is_alive()]
            handlers.append(threading.Thread(target=self.handle, args=(sock,), daemon=True))
            handlers[-1].start()
        for thread in handlers:
            thread.join()
        self.letters.put(None)
        broadcaster.join()

    def broadcast(self):
        while (letter := self.letters.get()) is not None:
            data, receivers, sent = letter
            for sock in receivers:
                try:
                    sock.sendall(data)
                except OSError:
                    pass
            sent.set()

    def post(self, text, *receivers):
        sent = threading.Event()
        self.letters.put((text.encode() + b"\n", receivers, sent))
        return sent

    def tell_others(self, text, number):
        with self.lock:
            self.post(text, *(sock for n, sock in self.socks.items() if n != number))

    def handle(self, sock):
        with self.lock:
            self.count += 1
            number = self.count
            self.post(f"you are client {number}", sock)
            self.socks[number] = sock
        try:
            self.listen(sock, number)
        except OSError:
            pass
        finally:
            with self.lock:
                del self.socks[number]
            self.tell_others(f"client {number} left", number)
            self.post("").wait()  # what was on its way to this one has been sent
            sock.close()

    def listen(self, sock, number):
        rest = b""
        while data := sock.recv(4096):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > 4096:
                lines.append(rest)
            for line in lines:
                if len(line) > 4096:
                    self.post("error: line longer than 4096 bytes", sock)
                    return
                try:
                    text = line.removesuffix(b"\r").decode()
                except UnicodeDecodeError:
                    self.post("error: line is not UTF-8", sock)
                    return
                if text == "/who":
                    with self.lock:
                        names = [f"client {n}" for n in self.socks]
                    self.post("here: " + ", ".join(names), sock)
                else:
                    self.tell_others(f"client {number}: {text}", number)


def serve(listener):
    Chat(listener).run()


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
