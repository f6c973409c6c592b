"""The loop of the broadcast uses the handler's own variable: after its first line a client's thread reads from the
last one in the list, and nobody reads from the client. Each one's first line arrives everywhere."""
# file: server.py
# fails: not_the_sender
# cause: reads-another

import socket
import sys
import threading

sockets = {}  # number -> socket
locks = {}
lock = threading.Lock()
count = 0


def send(number, text):
    with locks[number]:
        sockets[number].sendall(f"{text}\n".encode())


def problem(line):
    if len(line) > 4096:
        return "line longer than 4096 bytes"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "line is not UTF-8"


def join(sock):
    global count
    with lock:
        count += 1
        sock.sendall(f"you are client {count}\n".encode())
        locks[count] = threading.Lock()
        sockets[count] = sock
        return count


def handle(sock):
    try:
        number = join(sock)
    except OSError:
        sock.close()
        return
    buffer = b""
    try:
        while True:
            data = sock.recv(1024)
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            if len(buffer) > 4096:
                lines.append(buffer)
            for line in lines:
                if problem(line):
                    send(number, "error: " + problem(line))
                    return
                text = line.removesuffix(b"\r").decode()
                with lock:
                    everybody = list(sockets.items())
                if text == "/who":
                    send(number, "here: " + ", ".join(f"client {n}" for n, s in everybody))
                    continue
                for other, sock in everybody:
                    if other != number:
                        send(other, f"client {number}: {text}")
    except OSError:
        pass
    finally:
        with lock:
            sockets.pop(number).close()
            locks.pop(number)


def serve(listener):
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(sock,), daemon=True).start()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen on port {port}: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
