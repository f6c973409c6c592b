"""Each client gets a second thread, which ends only with the server ("I see no delay, and Ctrl-C ends them all")."""
# file: server.py
# fails: threads_end
# cause: thread-left

import socket
import sys
import threading
import time

stopping = threading.Event()


def watch(address, seen):
    """Say on the server's screen when a client has been silent for a minute."""
    while not stopping.wait(0.5):
        if time.time() - seen["last"] > 60:
            print(address, "is idle")
            seen["last"] = time.time()


def answer(sock, line):
    try:
        if len(line) > 4096:
            raise ValueError
        sock.sendall(f"you said: {line.decode().removesuffix(chr(13))}\n".encode())
        return True
    except UnicodeDecodeError:
        sock.sendall(b"error: line is not UTF-8\n")
    except ValueError:
        sock.sendall(b"error: line longer than 4096 bytes\n")
    return False


def talk(sock, seen):
    buffer = b""
    while data := sock.recv(4096):
        seen["last"] = time.time()
        *lines, buffer = (buffer + data).split(b"\n")
        if len(buffer) > 4096:
            lines.append(buffer)
        for line in lines:
            if not answer(sock, line):
                return


def handle(sock, address):
    seen = {"last": time.time()}
    threading.Thread(target=watch, args=(address, seen), daemon=True).start()
    with sock:
        try:
            talk(sock, seen)
        except OSError:
            print(address, "vanished")


def serve(listener):
    stopping.clear()
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            stopping.set()
            return
        threading.Thread(target=handle, args=(sock, address), daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        stopping.set()


if __name__ == "__main__":
    main()
