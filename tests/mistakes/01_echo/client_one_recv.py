"""It shows what one recv returns, be it only a piece of the echo ("on my machine the whole line comes at once")."""
# file: client.py
# fails: client_shows_the_echo
# cause: not-shown

import socket
import sys


def chat(connection, keyboard, screen):
    for line in keyboard:
        connection.sendall(line.encode("utf-8"))
        data = connection.recv(1024)
        if not data:
            raise ConnectionError("server is gone")
        screen.write(data.decode("utf-8"))
        screen.flush()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.connect((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot connect to {host}:{port}: {e}")
    try:
        chat(sock, sys.stdin, sys.stdout)
    except OSError:
        sys.exit("the server has closed the connection")
    except KeyboardInterrupt:
        print()
    finally:
        sock.close()


if __name__ == "__main__":
    main()
