"""Who talks waits a second for a full outbox, loses the line, and waits a second again at the next: the stuck one slows all down for ever ("it has a timeout")."""
# file: server.py
# fails: rest_hear_every_line
# cause: too-slow

import queue
import socket
import sys
import threading

clients = {}
mutex = threading.Lock()
next_number = 1


def post(client, line):
    try:
        client["outbox"].put(line, timeout=1)
    except queue.Full:
        pass  # it does not read


def post_all(line, but):
    with mutex:
        targets = [c for n, c in clients.items() if n != but]
    for c in targets:
        post(c, line)


def writing(client):
    while True:
        line = client["outbox"].get()
        if line is None:
            return
        try:
            client["sock"].sendall(f"{line}\n".encode())
        except OSError:
            return


def reading(number, client):
    sock = client["sock"]
    tail = b""
    while True:
        block = sock.recv(65536)
        if block == b"":
            return
        parts = (tail + block).split(b"\n")
        tail = parts.pop()
        for part in parts:
            if len(part) > 4096:
                raise ValueError("line longer than 4096 bytes")
            try:
                text = part.decode()
            except UnicodeDecodeError:
                raise ValueError("line is not UTF-8")
            if text.endswith("\r"):
                text = text[:-1]
            if text == "/who":
                with mutex:
                    answer = "here: " + ", ".join(f"client {n}" for n in clients)
                post(client, answer)
            else:
                post_all(f"client {number}: {text}", number)
        if len(tail) > 4096:
            raise ValueError("line longer than 4096 bytes")


def serve_client(sock):
    global next_number
    client = {"sock": sock, "outbox": queue.Queue(100)}
    with mutex:
        number = next_number
        next_number += 1
        post(client, f"you are client {number}")
        clients[number] = client
    pen = threading.Thread(target=writing, args=(client,), daemon=True)
    pen.start()
    try:
        reading(number, client)
    except ValueError as error:
        post(client, f"error: {error}")
    except OSError:
        pass
    finally:
        with mutex:
            del clients[number]
        post_all(f"client {number} left", number)
        try:
            client["outbox"].put(None, timeout=1)
        except queue.Full:
            pass
        pen.join(1)
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        sock.close()


def serve(listener):
    try:
        while True:
            sock, address = listener.accept()
            threading.Thread(target=serve_client, args=(sock,), daemon=True).start()
    except OSError:
        pass


def main():
    host = sys.argv[1] if len(sys.argv) >= 2 else "127.0.0.1"
    try:
        port = int(sys.argv[2]) if len(sys.argv) >= 3 else 9000
        listener = socket.create_server((host, port))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"error: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]} ...", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
