"""A dict, itertools.count for the numbers, and an RLock that a function may take again while it holds it."""
# file: server.py

import itertools
import socket
import sys
import threading

people = {}
numbers = itertools.count(1)
door = threading.RLock()


def who_is_here():
    with door:
        return list(people)


def join(sock):
    with door:
        number = next(numbers)
        people[number] = sock
        print("here now:", who_is_here())  # takes the lock again: an RLock lets its own thread in
        return number


def leave(number):
    door.acquire()
    try:
        people.pop(number)
        print("here now:", who_is_here())
    finally:
        door.release()


def next_line(sock, box):
    """Take the next line out of box, a bytearray; None when there is none any more."""
    while (end := box.find(b"\n")) < 0:
        if len(box) > 4096:
            raise ValueError("line longer than 4096 bytes")
        data = sock.recv(512)
        if not data:
            return None
        box += data
    line = bytes(box[:end])
    del box[: end + 1]
    if len(line) > 4096:
        raise ValueError("line longer than 4096 bytes")
    try:
        return line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("line is not UTF-8") from None


def converse(sock):
    box = bytearray()
    while True:
        try:
            line = next_line(sock, box)
        except ValueError as problem:
            answer, more = f"error: {problem}", False
        else:
            if line is None:
                return
            more = True
            answer = f"you said: {line}"
            if line == "/who":
                answer = "here: " + ", ".join(f"client {n}" for n in who_is_here())
        sock.sendall(answer.encode() + b"\n")
        if not more:
            return


def serve_one(sock):
    number = join(sock)
    try:
        sock.sendall(b"you are client %d\n" % number)
        converse(sock)
    except OSError as error:
        print(f"client {number}: {error}")
    leave(number)
    sock.close()


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve_one, args=[sock], daemon=True).start()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, OverflowError, ValueError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
