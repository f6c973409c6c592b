"""Nobody tells a writer thread that its client has left: it waits at its outbox for ever ("it is only a waiting thread")."""
# file: server.py
# fails: rest_hear_every_line
# cause: thread-left

import queue
import socket
import sys
import threading
import time

clients = []  # (number, sock, outbox)
lock = threading.Lock()
number = 0


def send_loop(sock, outbox):
    while True:
        data = outbox.get()
        try:
            sock.sendall(data)
        except OSError:
            pass
        outbox.task_done()


def put(client, text):
    try:
        client[2].put((text + "\n").encode(), timeout=0.5)
    except queue.Full:
        cut(client)


def cut(client):
    try:
        client[1].shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def put_to_all(me, text):
    with lock:
        now = clients[:]
    for client in now:
        if client[0] != me:
            put(client, text)


def recv_loop(client):
    n, sock, outbox = client
    stream = sock.makefile("rb")
    while True:
        line = stream.readline(4097)
        if not line.endswith(b"\n"):
            if len(line) == 4097:
                put(client, "error: line longer than 4096 bytes")
            return
        try:
            line = line.rstrip(b"\n").removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            put(client, "error: line is not UTF-8")
            return
        if line == "/who":
            with lock:
                put(client, "here: " + ", ".join("client " + str(c[0]) for c in clients))
        else:
            put_to_all(n, f"client {n}: {line}")


def start_client(sock):
    global number
    outbox = queue.Queue(200)
    with lock:
        number += 1
        client = (number, sock, outbox)
        put(client, f"you are client {number}")
        clients.append(client)
    threading.Thread(target=send_loop, args=(sock, outbox), daemon=True).start()
    try:
        recv_loop(client)
    except OSError:
        pass
    with lock:
        clients.remove(client)
    put_to_all(client[0], f"client {client[0]} left")
    for _ in range(20):  # let the writer send the rest
        if outbox.unfinished_tasks == 0:
            break
        time.sleep(0.05)
    cut(client)
    sock.close()


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=start_client, args=(sock,), daemon=True).start()


def main():
    host, port = "127.0.0.1", "9000"
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        port = sys.argv[2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on port {port}: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
