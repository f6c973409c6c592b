"""It waits for a client's first bytes before it starts the thread ("all of mine say something when they come")."""
# file: server.py
# fails: idle_first
# cause: one-at-a-time

import socket
import sys
import threading

threads = []


def say(client, text):
    client.sendall(f"{text}\n".encode())


def client_thread(client, buffer):
    with client:
        try:
            while True:
                lines = buffer.split(b"\n")
                buffer = lines.pop()
                if len(buffer) > 4096:
                    lines.append(buffer)
                for line in lines:
                    if len(line) > 4096:
                        say(client, "error: line longer than 4096 bytes")
                        return
                    say(client, "you said: " + line.removesuffix(b"\r").decode())
                data = client.recv(4096)
                if not data:
                    return
                buffer += data
        except UnicodeDecodeError:
            say(client, "error: line is not UTF-8")
        except OSError:
            pass


def serve(listener):
    while True:
        try:
            client, address = listener.accept()
        except OSError:
            break
        try:
            first = client.recv(4096)
        except OSError:
            first = b""
        if first == b"":
            client.close()
            continue
        print(address, "begins with", first)
        thread = threading.Thread(target=client_thread, args=(client, first), daemon=True)
        thread.start()
        threads.append(thread)


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
