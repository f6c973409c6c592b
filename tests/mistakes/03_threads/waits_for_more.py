"""It takes b"" for "nothing yet" and tries again later, so no thread ever ends ("no load at all, thanks to sleep")."""
# file: server.py
# fails: idle_first
# cause: goodbye-ignored

import socket
import sys
import threading
import time


def reply(conn, text):
    conn.sendall(text.encode("utf-8") + b"\n")


def on_line(conn, line):
    if len(line) > 4096:
        reply(conn, "error: line longer than 4096 bytes")
        return False
    try:
        reply(conn, "you said: " + line.removesuffix(b"\r").decode("utf-8"))
    except UnicodeDecodeError:
        reply(conn, "error: line is not UTF-8")
        return False
    return True


def on_client(conn, addr):
    inbox = b""
    with conn:
        try:
            while True:
                data = conn.recv(1024)
                if not data:
                    time.sleep(0.1)
                    continue
                inbox += data
                while b"\n" in inbox:
                    line, inbox = inbox.split(b"\n", 1)
                    if not on_line(conn, line):
                        return
                if len(inbox) > 4096 and not on_line(conn, inbox):
                    return
        except OSError as e:
            print(f"{addr}: {e}")


def serve(listener):
    while True:
        try:
            conn, addr = listener.accept()
        except OSError:
            return
        threading.Thread(target=on_client, args=(conn, addr), daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
            listener.listen()
        except (OSError, ValueError, OverflowError) as e:
            sys.exit(f"cannot listen on {host}:{port}: {e}")
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        try:
            serve(listener)
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
