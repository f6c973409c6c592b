"""It takes what one recv returns for one line ("with nc every line gets its answer")."""
# file: server.py
# fails: seven_segments
# cause: torn

import socket
import sys

MAX_LINE = 4096


def answer(data):
    data = data.removesuffix(b"\n").removesuffix(b"\r")
    if len(data) > MAX_LINE:
        return "error: line longer than 4096 bytes", False
    try:
        return "you said: " + data.decode(), True
    except UnicodeDecodeError:
        return "error: line is not UTF-8", False


def handle_client(conn):
    go_on = True
    while go_on:
        data = conn.recv(8192)
        if not data:
            break
        text, go_on = answer(data)
        conn.sendall(text.encode() + b"\n")


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            return
        try:
            handle_client(conn)
        except OSError as e:
            print(addr, e)
        finally:
            conn.close()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, int(port)))
        server.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot start on {host}:{port}: {e}")
    print(f"listening on {host}:{server.getsockname()[1]}", flush=True)
    try:
        serve(server)
    except KeyboardInterrupt:
        print("bye")
    server.close()


if __name__ == "__main__":
    main()
