"""The receiver decodes whatever recv returned: a letter that is cut in two ends its thread. In English it works."""
# file: client.py
# fails: client_lines
# cause: traceback

import os
import socket
import sys
import threading


def receive(sock, screen):
    text = ""
    while True:
        try:
            data = sock.recv(1024)
        except OSError:
            return
        if not data:
            return
        text += data.decode()
        while "\n" in text:
            line, text = text.split("\n", 1)
            print(line, file=screen, flush=True)


def chat(connection, keyboard, screen):
    done = []

    def listen():
        receive(connection, screen)
        if not done:
            print("the server has gone", file=sys.stderr, flush=True)
            os._exit(1)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    for line in keyboard:
        connection.sendall(line.rstrip("\n").encode() + b"\n")
    done.append(True)
    connection.shutdown(socket.SHUT_WR)
    listener.join()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    try:
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
        connection = socket.create_connection((host, port))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"no connection: {error}")
    try:
        chat(connection, sys.stdin, sys.stdout)
    except OSError:
        sys.exit("the server has gone")
    except KeyboardInterrupt:
        pass
    connection.close()


if __name__ == "__main__":
    main()
