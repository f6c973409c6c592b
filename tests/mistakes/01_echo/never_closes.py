"""The connection is never closed: the client waits for the end for ever ("my client does not mind")."""
# file: server.py
# fails: hello
# cause: not-closed

import socket
import sys

connections = []  # everybody who has ever come


def echo(client):
    while True:
        try:
            data = client.recv(1024)
            if not data:
                break
            client.sendall(data)
        except OSError:
            break
    print("client finished")


def serve(listener):
    try:
        while True:
            client, address = listener.accept()
            connections.append(client)
            print("client number", len(connections), "from", address[0])
            echo(client)
    except OSError:
        print("the listener is closed")


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        port = int(port)
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(10)
    except (ValueError, OverflowError):
        sys.exit(f"bad port {port!r}")
    except OSError as e:
        sys.exit(f"cannot use port {port}: {e}")
    print(f"listening on {host}:{sock.getsockname()[1]} ...", flush=True)
    try:
        serve(sock)
    except KeyboardInterrupt:
        sock.close()


if __name__ == "__main__":
    main()
