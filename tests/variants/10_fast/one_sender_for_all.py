"""Readers put what is said under one lock into each client's outbox, a list; one thread empties all the outboxes, joins
what is in each, and sends without waiting. What a socket does not take is sent by a thread that is made for it."""
# file: server.py

import logging
import socket
import sys
import threading
import time

FULL = 400_000
GIVE_UP = 0.6


class Bad(Exception):
    pass


class Person:
    def __init__(self, sock):
        self.sock = sock
        self.number = 0
        self.nick = None
        self.outbox = []
        self.size = 0
        self.full_since = None
        self.helper = None
        self.leaving = False
        self.sent = threading.Event()

    def name(self):
        return self.nick or f"client {self.number}"


class Room:
    def __init__(self):
        self.lock = threading.Condition()
        self.here = []
        self.flushing = []
        self.count = 0
        self.open = True
        self.over = False

    # everything below is called with the lock held

    def put(self, person, data):
        person.outbox.append(data)
        person.size += len(data)
        self.lock.notify_all()

    def tell(self, person, text):
        self.put(person, text.encode() + b"\n")

    def tell_others(self, person, text):
        data = text.encode() + b"\n"
        for other in self.here:
            if other is not person:
                self.put(other, data)

    def enter(self, person):
        if not self.open or len(self.here) >= 2000:
            if self.open:
                self.tell(person, "error: the chat is full")
            self.tell(person, "goodbye")
            self.go(person)
            return
        self.count += 1
        person.number = self.count
        self.tell(person, f"you are {person.name()}")
        self.tell_others(person, f"{person.name()} joined")
        self.here.append(person)

    def leave(self, person, last=None):
        if person not in self.here:
            return
        self.here.remove(person)
        if last:
            self.tell(person, last)
        self.tell_others(person, f"{person.name()} left")
        self.go(person)

    def go(self, person):
        person.leaving = True
        self.flushing.append(person)
        wake(person.sock, socket.SHUT_RD)
        self.lock.notify_all()

    def wait_for_room(self, person):
        while self.open and person in self.here and any(other.size > FULL for other in self.here):
            self.lock.wait()

    def said(self, person, lines):
        plain = []

        def flush():
            if plain:
                prefix = f"{person.name()}: ".encode()
                data = b"".join(prefix + line + b"\n" for line in plain)
                for other in self.here:
                    if other is not person:
                        self.put(other, data)
                plain.clear()

        for line in lines:
            if person not in self.here:
                return
            if not line.startswith(b"/"):
                plain.append(line)
                continue
            flush()
            self.command(person, line.decode())
        if person in self.here:
            flush()

    def command(self, person, line):
        word, _, rest = line.partition(" ")
        if line == "/quit":
            self.leave(person, "goodbye")
        elif word == "/who":
            self.tell(person, "here: " + ", ".join(other.name() for other in self.here))
        elif word == "/nick":
            new, old = rest.strip(), person.name()
            if not new.isalnum() or not new[0].isalpha() or len(new) > 20:
                self.tell(person, "error: a nickname is 1 to 20 letters or digits and starts with a letter")
            elif any(other.nick == new for other in self.here):
                self.tell(person, f"error: the nickname {new} is taken")
            else:
                person.nick = new
                self.tell(person, f"you are {new}")
                self.tell_others(person, f"{old} is now {new}")
        elif word == "/msg":
            to, _, text = rest.partition(" ")
            for other in self.here:
                if to and text and to in (other.nick, str(other.number)):
                    self.tell(other, f"{person.name()} to you: {text}")
                    return
            self.tell(person, f"error: nobody here is called {to}" if to and text else "error: write /msg NAME TEXT")
        else:
            self.tell(person, f"error: unknown command {word}")


def wake(sock, how):
    try:
        sock.shutdown(how)
    except OSError:
        pass


def push(room, person):
    """Send what the socket takes; a helper sends what is left."""
    data, person.outbox, person.size = b"".join(person.outbox), [], 0
    try:
        data = data[person.sock.send(data, socket.MSG_DONTWAIT) :]
    except BlockingIOError:
        pass
    except OSError:
        return
    if data:
        person.size = len(data)
        person.helper = threading.Thread(target=help_out, args=(room, person, data))
        person.helper.start()


def help_out(room, person, data):
    try:
        while data:
            count = person.sock.send(data)
            data = data[count:]
            with room.lock:
                person.size -= count
                person.full_since = None
                room.lock.notify_all()
    except OSError:
        pass
    with room.lock:
        person.size = sum(map(len, person.outbox))
        person.helper = None
        room.lock.notify_all()


def send_all(room):
    while True:
        with room.lock:
            if room.over and not room.flushing:
                return
            for person in room.here + room.flushing:
                if person.outbox and not person.helper:
                    push(room, person)
            for person in list(room.flushing):
                if not person.outbox and not person.helper:
                    room.flushing.remove(person)
                    person.sent.set()
            now = time.monotonic()
            full = [person for person in room.here + room.flushing if person.size > FULL or (person.leaving and person.helper)]
            for person in full:
                person.full_since = person.full_since or now
                if now - person.full_since >= GIVE_UP:
                    person.outbox = []
                    wake(person.sock, socket.SHUT_RDWR)
            if not any(person.outbox and not person.helper for person in room.here + room.flushing):
                room.lock.wait(GIVE_UP if full else None)


def well(line):
    if len(line) > 4096:
        raise Bad("error: line longer than 4096 bytes")
    try:
        line.decode()
    except UnicodeDecodeError:
        raise Bad("error: line is not UTF-8") from None
    return line[:-1] if line.endswith(b"\r") else line


def listen_to(room, sock):
    person = Person(sock)
    last = None
    with room.lock:
        room.enter(person)
    buffer = b""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := sock.recv(32768):
            *raw, buffer = (buffer + data).split(b"\n")
            lines = []
            try:
                for line in raw:
                    lines.append(well(line))
                if len(buffer) > 4096:
                    well(buffer)
            finally:
                with room.lock:
                    room.wait_for_room(person)
                    room.said(person, lines)
    except Bad as bad:
        last = str(bad)
    except OSError:
        pass
    with room.lock:
        room.leave(person, last)
    person.sent.wait()
    sock.close()


def serve(listener):
    room = Room()
    sender = threading.Thread(target=send_all, args=(room,))
    sender.start()
    threads = []
    try:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                break
            thread = threading.Thread(target=listen_to, args=(room, sock))
            thread.start()
            threads = [old for old in threads if old.is_alive()] + [thread]
    finally:
        stop(room, threads, sender)


def stop(room, threads, sender):
    with room.lock:
        room.open = False
        for person in list(room.here):
            room.tell(person, "goodbye")
            room.here.remove(person)
            room.go(person)
        room.lock.notify_all()
    for thread in threads:
        thread.join()
    with room.lock:
        room.over = True
        room.lock.notify_all()
    sender.join()


def main():
    logging.basicConfig(level=logging.INFO)
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen(500)
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
