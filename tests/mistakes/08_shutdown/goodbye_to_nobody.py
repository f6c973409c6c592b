"""The server wakes and joins every thread, and tells nobody why it goes ("my server stops properly now")."""
# file: server.py
# fails: idle
# cause: no-goodbye

import queue
import socket
import sys
import threading

stop = threading.Event()
lock = threading.Lock()
people = []  # dicts with sock, box, number
counter = 0


def cut(person):
    try:
        person["sock"].shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    if not person["box"].full():
        person["box"].put(None)


def put(person, text):
    try:
        person["box"].put(text, timeout=1)
    except queue.Full:
        cut(person)


def writer(person):
    try:
        for text in iter(person["box"].get, None):
            person["sock"].sendall(bytes(text + "\n", "utf-8"))
    except OSError:
        pass


def all_but(person):
    with lock:
        return [p for p in people if p is not person]


def reader(person):
    stream = person["sock"].makefile("rb")
    name = f"client {person['number']}"
    with stream:
        while not stop.is_set():
            raw = stream.readline(4097)
            if not raw.endswith(b"\n"):
                if len(raw) > 4096:
                    put(person, "error: line longer than 4096 bytes")
                return
            try:
                text = str(raw[:-1].removesuffix(b"\r"), "utf-8")
            except UnicodeDecodeError:
                put(person, "error: line is not UTF-8")
                return
            if text == "/who":
                with lock:
                    put(person, "here: " + ", ".join(f"client {p['number']}" for p in people))
            else:
                for other in all_but(person):
                    put(other, f"{name}: {text}")


def handle(sock):
    global counter
    person = {"sock": sock, "box": queue.Queue(200)}
    with lock:
        counter += 1
        person["number"] = counter
        put(person, f"you are client {counter}")
        people.append(person)
    pen = threading.Thread(target=writer, args=(person,))
    pen.start()
    if stop.is_set():
        cut(person)
    try:
        reader(person)
    except OSError:
        pass
    with lock:
        people.remove(person)
    if not stop.is_set():
        for other in all_but(person):
            put(other, f"client {person['number']} left")
    put(person, None)
    pen.join(1)
    cut(person)
    pen.join()
    sock.close()


def serve(listener):
    threads = []
    try:
        while True:
            sock, _ = listener.accept()
            t = threading.Thread(target=handle, args=(sock,))
            t.start()
            threads.append(t)
    except OSError:
        pass
    finally:
        stop.set()
        for person in all_but(None):
            cut(person)
        for t in threads:
            t.join()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    try:
        listener = socket.create_server((host, int(sys.argv[2]) if len(sys.argv) > 2 else 9000))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
