"""Commands are functions in a dict, and a class Room knows who is here."""
# file: server.py

import logging
import queue
import re
import socket
import sys
import threading

NICKNAME = re.compile(r"[^\W\d_][^\W_]{0,19}")
BAD_NICKNAME = "error: a nickname is 1 to 20 letters or digits and starts with a letter"


class Leave(Exception):
    """The client shall go; the text is the last that it hears."""


class Room:
    def __init__(self, places=100):
        self.places = places
        self.lock = threading.Lock()
        self.users = []
        self.count = 0
        self.open = True

    def enter(self, user):
        """Let the user in; returns who was here before it."""
        with self.lock:
            if not self.open:
                raise Leave("goodbye")
            if len(self.users) >= self.places:
                raise Leave("error: the chat is full\ngoodbye")
            self.count += 1
            user.number = self.count
            user.name = f"client {self.count}"
            user.hear(f"you are {user.name}")
            before = list(self.users)
            self.users.append(user)
            return before

    def leave(self, user):
        with self.lock:
            if user in self.users:
                self.users.remove(user)
                return True
        return False

    def here(self):
        with self.lock:
            return tuple(self.users)

    def tell(self, text, but):
        for user in self.here():
            if user is not but:
                user.hear(text)

    def rename(self, user, nickname):
        """Give the user the nickname and return the old name, or None when somebody has it."""
        with self.lock:
            if nickname in [other.name for other in self.users]:
                return None
            old, user.name = user.name, nickname
            return old

    def close(self):
        with self.lock:
            self.open = False
            users, self.users = self.users, []
        for user in users:
            user.shut(socket.SHUT_RD)


class User:
    def __init__(self, sock, room):
        self.sock, self.room = sock, room
        self.outbox = queue.Queue(200)
        self.thread = threading.Thread(target=self.live)
        self.writer = threading.Thread(target=self.write)

    def hear(self, text):
        try:
            self.outbox.put(text, timeout=1)
        except queue.Full:
            self.shut(socket.SHUT_RDWR)

    def shut(self, how):
        try:
            self.sock.shutdown(how)
        except OSError:
            pass

    def write(self):
        try:
            while (text := self.outbox.get()) is not None:
                self.sock.sendall(text.encode() + b"\n")
                if text == "goodbye":  # whatever another thread has put in behind it
                    break
        except OSError:
            self.shut(socket.SHUT_RDWR)

    def lines(self):
        rest = b""
        while data := self.sock.recv(4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines + [rest][: len(rest) > 4096]:
                if len(line) > 4096:
                    raise Leave("error: line longer than 4096 bytes")
                try:
                    yield line.removesuffix(b"\r").decode()
                except UnicodeDecodeError:
                    raise Leave("error: line is not UTF-8") from None

    def talk(self):
        for line in self.lines():
            if not self.room.open:
                return
            command, _, rest = line.partition(" ")
            if not line.startswith("/"):
                self.room.tell(f"{self.name}: {line}", self)
            elif command in COMMANDS:
                COMMANDS[command](self, rest)
            else:
                self.hear(f"error: unknown command {command}")

    def live(self):
        last = ""
        self.writer.start()
        try:
            for other in self.room.enter(self):
                other.hear(f"{self.name} joined")
            logging.info("%s comes from %s", self.name, self.sock.getpeername())
            self.talk()
        except Leave as leave:
            last = str(leave)
        except OSError as error:
            logging.info("connection lost: %s", error)
        if self.room.leave(self):
            self.room.tell(f"{self.name} left", self)
        elif not last:
            last = "goodbye"
        if last:
            self.hear(last)
        self.hear(None)
        self.writer.join(1)
        self.shut(socket.SHUT_RDWR)
        self.writer.join()
        self.sock.close()


def nick(user, nickname):
    nickname = nickname.strip()
    if not NICKNAME.fullmatch(nickname):
        user.hear(BAD_NICKNAME)
    elif old := user.room.rename(user, nickname):
        user.hear(f"you are {nickname}")
        user.room.tell(f"{old} is now {nickname}", user)
    else:
        user.hear(f"error: the nickname {nickname} is taken")


def who(user, _):
    user.hear("here: " + ", ".join(other.name for other in user.room.here()))


def msg(user, rest):
    name, _, text = rest.partition(" ")
    if not name or not text:
        user.hear("error: write /msg NAME TEXT")
        return
    for other in user.room.here():
        if name in (other.name, str(other.number)):
            other.hear(f"{user.name} to you: {text}")
            return
    user.hear(f"error: nobody here is called {name}")


def leave(user, _):
    raise Leave("goodbye")


COMMANDS = {"/nick": nick, "/who": who, "/msg": msg, "/quit": leave}


def serve(listener):
    room, users = Room(), []
    try:
        while True:
            sock, _ = listener.accept()
            user = User(sock, room)
            user.thread.start()
            users = [u for u in users if u.thread.is_alive()] + [user]
    except OSError:
        pass
    finally:
        room.close()
        for user in users:
            user.thread.join()


def main():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        with listener:
            serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
