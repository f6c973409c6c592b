"""After /quit the server closes, as it should, and the client takes that for a failure ("it ends, doesn't it?")."""
# file: client.py
# fails: client_quit
# cause: wrong-status

import os
import socket
import sys
import threading


def show_lines(connection, screen, done):
    buffer = b""
    try:
        while data := connection.recv(4096):
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                print(line.removesuffix(b"\r").decode(errors="replace"), file=screen, flush=True)
    except OSError:
        pass
    if not done.is_set():
        print("the server has gone", file=sys.stderr, flush=True)
        os._exit(1)


def chat(connection, keyboard, screen):
    done = threading.Event()
    reader = threading.Thread(target=show_lines, args=(connection, screen, done), daemon=True)
    reader.start()
    for line in keyboard:
        connection.sendall(line.rstrip("\n").encode() + b"\n")
    done.set()
    connection.shutdown(socket.SHUT_WR)
    reader.join()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        connection = socket.create_connection((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot connect to {host}:{port}: {e}")
    try:
        chat(connection, sys.stdin, sys.stdout)
    except OSError:
        sys.exit("the server has gone")
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
