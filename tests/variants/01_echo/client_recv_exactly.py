"""A client that takes byte after byte out of the connection until the newline of its echo has come."""
# file: client.py

import socket
import sys


def echo_of(connection):
    echo = bytearray()
    while not echo.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise ConnectionError("the server is gone")
        echo += byte
    return echo.decode()


def chat(connection, keyboard, screen):
    for line in keyboard:
        if not line.endswith("\n"):
            line += "\n"
        connection.sendall(line.encode())
        screen.write(echo_of(connection))
        screen.flush()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        connection = socket.create_connection((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot connect to {host}:{port}: {error}")
    try:
        chat(connection, sys.stdin, sys.stdout)
    except OSError as error:
        sys.exit(f"lost the connection: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        connection.close()


if __name__ == "__main__":
    main()
