"""Greets a client and waits for its first line in the accept loop, before its thread is started: one who says nothing
keeps everybody out. I always type something at once, so I never saw it."""
# file: server.py
# fails: welcome
# cause: one-at-a-time

import socket
import sys
import threading

MAX = 4096
clients = []  # (number, socket) of everybody who is here
last = 0
lock = threading.Lock()


class Rubbish(Exception):
    pass


def get_lines(sock, data):
    buf = b""
    while data:
        buf += data
        while b"\n" in buf:
            line, buf = buf.split(b"\n", 1)
            if len(line) > MAX:
                raise Rubbish("line longer than 4096 bytes")
            try:
                yield line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                raise Rubbish("line is not UTF-8")
        if len(buf) > MAX:
            raise Rubbish("line longer than 4096 bytes")
        data = sock.recv(1024)


def say(sock, text):
    sock.sendall((text + "\n").encode())


def who():
    with lock:
        return "here: " + ", ".join(f"client {number}" for number, sock in clients)


def talk(sock, first):
    try:
        for line in get_lines(sock, first):
            if line == "/who":
                say(sock, who())
            else:
                say(sock, "you said: " + line)
    except Rubbish as problem:
        say(sock, f"error: {problem}")


def join(sock):
    global last
    with lock:
        last += 1
        clients.append((last, sock))
        return last


def handle(sock, number, first):
    try:
        talk(sock, first)
    except OSError:
        pass
    finally:
        with lock:
            clients.remove((number, sock))
        sock.close()


def serve(listener):
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            break
        number = join(sock)
        try:
            say(sock, f"you are client {number}")
            first = sock.recv(1024)
        except OSError:
            first = b""
        print(address, "begins with", first)
        threading.Thread(target=handle, args=(sock, number, first), daemon=True).start()


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
