"""A line that is not UTF-8 ends the whole server: nothing catches UnicodeDecodeError ("my clients send UTF-8")."""
# file: server.py
# fails: not_utf8
# cause: server-died

import socket
import sys


def lines_of(sock):
    rest = b""
    while True:
        new = sock.recv(4096)
        if not new:
            break
        rest += new
        while (i := rest.find(b"\n")) >= 0:
            yield rest[:i]
            rest = rest[i + 1 :]
        if len(rest) > 4096:
            yield rest
            break


def serve(listener):
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            break
        print("hello", addr)
        try:
            for line in lines_of(sock):
                if len(line) > 4096:
                    sock.sendall(b"error: line longer than 4096 bytes\n")
                    break
                text = line.decode().removesuffix("\r")
                print(addr, "says", text)
                sock.sendall(b"you said: %s\n" % text.encode())
        except OSError:
            print("lost", addr)
        finally:
            sock.close()


def main():
    host, port = (sys.argv[1:3] + ["127.0.0.1", "9000"][len(sys.argv[1:3]) :])
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"{e}")
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        print("ok, bye")


if __name__ == "__main__":
    main()
