"""After a reset the thread ends without closing the connection ("the traceback goes by, the others chat on")."""
# file: server.py
# fails: others_live_on
# cause: exception

import socket
import sys
import threading

clients = {}


def send_line(sock, line):
    sock.sendall(line.encode() + b"\n")


def talk(sock, address):
    rest = b""
    while True:
        data = sock.recv(1024)
        if data == b"":
            break
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > 4096:
            lines.append(rest)
        try:
            for line in lines:
                if len(line) > 4096:
                    raise ValueError("line longer than 4096 bytes")
                send_line(sock, "you said: " + line.removesuffix(b"\r").decode())
        except UnicodeDecodeError:
            send_line(sock, "error: line is not UTF-8")
            break
        except ValueError as error:
            send_line(sock, f"error: {error}")
            break
    sock.close()
    del clients[address]


def serve(listener):
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            return
        clients[address] = sock
        threading.Thread(target=talk, args=(sock, address), daemon=True).start()
        print(len(clients), "clients")


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}")
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")
    listener.close()


if __name__ == "__main__":
    main()
