"""Nothing catches the error of a client that vanishes, so one reset ends the server ("my client always exits nicely")."""
# file: server.py
# fails: reset
# cause: server-died

import socket
import sys


def serve(listener):
    while True:
        try:
            connection, address = listener.accept()
        except OSError:
            return
        print("new client", address)
        with connection:
            while True:
                data = connection.recv(1024)
                if not data:
                    print("client left", address)
                    break
                connection.sendall(data)


def start_listening(host, port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    listener.listen(1)
    return listener


def main():
    host = sys.argv[1] if len(sys.argv) >= 2 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) >= 3 else 9000
    try:
        listener = start_listening(host, port)
    except (OSError, ValueError, OverflowError) as err:
        sys.exit(f"could not listen on {host}:{port} ({err})")
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        print("server stopped")
    finally:
        listener.close()


if __name__ == "__main__":
    main()
