"""The writer sees its client off itself, and that function joins the writer, which is the thread it runs in ("the window is closed, fine")."""
# file: server.py
# fails: rest_hear_every_line
# cause: exception

import queue
import socket
import sys
import threading

clients = []
clients_lock = threading.Lock()
n = 0


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile("rb")
        self.out = queue.Queue(300)
        self.writer = threading.Thread(target=write, args=(self,), daemon=True)
        self.reader = threading.Thread(target=read, args=(self,), daemon=True)


def write(client):
    try:
        while (line := client.out.get()) != "STOP":
            client.sock.sendall((line + "\n").encode())
    except OSError:
        pass
    see_off(client)


def see_off(client):
    client.writer.join()
    client.reader.join()
    client.file.close()
    client.sock.close()


def send(client, line):
    try:
        client.out.put(line, timeout=1)
    except queue.Full:
        try:
            client.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def send_others(client, line):
    with clients_lock:
        others = [c for c in clients if c is not client]
    for other in others:
        send(other, line)


def read(client):
    try:
        while True:
            raw = client.file.readline(4097)
            if len(raw) > 4096 and raw[-1:] != b"\n":
                send(client, "error: line longer than 4096 bytes")
                break
            if raw[-1:] != b"\n":
                break
            line = raw[:-1].removesuffix(b"\r").decode()
            if line == "/who":
                with clients_lock:
                    send(client, "here: " + ", ".join(c.name for c in clients))
            else:
                send_others(client, f"{client.name}: {line}")
    except UnicodeDecodeError:
        send(client, "error: line is not UTF-8")
    except OSError:
        pass
    with clients_lock:
        clients.remove(client)
    send_others(client, f"{client.name} left")
    send(client, "STOP")


def serve(listener):
    global n
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            return
        client = Client(sock)
        n += 1
        client.name = f"client {n}"
        send(client, f"you are {client.name}")
        with clients_lock:
            clients.append(client)
        client.writer.start()
        client.reader.start()


def main():
    host = sys.argv[1] if sys.argv[1:] else "127.0.0.1"
    port = sys.argv[2] if sys.argv[2:] else "9000"
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
