"""Passes the line on and also answers its sender "you said", as the stage before did. A confirmation can do no harm,
I thought."""
# file: server.py
# fails: not_the_sender
# cause: echoed

import socket
import sys
import threading

MAX = 4096
room = {}  # number -> socket
last_number = 0
room_lock = threading.Lock()
send_lock = threading.Lock()


def tell(sock, text):
    with send_lock:
        sock.sendall(f"{text}\n".encode())


def tell_others(number, text):
    with room_lock:
        others = [(n, sock) for n, sock in room.items()]
    for other, sock in others:
        if other != number:
            tell(sock, f"client {number}: {text}")


def answer(number, sock, text):
    if text == "/who":
        with room_lock:
            names = [f"client {n}" for n in room]
        tell(sock, "here: " + ", ".join(names))
    else:
        tell_others(number, text)
        tell(sock, f"you said: {text}")


def enter(sock):
    global last_number
    with room_lock:  # nobody can send to it before it is in the room
        last_number += 1
        sock.sendall(f"you are client {last_number}\n".encode())
        room[last_number] = sock
        return last_number


def one_client(sock):
    try:
        number = enter(sock)
    except OSError:
        sock.close()
        return
    with sock, sock.makefile("rb") as stream:
        try:
            for line in iter(lambda: stream.readline(MAX + 1), b""):
                if line[-1:] != b"\n":
                    if len(line) > MAX:
                        tell(sock, f"error: line longer than {MAX} bytes")
                    break
                try:
                    text = line.removesuffix(b"\n").removesuffix(b"\r").decode()
                except UnicodeDecodeError:
                    tell(sock, "error: line is not UTF-8")
                    break
                answer(number, sock, text)
        except OSError:
            pass
        with room_lock:
            del room[number]


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=one_client, args=(sock,), daemon=True).start()


def main():
    args = sys.argv[1:]
    host = args[0] if args else "127.0.0.1"
    port = args[1] if len(args) > 1 else "9000"
    if not port.isdecimal() or int(port) > 65535:
        sys.exit(f"bad port {port}")
    try:
        listener = socket.create_server((host, int(port)))
    except OSError as e:
        sys.exit(f"cannot listen on {host} {port}: {e}")
    try:
        print("listening on %s:%d" % (host, listener.getsockname()[1]), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
