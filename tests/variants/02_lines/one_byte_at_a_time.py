"""A server that receives one byte at a time: slow, and simple to get right."""
# file: server.py

import os
import socket
import sys


class Refused(Exception):
    pass


def read_line(sock):
    """Return one line without its end, or None when the client has left."""
    line = bytearray()
    while True:
        byte = sock.recv(1)
        if byte == b"":
            return None
        if byte == b"\n":
            break
        line += byte
        if len(line) > 4096:
            raise Refused("line longer than 4096 bytes")
    if line.endswith(b"\r"):
        del line[-1]
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise Refused("line is not UTF-8") from None


def talk(sock):
    try:
        while (line := read_line(sock)) is not None:
            sock.sendall(b"you said: " + line.encode() + b"\n")
    except Refused as error:
        sock.sendall(b"error: " + str(error).encode() + b"\n")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):  # what is still unread when we close would reset the connection
            pass


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        try:
            talk(sock)
        except OSError:
            pass
        finally:
            sock.close()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("bye")
    listener.close()


if __name__ == "__main__":
    main()
