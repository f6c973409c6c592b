"""It does not set SO_REUSEADDR: a restart fails for a minute ("it starts; sometimes I just have to wait a bit")."""
# file: server.py
# fails: starts_again
# cause: address-in-use

import socket
import sys


def talk(c):
    with c:
        while (data := c.recv(2048)) != b"":
            c.sendall(data)


def serve(listener):
    while True:
        try:
            c, addr = listener.accept()
        except OSError:
            return
        try:
            talk(c)
        except OSError as e:
            print(addr, "has vanished:", e)


def main():
    args = sys.argv[1:]
    HOST = args[0] if args else "127.0.0.1"
    try:
        PORT = int(args[1]) if len(args) > 1 else 9000
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.bind((HOST, PORT))
        s.listen()
    except (ValueError, OverflowError):
        sys.exit("the port must be a number from 0 to 65535")
    except OSError as e:
        sys.exit(f"cannot listen: {e}")
    with s:
        try:
            print("listening on %s:%d" % (HOST, s.getsockname()[1]), flush=True)
            serve(s)
        except KeyboardInterrupt:
            print("\nstopped")


if __name__ == "__main__":
    main()
