"""The number is how many are here plus one: when one has left, the next gets a number that somebody has. It works as
long as I only open clients and never close one."""
# file: server.py
# fails: never_used_again
# cause: number-twice

import socket
import sys
import threading

MAX = 4096
clients = []  # (number, socket) of everybody who is here
lock = threading.Lock()


class Rubbish(Exception):
    pass


def get_lines(sock):
    buf = b""
    while True:
        data = sock.recv(1024)
        if not data:
            return
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


def say(sock, text):
    sock.sendall((text + "\n").encode())


def who():
    with lock:
        return "here: " + ", ".join(f"client {number}" for number, sock in clients)


def talk(sock):
    try:
        for line in get_lines(sock):
            if line == "/who":
                say(sock, who())
            else:
                say(sock, "you said: " + line)
    except Rubbish as problem:
        say(sock, f"error: {problem}")


def handle(sock):
    with lock:
        number = len(clients) + 1
        clients.append((number, sock))
    try:
        say(sock, f"you are client {number}")
        talk(sock)
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
