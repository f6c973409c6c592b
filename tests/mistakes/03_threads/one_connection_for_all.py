"""send_line answers on a global variable, which is whoever came last ("with one client it is always right")."""
# file: server.py
# fails: in_turns
# cause: wrong-client

import socket
import sys
import threading

LIMIT = 4096
client = None
address = None


def send_line(text):
    client.sendall(text.encode() + b"\n")


def receive(sock):
    buffer = b""
    while True:
        try:
            data = sock.recv(4096)
        except OSError:
            break
        if not data:
            break
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            if len(line) > LIMIT:
                return "error: line longer than 4096 bytes"
            try:
                send_line("you said: " + line.decode().removesuffix("\r"))
            except UnicodeDecodeError:
                return "error: line is not UTF-8"
            except OSError:
                return None
        if len(buffer) > LIMIT:
            return "error: line longer than 4096 bytes"
    return None


def handler(sock):
    error = receive(sock)
    if error:
        send_line(error)
    sock.close()


def serve(listener):
    global client, address
    while True:
        try:
            client, address = listener.accept()
        except OSError:
            return
        threading.Thread(target=handler, args=(client,), daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
        listener.listen()
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    print("listening on {}:{}".format(host, listener.getsockname()[1]), flush=True)
    try:
        serve(listener)
    except KeyboardInterrupt:
        print("Ctrl-C")
    listener.close()


if __name__ == "__main__":
    main()
