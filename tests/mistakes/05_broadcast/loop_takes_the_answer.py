"""The loop of the broadcast uses the handler's own variable: once a client has spoken, the answers to its /who go to
the last in the list. /who alone works, chat alone works."""
# file: server.py
# fails: not_the_sender
# cause: answered-another

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


def who():
    with room_lock:
        return "here: " + ", ".join(f"client {n}" for n in room)


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
    stream = sock.makefile("rb")
    with sock, stream:
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
                if text == "/who":
                    tell(sock, who())
                    continue
                with room_lock:
                    people = list(room.items())
                for other, sock in people:
                    if other != number:
                        tell(sock, f"client {number}: {text}")
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
