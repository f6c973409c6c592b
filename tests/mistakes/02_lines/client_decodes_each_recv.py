"""It decodes what each recv returns: half a letter ends the client with a traceback ("привет comes back all right")."""
# file: client.py
# fails: client_lines
# cause: traceback

import socket
import sys

BUFFER = 1024


def receive_line(sock, state):
    while "\n" not in state["text"]:
        data = sock.recv(BUFFER)
        if not data:
            raise ConnectionError("the server has closed the connection")
        state["text"] += data.decode("utf-8")
    line, state["text"] = state["text"].split("\n", 1)
    return line


def chat(connection, keyboard, screen):
    state = {"text": ""}
    for line in keyboard:
        connection.sendall(line.rstrip("\n").encode() + b"\n")
        print(receive_line(connection, state), file=screen, flush=True)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        sock = socket.create_connection((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"no connection to {host}:{port}: {e}")
    with sock:
        try:
            chat(sock, sys.stdin, sys.stdout)
        except KeyboardInterrupt:
            print()
        except OSError as e:
            sys.exit(str(e))


if __name__ == "__main__":
    main()
