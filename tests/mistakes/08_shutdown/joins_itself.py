"""At the end serve joins every thread but the main one, and so itself, when it runs in a thread ("in my terminal it ends nicely")."""
# file: server.py
# fails: nobody_here
# cause: server-died

import queue
import socket
import sys
import threading

closing = threading.Event()
lock = threading.Lock()
outboxes = {}  # socket -> outbox
numbers = {}  # socket -> number
total = 0


def shut(sock, how):
    try:
        sock.shutdown(how)
    except OSError:
        pass


def put(sock, line):
    outbox = outboxes.get(sock)
    if outbox:
        try:
            outbox.put(line, timeout=1)
        except queue.Full:
            shut(sock, socket.SHUT_RDWR)


def put_all(line, but=None):
    with lock:
        socks = list(outboxes)
    for sock in socks:
        if sock is not but:
            put(sock, line)


def write(sock, outbox):
    try:
        while line := outbox.get():
            sock.sendall(line.encode() + b"\n")
    except OSError:
        pass
    shut(sock, socket.SHUT_RDWR)


def decode(line):
    if len(line) > 4096:
        raise ValueError("line longer than 4096 bytes")
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise ValueError("line is not UTF-8")


def read(sock, number):
    rest = b""
    while not closing.is_set():
        data = sock.recv(4096)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            text = decode(line)
            if closing.is_set():
                return
            if text == "/who":
                with lock:
                    put(sock, "here: " + ", ".join(f"client {n}" for n in numbers.values()))
            else:
                put_all(f"client {number}: {text}", sock)
        if len(rest) > 4096:
            decode(rest)


def handle(sock):
    global total
    outbox = queue.Queue(256)
    writer = threading.Thread(target=write, args=(sock, outbox))
    writer.start()
    with lock:
        total += 1
        number = total
        outbox.put(f"you are client {number}")
        outboxes[sock], numbers[sock] = outbox, number
    try:
        read(sock, number)
    except ValueError as error:
        put(sock, f"error: {error}")
    except OSError:
        pass
    with lock:
        del outboxes[sock], numbers[sock]
    if closing.is_set():
        last = "goodbye"
    else:
        last = None
        put_all(f"client {number} left", sock)
    try:
        for line in (last, None) if last else (None,):
            outbox.put(line, timeout=1)
    except queue.Full:
        pass
    writer.join(1)
    shut(sock, socket.SHUT_RDWR)
    writer.join()
    sock.close()


def serve(listener):
    try:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=handle, args=(sock,)).start()
    except OSError:
        pass
    finally:
        closing.set()
        with lock:
            for sock in outboxes:
                shut(sock, socket.SHUT_RD)
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()


def main():
    args = sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :]
    try:
        listener = socket.create_server((args[0], int(args[1])))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"{args[0]}:{args[1]}: {e}")
    try:
        print(f"listening on {args[0]}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
