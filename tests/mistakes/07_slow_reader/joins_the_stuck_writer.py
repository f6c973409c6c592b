"""Who talks throws the stuck client out, and then waits until its writer has ended: it never does ("always join your threads")."""
# file: server.py
# fails: rest_hear_every_line
# cause: join-stuck

import queue
import socket
import sys
import threading


class Member:
    def __init__(self, sock):
        self.sock = sock
        self.queue = queue.Queue(256)
        self.thread = threading.Thread(target=self.write, daemon=True)
        self.thread.start()

    def write(self):
        try:
            while True:
                line = self.queue.get()
                if line is None:
                    return
                self.sock.sendall(line)
        except OSError:
            pass

    def send(self, text):
        try:
            self.queue.put(text.encode() + b"\n", timeout=1)
        except queue.Full:
            leave(self)

    def finish(self):
        if self.thread.is_alive():
            try:
                self.queue.put(None, timeout=1)
            except queue.Full:
                pass
        self.thread.join()
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


members = {}
members_lock = threading.Lock()
joined = 0


def tell_all(text, sender=None):
    with members_lock:
        others = [m for m in members.values() if m is not sender]
    for m in others:
        m.send(text)


def leave(member):
    with members_lock:
        number = next((n for n, m in members.items() if m is member), None)
        if number is None:
            return
        del members[number]
    member.finish()
    tell_all(f"client {number} left")


def check(raw):
    if len(raw) > 4096:
        return None, "error: line longer than 4096 bytes"
    try:
        return raw.removesuffix(b"\r").decode(), None
    except UnicodeDecodeError:
        return None, "error: line is not UTF-8"


def talk(member, number):
    rest = b""
    while data := member.sock.recv(4096):
        *lines, rest = (rest + data).split(b"\n")
        for raw in lines + ([rest] if len(rest) > 4096 else []):
            line, error = check(raw)
            if error:
                member.send(error)
                return
            if line == "/who":
                with members_lock:
                    names = [f"client {n}" for n in members]
                member.send("here: " + ", ".join(names))
            else:
                tell_all(f"client {number}: {line}", member)


def handle(sock):
    global joined
    member = Member(sock)
    with members_lock:
        joined += 1
        number = joined
        member.send(f"you are client {number}")
        members[number] = member
    try:
        talk(member, number)
    except OSError:
        pass
    finally:
        leave(member)
        sock.close()


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(sock,), daemon=True).start()


def main():
    try:
        host, port = (sys.argv + ["127.0.0.1", "9000"][len(sys.argv) - 1:])[1:3]
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
