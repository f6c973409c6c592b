"""A SimpleQueue whose bytes are counted, and another policy: at a million of them the client is dropped at once, and nobody waits."""
# file: server.py

import itertools
import queue
import socket
import sys
import threading

MOST = 1_000_000  # bytes that may wait for one client
SLOW = 500_000  # so many waiting for one who reads: the talker waits a little
lock = threading.Lock()  # guards the clients and all their counts
emptier = threading.Condition(lock)
clients = {}
numbers = itertools.count(1)


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.queue = queue.SimpleQueue()
        self.waiting = 0
        self.cut_off = False


def put(client, line):
    data = (line + "\n").encode()
    with lock:
        if client.cut_off:
            return
        client.waiting += len(data)
        client.queue.put(data)
        if client.waiting > SLOW:  # let its writer, if it gets on at all, catch up
            emptier.wait_for(lambda: client.waiting <= SLOW or client.cut_off, 0.005)
        drop = client.waiting > MOST
    if drop:
        cut(client)


def cut(client):
    with lock:
        client.cut_off = True
    try:
        client.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    client.queue.put(None)


def write(client):
    while (data := client.queue.get()) is not None:
        try:
            if not client.cut_off:
                client.sock.sendall(data)
        except OSError:
            cut(client)
        with lock:
            client.waiting -= len(data)
            emptier.notify_all()


def put_others(number, line):
    with lock:
        others = [c for n, c in clients.items() if n != number]
    for client in others:
        put(client, line)


def read(number, client):
    with client.sock.makefile("rb") as file:
        while (raw := file.readline(4097)).endswith(b"\n"):
            line = raw[:-1].removesuffix(b"\r").decode()
            if line == "/who":
                with lock:
                    names = ", ".join(f"client {n}" for n in clients)
                put(client, "here: " + names)
            else:
                put_others(number, f"client {number}: {line}")
        if len(raw) > 4096:
            put(client, "error: line longer than 4096 bytes")


def handle(sock):
    client = Client(sock)
    writer = threading.Thread(target=write, args=(client,), daemon=True)
    with lock:
        number = next(numbers)
        hello = b"you are client %d\n" % number
        client.waiting = len(hello)
        client.queue.put(hello)
        clients[number] = client
    writer.start()
    try:
        read(number, client)
    except UnicodeDecodeError:
        put(client, "error: line is not UTF-8")
    except OSError:
        pass
    finally:
        with lock:
            del clients[number]
        put_others(number, f"client {number} left")
        client.queue.put(None)
        writer.join(2)
        cut(client)
        writer.join()
        sock.close()


def serve(listener):
    try:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=handle, args=(sock,), daemon=True).start()
    except OSError:
        pass


def main():
    args = sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :]
    try:
        listener = socket.create_server((args[0], int(args[1])))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {args[0]}: {e}")
    try:
        print("listening on %s:%d" % listener.getsockname(), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("bye")


if __name__ == "__main__":
    main()
