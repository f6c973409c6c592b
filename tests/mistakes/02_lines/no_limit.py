"""A line may be as long as it likes: whoever never sends a newline fills the memory ("nobody writes such long lines")."""
# file: server.py
# fails: too_long
# cause: no-limit

import socket
import sys


def talk(conn):
    buf = b""
    while True:
        data = conn.recv(1024)
        if not data:
            return
        buf += data
        while b"\n" in buf:
            line, buf = buf.split(b"\n", 1)
            try:
                text = line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                conn.sendall(b"error: line is not UTF-8\n")
                return
            conn.sendall(f"you said: {text}\n".encode())


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            return
        with conn:
            try:
                talk(conn)
            except OSError:
                print("lost", addr)


def main():
    args = sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :]
    try:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((args[0], int(args[1])))
        s.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {args[0]}:{args[1]}: {e}")
    print(f"listening on {args[0]}:{s.getsockname()[1]}", flush=True)
    try:
        serve(s)
    except KeyboardInterrupt:
        print("stopped")
    s.close()


if __name__ == "__main__":
    main()
