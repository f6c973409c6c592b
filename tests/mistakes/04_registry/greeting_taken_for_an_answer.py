"""The client reads a line only after it has sent one: the greeting is shown as the answer to the first line, and
every answer comes one line late."""
# file: client.py
# fails: client_greeting
# cause: not-shown

import socket
import sys


def read_line(connection, rest):
    while b"\n" not in rest:
        data = connection.recv(1024)
        if not data:
            raise ConnectionError("the server has gone")
        rest += data
    line, rest = rest.split(b"\n", 1)
    return line.decode(errors="replace"), rest


def chat(connection, keyboard, screen):
    rest = b""
    for typed in keyboard:
        connection.sendall(typed.rstrip("\n").encode() + b"\n")
        line, rest = read_line(connection, rest)
        print(line, file=screen, flush=True)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    try:
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
        connection = socket.create_connection((host, port))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot connect: {e}")
    try:
        chat(connection, sys.stdin, sys.stdout)
    except OSError:
        sys.exit("the server has closed the connection")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
