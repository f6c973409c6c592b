"""One who talks all the time is heard even after the goodbye: its thread reads on what has already come ("I shut the reading side down")."""
# file: server.py
# fails: talking
# cause: no-goodbye

import queue
import socket
import sys
import threading


class Chat:
    def __init__(self):
        self.members = {}
        self.lock = threading.Lock()
        self.count = 0
        self.over = False

    def enter(self, member):
        with self.lock:
            self.count += 1
            member.name = "client %d" % self.count
            member.post("you are " + member.name)
            self.members[member.name] = member
            if self.over:
                member.post("goodbye")
                member.cut(socket.SHUT_RD)

    def leave(self, member):
        with self.lock:
            del self.members[member.name]
        if not self.over:
            self.tell(member, member.name + " left")

    def tell(self, sender, line):
        with self.lock:
            members = list(self.members.values())
        for member in members:
            if member is not sender:
                member.post(line)

    def end(self):
        with self.lock:
            self.over = True
            members = list(self.members.values())
        for member in members:
            member.post("goodbye")
        for member in members:
            member.cut(socket.SHUT_RD)
            member.thread.join()


class Member:
    def __init__(self, sock, chat):
        self.sock, self.chat = sock, chat
        self.outbox = queue.Queue(200)
        self.postman = threading.Thread(target=self.deliver)
        self.thread = threading.Thread(target=self.run)

    def post(self, line):
        try:
            self.outbox.put(line, timeout=1)
        except queue.Full:
            self.cut(socket.SHUT_RDWR)

    def cut(self, how):
        try:
            self.sock.shutdown(how)
        except OSError:
            pass

    def deliver(self):
        try:
            while line := self.outbox.get():
                self.sock.sendall(line.encode() + b"\n")
        except OSError:
            self.cut(socket.SHUT_RDWR)

    def lines(self):
        rest = b""
        while data := self.sock.recv(16384):
            *whole, rest = (rest + data).split(b"\n")
            yield from whole
            if len(rest) > 4096:
                yield rest

    def run(self):
        self.postman.start()
        self.chat.enter(self)
        try:
            for line in self.lines():
                if len(line) > 4096:
                    self.post("error: line longer than 4096 bytes")
                    break
                text = line.removesuffix(b"\r").decode()
                if text == "/who":
                    self.post("here: " + ", ".join(self.chat.members))
                else:
                    self.chat.tell(self, f"{self.name}: {text}")
        except UnicodeDecodeError:
            self.post("error: line is not UTF-8")
        except OSError:
            pass
        self.chat.leave(self)
        self.post("")
        self.postman.join(1)
        self.cut(socket.SHUT_RDWR)
        self.postman.join()
        self.sock.close()


def serve(listener):
    chat = Chat()
    members = []
    try:
        while True:
            member = Member(listener.accept()[0], chat)
            member.thread.start()
            members.append(member)
    except OSError:
        pass
    finally:
        chat.end()
        for member in members:
            member.thread.join()


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
