"""Thread(target=handle(conn)) calls handle itself, in the accept thread ("my client gets all its answers")."""
# file: server.py
# fails: idle_first
# cause: one-at-a-time

import socket
import sys
import threading


def send(conn, line):
    conn.sendall(line.encode() + b"\n")


def handle(conn):
    buf = b""
    try:
        while data := conn.recv(4096):
            buf += data
            *lines, buf = buf.split(b"\n")
            for line in lines:
                if len(line) > 4096:
                    return send(conn, "error: line longer than 4096 bytes")
                send(conn, "you said: " + line.removesuffix(b"\r").decode())
            if len(buf) > 4096:
                return send(conn, "error: line longer than 4096 bytes")
    except UnicodeDecodeError:
        send(conn, "error: line is not UTF-8")
    except OSError:
        pass
    finally:
        conn.close()


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            return
        t = threading.Thread(target=handle(conn), daemon=True)
        t.start()
        print("thread for", addr)


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
