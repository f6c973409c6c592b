"""After the goodbye the server joins the threads, but they wait in recv and nobody has woken them ("all my clients had left already")."""
# file: server.py
# fails: idle
# cause: never-woken

import queue
import socket
import sys
import threading
from threading import Thread

mutex = threading.Lock()
room = {}  # sock -> (number, outbox)
number = 0
closing = False


def pump(sock, outbox):
    while (line := outbox.get()) is not None:
        try:
            sock.sendall(line.encode() + b"\n")
        except OSError:
            kill(sock, outbox)
            return


def kill(sock, outbox):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    try:
        outbox.put_nowait(None)
    except queue.Full:
        pass


def say(sock, outbox, line):
    try:
        outbox.put(line, timeout=0.8)
    except queue.Full:
        kill(sock, outbox)


def shout(line, me):
    with mutex:
        targets = [(sock, outbox) for sock, (_, outbox) in room.items() if sock is not me]
    for sock, outbox in targets:
        say(sock, outbox, line)


def converse(sock, n, outbox):
    buffer = b""
    while True:
        data = sock.recv(5000)
        if closing or not data:
            return
        buffer += data
        while (i := buffer.find(b"\n")) != -1 or len(buffer) > 4096:
            if i == -1 or i > 4096:
                return "error: line longer than 4096 bytes"
            raw, buffer = buffer[:i], buffer[i + 1 :]
            try:
                line = raw.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                return "error: line is not UTF-8"
            if closing:
                return
            if line == "/who":
                with mutex:
                    say(sock, outbox, "here: " + ", ".join(f"client {x}" for x, _ in room.values()))
            else:
                shout(f"client {n}: {line}", sock)


def client(sock):
    global number
    outbox = queue.Queue(250)
    pumper = Thread(target=pump, args=(sock, outbox))
    pumper.start()
    with mutex:
        number += 1
        n = number
        outbox.put(f"you are client {n}")
        room[sock] = n, outbox
    error = None
    try:
        error = converse(sock, n, outbox)
    except OSError:
        pass
    with mutex:
        del room[sock]
    if error:
        say(sock, outbox, error)
    if not closing:
        shout(f"client {n} left", sock)
    say(sock, outbox, None)
    pumper.join(1)
    kill(sock, outbox)
    pumper.join()
    sock.close()


def serve(listener):
    global closing
    threads = []
    try:
        while True:
            sock, address = listener.accept()
            threads.append(Thread(target=client, args=(sock,)))
            threads[-1].start()
    except OSError:
        pass
    finally:
        closing = True
        shout("goodbye", None)
        for thread in threads:
            thread.join()


def main():
    args = dict(enumerate(sys.argv))
    try:
        listener = socket.create_server((args.get(1, "127.0.0.1"), int(args.get(2, 9000))))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"no server: {e}")
    try:
        print("listening on %s:%d" % listener.getsockname(), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
