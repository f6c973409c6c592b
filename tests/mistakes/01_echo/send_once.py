"""It calls send, which may take only a part, and does not look at what it returns ("short texts always come back")."""
# file: server.py
# fails: megabyte
# cause: send-not-sendall

import socket
import sys

BUFSIZE = 4096


class EchoServer:
    def __init__(self, listener):
        self.listener = listener

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.echo(client)

    def echo(self, client):
        try:
            message = client.recv(BUFSIZE)
            while message != b"":
                client.send(message)
                message = client.recv(BUFSIZE)
        except OSError:
            pass
        finally:
            client.close()


def serve(listener):
    EchoServer(listener).run()


def main():
    host, port = "127.0.0.1", 9000
    if len(sys.argv) > 1:
        host = sys.argv[1]
    try:
        if len(sys.argv) > 2:
            port = int(sys.argv[2])
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except Exception as error:
        print("Error:", error, file=sys.stderr)
        sys.exit(1)
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        print("bye")
    finally:
        listener.close()


if __name__ == "__main__":
    main()
