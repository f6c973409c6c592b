r"""It keeps the \r of clients that end lines with \r\n ("it looks right in my terminal": \r moves the cursor only)."""
# file: server.py
# fails: carriage_return
# cause: carriage-return

import socket
import sys

LIMIT = 4096


def read_line(sock, buffer):
    """Return (line, rest), or (None, rest) at the end."""
    while b"\n" not in buffer and len(buffer) <= LIMIT:
        data = sock.recv(4096)
        if not data:
            return None, buffer
        buffer += data
    line, _, rest = buffer.partition(b"\n")
    return line, rest


def talk(sock):
    line, buffer = read_line(sock, b"")
    while line is not None:
        if len(line) > LIMIT:
            sock.sendall(b"error: line longer than 4096 bytes\n")
            return
        try:
            text = str(line, "utf-8")
        except UnicodeDecodeError:
            sock.sendall(b"error: line is not UTF-8\n")
            return
        sock.sendall(("you said: " + text + "\n").encode())
        line, buffer = read_line(sock, buffer)


def serve(listener):
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            return
        with sock:
            try:
                talk(sock)
            except OSError as e:
                print(f"{addr}: {e}")


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, int(port)))
        server.listen()
    except (OSError, ValueError, OverflowError) as e:
        print(f"server: {e}", file=sys.stderr)
        sys.exit(1)
    print(f"listening on {host}:{server.getsockname()[1]}", flush=True)
    try:
        serve(server)
    except KeyboardInterrupt:
        print("goodbye")


if __name__ == "__main__":
    main()
