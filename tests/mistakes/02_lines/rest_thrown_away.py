"""After the whole lines it empties the buffer, and the beginning of the next line with it ("three at once work, too")."""
# file: server.py
# fails: one_and_a_half
# cause: lost-beginning

import socket
import sys

LIMIT = 4096


def send(client, text):
    client.sendall((text + "\n").encode())


def process(client, line):
    """Return whether the conversation goes on."""
    if len(line) > LIMIT:
        send(client, "error: line longer than 4096 bytes")
        return False
    try:
        send(client, "you said: " + line.removesuffix(b"\r").decode())
        return True
    except UnicodeDecodeError:
        send(client, "error: line is not UTF-8")
        return False


def run(client):
    buffer = bytearray()
    while True:
        chunk = client.recv(2048)
        if len(chunk) == 0:
            return
        buffer.extend(chunk)
        if b"\n" in buffer:
            for line in bytes(buffer).split(b"\n")[:-1]:
                if not process(client, line):
                    return
            buffer.clear()
        elif len(buffer) > LIMIT:
            send(client, "error: line longer than 4096 bytes")
            return


def serve(listener):
    while True:
        try:
            client, addr = listener.accept()
        except OSError:
            return
        try:
            run(client)
        except OSError:
            print("lost", addr)
        client.close()


def main():
    host, port = "127.0.0.1", "9000"
    if len(sys.argv) > 1:
        host = sys.argv[1]
    if len(sys.argv) > 2:
        port = sys.argv[2]
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot bind to {host}:{port}: {e}")
    s.listen()
    print(f"listening on {host}:{s.getsockname()[1]}", flush=True)
    try:
        serve(s)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
