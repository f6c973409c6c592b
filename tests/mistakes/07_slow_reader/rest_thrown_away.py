"""When a client says goodbye its connection is closed at once, with lines for it still in the outbox ("it said goodbye, didn't it?")."""
# file: server.py
# fails: flushed_after_goodbye
# cause: closed-early

import queue
import socket
import sys
import threading

MAX = 4096
lock = threading.Lock()
outboxes = {}
sockets = {}
last_number = 0


def drop(number):
    sock = sockets.get(number)
    if sock:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def enqueue(number, text):
    outbox = outboxes.get(number)
    if outbox is None:
        return
    try:
        outbox.put(text, timeout=1)
    except queue.Full:
        drop(number)


def broadcast(sender, text):
    with lock:
        numbers = list(outboxes)
    for number in numbers:
        if number != sender:
            enqueue(number, text)


def sender_thread(sock, outbox):
    while True:
        text = outbox.get()
        if text is None:
            break
        try:
            sock.sendall(text.encode() + b"\n")
        except OSError:
            break


def receive_lines(sock):
    buffer = b""
    while True:
        data = sock.recv(1024)
        if not data:
            return
        buffer += data
        lines = buffer.split(b"\n")
        buffer = lines.pop()
        yield from lines
        if len(buffer) > MAX:
            yield buffer


def handle(sock, number, outbox):
    writer = threading.Thread(target=sender_thread, args=(sock, outbox), daemon=True)
    writer.start()
    try:
        for line in receive_lines(sock):
            problem = ""
            if len(line) > MAX:
                problem = "error: line longer than 4096 bytes"
            else:
                try:
                    text = line.removesuffix(b"\r").decode()
                except UnicodeDecodeError:
                    problem = "error: line is not UTF-8"
            if problem:
                enqueue(number, problem)
                outbox.put(None)
                writer.join(1)
                break
            elif text == "/who":
                with lock:
                    here = [f"client {n}" for n in outboxes]
                enqueue(number, "here: " + ", ".join(here))
            else:
                broadcast(number, f"client {number}: {text}")
    except OSError:
        pass
    finally:
        with lock:
            del outboxes[number]
        broadcast(number, f"client {number} left")
        drop(number)
        while writer.is_alive():  # empty the outbox and wake the writer
            try:
                outbox.get_nowait()
            except queue.Empty:
                outbox.put(None)
                writer.join(0.2)
        del sockets[number]
        sock.close()


def serve(listener):
    global last_number
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        last_number += 1
        outbox = queue.Queue(150)
        outbox.put(f"you are client {last_number}")
        with lock:
            outboxes[last_number] = outbox
            sockets[last_number] = sock
        threading.Thread(target=handle, args=(sock, last_number, outbox), daemon=True).start()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1:])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit("cannot listen: " + str(e))
    try:
        print("listening on " + host + ":" + str(listener.getsockname()[1]), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
