"""An echo server as a class that receives into one buffer and sends back the filled part of it."""
# file: server.py

import os
import socket
import sys


class EchoServer:
    def __init__(self, listener):
        self.listener = listener
        self.buffer = bytearray(2000)
        self.view = memoryview(self.buffer)

    def run(self):
        while (client := self.next_client()) is not None:
            try:
                self.echo(client)
            except OSError as error:
                print("a client has vanished:", error)
            finally:
                client.close()

    def next_client(self):
        try:
            return self.listener.accept()[0]
        except OSError:
            return None

    def echo(self, client):
        count = client.recv_into(self.buffer)
        while count > 0:
            sent = 0
            while sent < count:
                sent += client.send(self.view[sent:count])
            count = client.recv_into(self.buffer)


def serve(listener):
    EchoServer(listener).run()


def main():
    host, port = (sys.argv[1:3] + ["127.0.0.1", "9000"][len(sys.argv[1:3]) :])
    listener = socket.socket()
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen(5)
    except (OSError, ValueError, OverflowError) as error:
        listener.close()
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("bye")
    finally:
        listener.close()


if __name__ == "__main__":
    main()
