"""It decodes each recv with errors="ignore": a cut letter is gone ("I never see a strange character")."""
# file: server.py
# fails: cut_letter
# cause: mojibake

import socket
import sys

TOO_LONG = "error: line longer than 4096 bytes"


def reply(sock, text):
    sock.sendall(bytes(text + "\n", "utf-8"))


def listen_to(sock):
    msg = ""
    while True:
        data = sock.recv(512)
        if data == b"":
            break
        msg = msg + data.decode("utf-8", "ignore")
        while msg.count("\n") > 0:
            end = msg.index("\n")
            line = msg[:end]
            msg = msg[end + 1 :]
            if len(bytes(line, "utf-8")) > 4096:
                reply(sock, TOO_LONG)
                return
            if line.endswith("\r"):
                line = line[:-1]
            reply(sock, "you said: " + line)
        if len(bytes(msg, "utf-8")) > 4096:
            reply(sock, TOO_LONG)
            return


def serve(listener):
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            return
        try:
            listen_to(sock)
        except OSError:
            pass
        finally:
            sock.close()


def main():
    host = "127.0.0.1"
    port = "9000"
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        port = sys.argv[2]
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit("bind failed: " + str(e))
    server.listen(10)
    print("listening on " + host + ":" + str(server.getsockname()[1]), flush=True)
    try:
        serve(server)
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
