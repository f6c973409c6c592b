"""The receiver prints whatever recv returned, and print adds a newline each time: a line that comes in two pieces is
shown as two. At home a line always came in one."""
# file: client.py
# fails: client_lines
# cause: not-shown

import codecs
import os
import socket
import sys
import threading


def receive(sock, screen):
    letters = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        try:
            data = sock.recv(1024)
        except OSError:
            return
        if not data:
            return
        print(letters.decode(data).rstrip("\n"), file=screen, flush=True)


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
