"""`if` where `while` belongs: of several lines that come at once it answers one ("nobody types that fast")."""
# file: server.py
# fails: three_in_one
# cause: lines-left

import socket
import sys


def close_with_error(sock, reason):
    sock.sendall(f"error: {reason}\n".encode())


def chat_with(sock):
    pending = b""
    while True:
        data = sock.recv(1024)
        if not data:
            return
        pending += data
        if b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            if len(line) > 4096:
                return close_with_error(sock, "line longer than 4096 bytes")
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                return close_with_error(sock, "line is not UTF-8")
            if text.endswith("\r"):
                text = text[:-1]
            sock.sendall(f"you said: {text}\n".encode())
        if len(pending) > 4096:
            return close_with_error(sock, "line longer than 4096 bytes")


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            break
        with sock:
            try:
                chat_with(sock)
            except OSError:
                pass


def main():
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, int(port)))
        listener.listen()
    except Exception as e:
        sys.exit(f"ERROR: {e}")
    print("listening on %s:%d" % (address, listener.getsockname()[1]), flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
