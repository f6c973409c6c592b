"""It decodes each recv with errors="replace": a cut letter becomes two question marks ("no exceptions any more")."""
# file: server.py
# fails: cut_letter
# cause: mojibake

import socket
import sys


def get_lines(connection):
    text = ""
    while data := connection.recv(1024):
        text += data.decode(errors="replace")
        *complete, text = text.split("\n")
        yield from complete
        if len(text.encode()) > 4096:
            yield text


def talk(connection):
    for line in get_lines(connection):
        if len(line.encode()) > 4096:
            connection.sendall(b"error: line longer than 4096 bytes\n")
            break
        connection.sendall(f"you said: {line.removesuffix(chr(13))}\n".encode())


def serve(listener):
    while True:
        try:
            connection, address = listener.accept()
        except OSError:
            return
        try:
            talk(connection)
        except OSError as e:
            print(address, "left:", e)
        connection.close()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    with listener:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        try:
            serve(listener)
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
