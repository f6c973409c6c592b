"""It joins each thread right after its start, and so waits for that client ("start and join belong together")."""
# file: server.py
# fails: idle_first
# cause: one-at-a-time

import socket
import sys
import threading


def get_lines(sock):
    data = b""
    while True:
        while b"\n" in data:
            line, _, data = data.partition(b"\n")
            yield line
        if len(data) > 4096:
            yield data
        more = sock.recv(2048)
        if more == b"":
            return
        data += more


def work(sock):
    try:
        for line in get_lines(sock):
            if len(line) > 4096:
                sock.sendall(b"error: line longer than 4096 bytes\n")
                break
            try:
                text = line.decode().removesuffix("\r")
            except UnicodeDecodeError:
                sock.sendall(b"error: line is not UTF-8\n")
                break
            sock.sendall(("you said: %s\n" % text).encode())
    except OSError:
        print("somebody vanished")
    sock.close()


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        worker = threading.Thread(target=work, args=(sock,))
        worker.start()
        worker.join()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot bind to {host}:{port}: {e}")
    s.listen()
    print(f"listening on {host}:{s.getsockname()[1]}", flush=True)
    try:
        serve(s)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
