"""/quit says goodbye, and the connection stays open ("the client goes then, not the server")."""
# file: server.py
# fails: quit
# cause: not-closed

import socket
import sys
import threading
from dataclasses import dataclass, field
from queue import Empty, Full, Queue

lock = threading.RLock()
clients: "dict[int, Client]" = {}
closing = threading.Event()
last = 0


@dataclass(eq=False)
class Client:
    sock: socket.socket
    number: int = 0
    nick: str = ""
    box: Queue = field(default_factory=lambda: Queue(100))
    dead: bool = False

    @property
    def name(self):
        return self.nick or f"client {self.number}"

    def send(self, line):
        if not self.dead:
            try:
                self.box.put(line, timeout=1.5)
            except Full:
                self.kill()

    def kill(self, how=socket.SHUT_RDWR):
        self.dead = self.dead or how == socket.SHUT_RDWR
        try:
            self.sock.shutdown(how)
        except OSError:
            pass

    def writer(self):
        while not self.dead:
            try:
                line = self.box.get(timeout=0.5)
            except Empty:
                continue
            if line is None:
                break
            try:
                self.sock.sendall(f"{line}\n".encode())
                if line == "goodbye":
                    return
            except OSError:
                self.kill()


def others(me):
    with lock:
        return [c for c in clients.values() if c is not me]


def announce(me, line):
    for other in others(me):
        other.send(line)


def find(name):
    with lock:
        for c in clients.values():
            if name == c.nick or name == str(c.number):
                return c


def rename(me, nick):
    if not (nick.isalnum() and nick[0].isalpha() and len(nick) <= 20):
        return me.send("error: a nickname is 1 to 20 letters or digits and starts with a letter")
    with lock:
        other, old = find(nick), me.name
        if other is None:
            me.nick = nick
    if other:
        return me.send(f"error: the nickname {nick} is taken")
    me.send(f"you are {nick}")
    announce(me, f"{old} is now {nick}")


def command(me, line):
    word, *rest = line.split(" ", 2)
    if word == "/who":
        with lock:
            me.send("here: " + ", ".join(c.name for c in clients.values()))
    elif word == "/nick":
        rename(me, " ".join(rest).strip())
    elif word == "/msg":
        if len(rest) < 2 or not all(rest):
            me.send("error: write /msg NAME TEXT")
        elif other := find(rest[0]):
            other.send(f"{me.name} to you: {rest[1]}")
        else:
            me.send(f"error: nobody here is called {rest[0]}")
    elif word == "/quit":
        me.send("goodbye")
    else:
        me.send(f"error: unknown command {word}")


def conversation(me):
    with me.sock.makefile("rb") as file:
        while not closing.is_set():
            raw = file.readline(4097)
            if len(raw) > 4096 and not raw.endswith(b"\n"):
                return me.send("error: line longer than 4096 bytes")
            if not raw.endswith(b"\n") or closing.is_set():
                return
            try:
                line = raw[:-1].removesuffix(b"\r").decode("utf-8")
            except UnicodeDecodeError:
                return me.send("error: line is not UTF-8")
            if line.startswith("/"):
                command(me, line)
            else:
                announce(me, f"{me.name}: {line}")


def admit(me):
    """Return who was here before, or None when there is no place."""
    global last
    with lock:
        if closing.is_set() or len(clients) >= 100:
            return None
        before = others(me)
        last += 1
        me.number = last
        me.send(f"you are {me.name}")
        clients[last] = me
        return before


def handle(me):
    writer = threading.Thread(target=me.writer)
    writer.start()
    before = admit(me)
    if before is not None:
        for other in before:
            other.send(f"{me.name} joined")
        try:
            conversation(me)
        except OSError:
            pass
        with lock:
            del clients[me.number]
        if closing.is_set():
            me.send("goodbye")
        else:
            announce(me, f"{me.name} left")
    elif closing.is_set():
        me.send("goodbye")
    else:
        me.send("error: the chat is full")
        me.send("goodbye")
    me.send(None)
    writer.join(1)
    me.kill()
    writer.join()
    me.sock.close()


def serve(listener):
    threads = []
    try:
        while True:
            thread = threading.Thread(target=handle, args=(Client(listener.accept()[0]),))
            thread.start()
            threads.append(thread)
    except OSError:
        pass
    finally:
        with lock:
            closing.set()
            for client in clients.values():
                client.kill(socket.SHUT_RD)
        for thread in threads:
            thread.join()


def main():
    try:
        host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


if __name__ == "__main__":
    main()
