"""It receives once, answers once and hangs up: there is no loop ("I type hello and get hello")."""
# file: server.py
# fails: again_and_again
# cause: closed-early

import socket
import sys


def serve(listener):
    while True:
        try:
            client_socket, client_address = listener.accept()
        except OSError:
            return
        try:
            request = client_socket.recv(65536)
            client_socket.sendall(request)
        except OSError:
            print("client went away")
        client_socket.close()


def main():
    host, port = "127.0.0.1", 9000
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        if not sys.argv[2].isdigit() or int(sys.argv[2]) > 65535:
            sys.exit("usage: server.py [HOST] [PORT], the port from 0 to 65535")
        port = int(sys.argv[2])

    server_socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server_socket.bind((host, port))
        server_socket.listen()
    except OSError as e:
        sys.exit(f"bind failed: {e}")
    print(f"listening on {host}:{server_socket.getsockname()[1]}", flush=True)

    try:
        serve(server_socket)
    except KeyboardInterrupt:
        print("Shutting down")
    server_socket.close()


if __name__ == "__main__":
    main()
