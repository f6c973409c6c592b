"""Who joins is told of itself that it has joined ("everyone is told")."""
# file: server.py
# fails: joined
# cause: own-notice

import sys
import threading
from queue import Full, Queue
from socket import SHUT_RD, SHUT_RDWR, create_server


class Chat:
    def __init__(self):
        self.lock = threading.Lock()
        self.users = set()
        self.joined = 0
        self.stopping = False

    def everyone(self):
        with self.lock:
            return sorted(self.users, key=lambda user: user.number)

    def tell(self, line, but=None):
        for user in self.everyone():
            if user is not but:
                user.send(line)

    def enter(self, user):
        with self.lock:
            if self.stopping or len(self.users) == 100:
                return None
            self.joined += 1
            user.number = self.joined
            user.send(f"you are {user.label()}")
            self.users.add(user)
            return list(self.users)

    def leave(self, user):
        with self.lock:
            self.users.discard(user)
        if not self.stopping:
            self.tell(f"{user.label()} left")


class User(threading.Thread):
    def __init__(self, sock, chat):
        threading.Thread.__init__(self)
        self.sock = sock
        self.chat = chat
        self.number = 0
        self.nickname = None
        self.queue = Queue(200)
        self.sender = threading.Thread(target=self.send_all)

    def label(self):
        return self.nickname or f"client {self.number}"

    def send(self, line):
        try:
            self.queue.put(line, timeout=1)
        except Full:
            self.cut(SHUT_RDWR)

    def cut(self, how):
        try:
            self.sock.shutdown(how)
        except OSError:
            pass

    def send_all(self):
        try:
            for line in iter(self.queue.get, None):
                self.sock.sendall(f"{line}\n".encode())
                if line == "goodbye":
                    return
        except OSError:
            self.cut(SHUT_RDWR)

    def run(self):
        self.sender.start()
        everyone = self.chat.enter(self)
        if everyone is not None:
            for user in everyone:
                user.send(f"{self.label()} joined")
            try:
                self.listen()
            except OSError:
                pass
            self.chat.leave(self)
        elif not self.chat.stopping:
            self.send("error: the chat is full")
            self.send("goodbye")
        if self.chat.stopping:
            self.send("goodbye")
        self.send(None)
        self.sender.join(1)
        self.cut(SHUT_RDWR)
        self.sender.join()
        self.sock.close()

    def listen(self):
        stream = self.sock.makefile("rb")
        with stream:
            while True:
                raw = stream.readline(4097)
                if self.chat.stopping or not raw:
                    return
                if raw[-1:] != b"\n":
                    if len(raw) == 4097:
                        self.send("error: line longer than 4096 bytes")
                    return
                try:
                    line = raw[:-1].removesuffix(b"\r").decode()
                except UnicodeDecodeError:
                    self.send("error: line is not UTF-8")
                    return
                if line == "/quit":
                    self.send("goodbye")
                    return
                if line.startswith("/"):
                    self.command(line)
                else:
                    self.chat.tell(f"{self.label()}: {line}", self)

    def command(self, line):
        words = line.split(" ", 2)
        if words[0] == "/who":
            self.send("here: " + ", ".join(user.label() for user in self.chat.everyone()))
        elif words[0] == "/nick":
            self.nick(line[len("/nick") :].strip())
        elif words[0] == "/msg":
            self.message(words)
        else:
            self.send(f"error: unknown command {words[0]}")

    def nick(self, new):
        good = new.isalnum() and new[0].isalpha() and len(new) <= 20
        if not good:
            self.send("error: a nickname is 1 to 20 letters or digits and starts with a letter")
            return
        with self.chat.lock:
            if any(user.nickname == new for user in self.chat.users):
                self.send(f"error: the nickname {new} is taken")
                return
            old, self.nickname = self.label(), new
        self.send(f"you are {new}")
        self.chat.tell(f"{old} is now {new}", self)

    def message(self, words):
        if len(words) < 3 or not words[1] or not words[2]:
            self.send("error: write /msg NAME TEXT")
            return
        for user in self.chat.everyone():
            if words[1] == user.nickname or words[1] == str(user.number):
                user.send(f"{self.label()} to you: {words[2]}")
                return
        self.send(f"error: nobody here is called {words[1]}")


def serve(listener):
    chat, users = Chat(), []
    try:
        while True:
            user = User(listener.accept()[0], chat)
            user.start()
            users.append(user)
    except OSError:
        pass
    finally:
        with chat.lock:
            chat.stopping = True
            for user in chat.users:
                user.cut(SHUT_RD)
        for user in users:
            user.join()


def main():
    try:
        host, port = (sys.argv + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[1:3]
        listener = create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
