"""accept is outside of the loop: one client is served, then serve returns ("I restart the server before each try")."""
# file: server.py
# fails: next_client
# cause: serve-returned

import socket
import sys


def serve(listener):
    try:
        conn, addr = listener.accept()
    except OSError:
        return
    with conn:
        print(f"Connected by {addr}")
        try:
            while True:
                data = conn.recv(1024)
                if not data:
                    break
                conn.sendall(data)
        except OSError as exc:
            print(f"{addr}: {exc}")


def parse_args():
    host = "127.0.0.1"
    port = 9000
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        try:
            port = int(sys.argv[2])
        except ValueError:
            sys.exit("The port has to be a number.")
        if port < 0 or port > 65535:
            sys.exit("The port has to be between 0 and 65535.")
    return host, port


def main():
    host, port = parse_args()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((host, port))
        except OSError as exc:
            sys.exit(f"Cannot bind: {exc}")
        s.listen()
        print(f"listening on {host}:{s.getsockname()[1]}", flush=True)
        try:
            serve(s)
        except KeyboardInterrupt:
            print("Bye")


if __name__ == "__main__":
    main()
