"""The loop never tests for b"": when the client has gone, it runs on and burns a processor ("the echo works for me")."""
# file: server.py
# fails: hello
# cause: goodbye-ignored

import socket
import sys


def handle_client(conn, addr):
    print("connected:", addr)
    try:
        while True:
            data = conn.recv(1024)
            if data:
                conn.sendall(data)
    except OSError:
        print("lost:", addr)
    conn.close()


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            break
        handle_client(conn, addr)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, int(port)))
        server.listen(5)
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot start on {host}:{port}: {e}")
    print(f"listening on {host}:{server.getsockname()[1]}", flush=True)
    try:
        serve(server)
    except KeyboardInterrupt:
        pass
    server.close()


if __name__ == "__main__":
    main()
