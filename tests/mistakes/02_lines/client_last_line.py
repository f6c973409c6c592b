"""It counts on the newline that the keyboard gives: a last line without one is never a line ("I always press Enter")."""
# file: client.py
# fails: client_last_line
# cause: no-newline

import socket
import sys


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.data = b""

    def read_line(self):
        while b"\n" not in self.data:
            new = self.sock.recv(4096)
            if new == b"":
                return None
            self.data += new
        line, self.data = self.data.split(b"\n", 1)
        return line.decode(errors="replace").rstrip("\r")


def chat(connection, keyboard, screen):
    server = Connection(connection)
    for line in keyboard:
        connection.sendall(line.encode())
        answer = server.read_line()
        if answer is None:
            raise ConnectionError
        screen.write(answer + "\n")
        screen.flush()


def main():
    host, port = "127.0.0.1", "9000"
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        port = sys.argv[2]
    sock = socket.socket()
    try:
        sock.connect((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot connect to {host}:{port}: {e}")
    try:
        chat(sock, sys.stdin, sys.stdout)
    except KeyboardInterrupt:
        print("bye")
    except OSError:
        sys.exit("the server is gone")
    finally:
        sock.close()


if __name__ == "__main__":
    main()
