"""`except: close` inside the loop and no way out of it: after a reset the thread spins ("no more exceptions")."""
# file: server.py
# fails: others_live_on
# cause: error-ignored

import socket
import sys
import threading

ERROR_LONG = b"error: line longer than 4096 bytes\n"
ERROR_UTF8 = b"error: line is not UTF-8\n"


def answer(line):
    """Return the answer, and whether it is a good one."""
    if len(line) > 4096:
        return ERROR_LONG, False
    try:
        return b"you said: " + line.decode().removesuffix("\r").encode() + b"\n", True
    except UnicodeDecodeError:
        return ERROR_UTF8, False


def talk(sock):
    data = b""
    while True:
        try:
            new = sock.recv(4096)
            if not new:
                sock.close()
                return
            data += new
            while b"\n" in data or len(data) > 4096:
                line, _, data = data.partition(b"\n")
                text, good = answer(line)
                sock.sendall(text)
                if not good:
                    sock.close()
                    return
        except:
            sock.close()


def serve(listener):
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            return
        threading.Thread(target=talk, args=[sock], daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, int(port)))
        server.listen(5)
    except Exception as e:
        sys.exit(f"Error: {e}")
    print(f"listening on {host}:{server.getsockname()[1]}", flush=True)
    try:
        serve(server)
    except KeyboardInterrupt:
        print("Server closed")


if __name__ == "__main__":
    main()
