"""Whoever talks sends to all the others itself: one who does not read stops everyone who talks ("my clients all read")."""
# file: server.py
# fails: rest_hear_every_line
# cause: stuck-in-send

import socket
import sys
import threading

members = []  # [number, socket, lock]
guard = threading.Lock()
last = 0


def send(member, text):
    number, conn, lock = member
    try:
        with lock:
            conn.sendall((text + "\n").encode())
    except OSError:
        pass


def tell_others(me, text):
    with guard:
        others = [m for m in members if m is not me]
    for other in others:
        send(other, text)


def lines_of(conn):
    with conn.makefile("rb") as f:
        while raw := f.readline(4097):
            if not raw.endswith(b"\n"):
                if len(raw) > 4096:
                    raise ValueError("line longer than 4096 bytes")
                return
            try:
                yield raw[:-1].removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                raise ValueError("line is not UTF-8")


def talk(me):
    number, conn, lock = me
    try:
        for line in lines_of(conn):
            if line == "/who":
                with guard:
                    names = ["client %d" % m[0] for m in members]
                send(me, "here: " + ", ".join(names))
            else:
                tell_others(me, "client %d: %s" % (number, line))
    except ValueError as e:
        send(me, "error: %s" % e)
    except OSError:
        pass


def client_thread(conn):
    global last
    with guard:
        last += 1
        me = [last, conn, threading.Lock()]
        try:
            conn.sendall(b"you are client %d\n" % last)
        except OSError:
            pass
        members.append(me)
    try:
        talk(me)
    finally:
        with guard:
            members.remove(me)
        tell_others(me, "client %d left" % me[0])
        conn.close()


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            break
        threading.Thread(target=client_thread, args=(conn,), daemon=True).start()


def main():
    try:
        host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
        listener = socket.create_server((host, port))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit("cannot listen: %s" % e)
    try:
        print("listening on %s:%d" % (host, listener.getsockname()[1]), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
