"""When the server goes, sys.exit in the receiver's thread ends that thread alone; the main thread waits for the
keyboard for ever. One more Enter and it does end, so it works."""
# file: client.py
# fails: client_ends_with_the_server
# cause: does-not-end

import socket
import sys
import threading


def receive(sock, screen):
    buffer = b""
    while True:
        try:
            data = sock.recv(1024)
        except OSError:
            return
        if not data:
            return
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            print(line.decode(errors="replace"), file=screen, flush=True)


def chat(connection, keyboard, screen):
    done = []

    def listen():
        receive(connection, screen)
        if not done:
            sys.exit("the server has gone")

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    for line in keyboard:
        connection.sendall(line.rstrip("\n").encode() + b"\n")
    done.append(True)
    connection.shutdown(socket.SHUT_WR)
    listener.join()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    try:
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
        connection = socket.create_connection((host, port))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"no connection: {error}")
    try:
        chat(connection, sys.stdin, sys.stdout)
    except OSError:
        sys.exit("the server has gone")
    except KeyboardInterrupt:
        pass
    connection.close()


if __name__ == "__main__":
    main()
