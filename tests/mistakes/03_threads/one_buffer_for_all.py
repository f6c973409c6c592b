"""All threads collect their bytes in one global buffer, and so mix two clients' lines ("each of them works alone")."""
# file: server.py
# fails: half_a_line_each
# cause: mixed

import socket
import sys
import threading

buffer = b""


def read_line(conn):
    global buffer
    while b"\n" not in buffer:
        if len(buffer) > 4096:
            break
        data = conn.recv(1024)
        if not data:
            return None
        buffer += data
    line, _, buffer = buffer.partition(b"\n")
    return line


def handle(conn):
    global buffer
    try:
        while (line := read_line(conn)) is not None:
            if len(line) > 4096:
                conn.sendall(b"error: line longer than 4096 bytes\n")
                break
            try:
                text = line.decode().removesuffix("\r")
            except UnicodeDecodeError:
                conn.sendall(b"error: line is not UTF-8\n")
                break
            conn.sendall(f"you said: {text}\n".encode())
    except OSError:
        print("connection lost")
    finally:
        buffer = b""
        conn.close()


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(conn,), daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, int(port)))
        s.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"{host}:{port}: {e}")
    with s:
        print(f"listening on {host}:{s.getsockname()[1]}", flush=True)
        try:
            serve(s)
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
