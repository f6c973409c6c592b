"""A client without a second thread: it shows one line, sends one line, shows one line. Two of them that talk in turns
work well."""
# file: client.py
# fails: client_hears_while_nobody_types
# cause: not-shown

import socket
import sys


def chat(connection, keyboard, screen):
    stream = connection.makefile("r", encoding="utf-8", errors="replace", newline="\n")
    print(stream.readline().rstrip("\r\n"), file=screen, flush=True)
    for line in keyboard:
        connection.sendall((line.rstrip("\n") + "\n").encode())
        answer = stream.readline()
        if answer == "":
            raise ConnectionError("the server has gone")
        print(answer.rstrip("\r\n"), file=screen, flush=True)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        connection = socket.create_connection((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot connect: {error}")
    try:
        chat(connection, sys.stdin, sys.stdout)
    except OSError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
