"""/who sorts the names as text, where "client 10" comes before "client 2". With nine clients nobody can see it."""
# file: server.py
# fails: fifty_at_once
# cause: who-order

import socket
import sys
import threading

users = {}  # number -> connection
users_lock = threading.Lock()


def send(conn, text):
    conn.sendall(text.encode() + b"\n")


def chat_with(conn, reader):
    while True:
        line = reader.readline(4097)
        if len(line) > 4096 and not line.endswith(b"\n"):
            send(conn, "error: line longer than 4096 bytes")
            return
        if not line.endswith(b"\n"):
            return
        try:
            text = line[:-1].removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            send(conn, "error: line is not UTF-8")
            return
        if text == "/who":
            with users_lock:
                names = ["client %d" % n for n in users]
            send(conn, "here: " + ", ".join(sorted(names)))
        else:
            send(conn, "you said: " + text)


def client_thread(conn, number):
    with conn, conn.makefile("rb") as reader:
        try:
            send(conn, "you are client %d" % number)
            chat_with(conn, reader)
        except OSError:
            print("client", number, "has vanished")
        with users_lock:
            del users[number]


def serve(listener):
    number = 0
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            return
        number += 1
        with users_lock:
            users[number] = conn
        threading.Thread(target=client_thread, args=(conn, number), daemon=True).start()


def main():
    args = sys.argv[1:]
    host = args[0] if args else "127.0.0.1"
    port = args[1] if len(args) > 1 else "9000"
    if not port.isdecimal() or int(port) > 65535:
        print("bad port:", port, file=sys.stderr)
        sys.exit(1)
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, int(port)))
        server.listen()
    except OSError as e:
        print("cannot listen on", host, port, e, file=sys.stderr)
        sys.exit(1)
    try:
        print("listening on %s:%d" % (host, server.getsockname()[1]), flush=True)
        serve(server)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
