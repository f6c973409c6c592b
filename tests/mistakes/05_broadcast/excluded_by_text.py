"""Leaves out whoever has said the same words last, instead of the sender."""
# file: server.py
# fails: in_any_order
# cause: not-everyone

import socket
import sys
import threading


class Person:
    def __init__(self, sock, number):
        self.sock = sock
        self.number = number
        self.last = None
        self.lock = threading.Lock()

    def send(self, text):
        with self.lock:
            self.sock.sendall((text + "\n").encode())


class BadLine(Exception):
    pass


people = []
people_lock = threading.Lock()
last_number = 0


def join(sock):
    global last_number
    with people_lock:
        last_number += 1
        sock.sendall(f"you are client {last_number}\n".encode())
        person = Person(sock, last_number)
        people.append(person)
    return person


def broadcast(text, sender):
    with people_lock:
        receivers = list(people)
    for person in receivers:
        if person.last != text.split(": ", 1)[-1]:
            try:
                person.send(text)
            except OSError:
                print("could not send to client", person.number)


def lines(sock):
    rest = b""
    while True:
        data = sock.recv(2048)
        if not data:
            return
        rest += data
        while b"\n" in rest:
            line, rest = rest.split(b"\n", 1)
            yield check(line)
        if len(rest) > 4096:
            check(rest)


def check(line):
    if len(line) > 4096:
        raise BadLine("line longer than 4096 bytes")
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise BadLine("line is not UTF-8")


def talk(person):
    for line in lines(person.sock):
        if line == "/who":
            with people_lock:
                names = [f"client {p.number}" for p in people]
            person.send("here: " + ", ".join(names))
        else:
            person.last = line
            broadcast(f"client {person.number}: {line}", person)


def handle(sock):
    try:
        person = join(sock)
    except OSError:
        sock.close()
        return
    try:
        try:
            talk(person)
        except BadLine as error:
            person.send(f"error: {error}")
    except OSError:
        pass
    with people_lock:
        people.remove(person)
    sock.close()


def serve(listener):
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(sock,), daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    try:
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
        listener = socket.create_server((host, port))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot start: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
