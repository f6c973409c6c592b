r"""strip() is to take away \n and \r, and takes the blanks at both ends of the line, too ("looks tidier, even")."""
# file: server.py
# fails: blanks
# cause: stripped

import socket
import sys


def serve_client(c):
    queue = b""
    while True:
        got = c.recv(4096)
        if not got:
            return
        queue += got
        parts = queue.split(b"\n")
        queue = parts[-1]
        for part in parts[:-1]:
            if len(part) > 4096:
                c.sendall(b"error: line longer than 4096 bytes\n")
                return
            try:
                message = part.decode("utf8").strip()
            except UnicodeDecodeError:
                c.sendall(b"error: line is not UTF-8\n")
                return
            c.sendall(f"you said: {message}\n".encode("utf8"))
        if len(queue) > 4096:
            c.sendall(b"error: line longer than 4096 bytes\n")
            return


def serve(listener):
    while True:
        try:
            c, a = listener.accept()
        except OSError:
            return
        try:
            serve_client(c)
        except OSError:
            print(a, "is gone")
        finally:
            c.close()


def main():
    try:
        host = sys.argv[1]
    except IndexError:
        host = "127.0.0.1"
    try:
        port = int(sys.argv[2])
    except IndexError:
        port = 9000
    except ValueError:
        sys.exit("PORT must be a number")
    l = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        l.bind((host, port))
        l.listen()
    except (OSError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    print(f"listening on {host}:{l.getsockname()[1]}", flush=True)
    try:
        serve(l)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
