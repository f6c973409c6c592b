"""No outbox, but a second's timeout for every sendall: whoever is busy for a moment loses what was on its way to it ("nobody waits for ever")."""
# file: server.py
# fails: flushed_after_goodbye
# cause: closed-early

import socket
import sys
import threading

lock = threading.Lock()
talkers = {}  # number -> (socket, its lock)
number = 0


def say(to, text):
    sock, sock_lock = to
    try:
        with sock_lock:
            sock.sendall(text.encode() + b"\n")
    except OSError:  # it does not read: throw it out
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def say_to_all(text, sender):
    with lock:
        others = [t for n, t in talkers.items() if n != sender]
    for other in others:
        say(other, text)


def recv(sock):
    while True:
        try:
            return sock.recv(4096)
        except TimeoutError:
            pass


def handle(sock):
    global number
    sock.settimeout(1)
    me = sock, threading.Lock()
    with lock:
        number += 1
        n = number
        say(me, f"you are client {n}")
        talkers[n] = me
    text, rest = "", b""
    try:
        while (data := recv(sock)) != b"":
            lines = (rest + data).split(b"\n")
            rest = lines[-1]
            for raw in lines if len(rest) > 4096 else lines[:-1]:
                if len(raw) > 4096:
                    raise ValueError("line longer than 4096 bytes")
                text = raw.removesuffix(b"\r").decode()
                if text == "/who":
                    with lock:
                        here = sorted(talkers)
                    say(me, "here: " + ", ".join(f"client {h}" for h in here))
                else:
                    say_to_all(f"client {n}: {text}", n)
    except UnicodeDecodeError:
        say(me, "error: line is not UTF-8")
    except ValueError as problem:
        say(me, f"error: {problem}")
    except OSError:
        pass
    with lock:
        talkers.pop(n)
    say_to_all(f"client {n} left", n)
    sock.close()


def serve(listener):
    while True:
        try:
            threading.Thread(target=handle, args=listener.accept()[:1], daemon=True).start()
        except OSError:
            return


def main():
    try:
        address = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 9000)
        listener = socket.create_server(address)
    except (OSError, ValueError, OverflowError) as problem:
        sys.exit(f"cannot listen: {problem}")
    try:
        print(f"listening on {address[0]}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
