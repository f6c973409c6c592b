"""It decodes what it gets and encodes it again: bytes that are no text end the server ("hello comes back")."""
# file: server.py
# fails: again_and_again
# cause: server-died

import socket
import sys


def echo_loop(conn):
    while True:
        msg = conn.recv(1024).decode("utf-8")
        if msg == "":
            return
        print("received:", repr(msg))
        conn.sendall(msg.encode("utf-8"))


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            return
        try:
            echo_loop(conn)
        except OSError:
            print(addr, "disconnected")
        finally:
            conn.close()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        print("bind:", e, file=sys.stderr)
        return 1
    sock.listen()
    print("listening on %s:%s" % (host, sock.getsockname()[1]), flush=True)
    try:
        serve(sock)
    except KeyboardInterrupt:
        print("interrupted")
    sock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
