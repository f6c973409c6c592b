"""Broadcasts lines without their newline. On a screen of recv and print, where print adds one, it looks right."""
# file: server.py
# fails: others_hear_it
# cause: no-newline

import socket
import sys
import threading

clients = []
numbers = {}
send_locks = {}
lock = threading.Lock()
counter = 0


def send(client, message):
    with send_locks[client]:
        client.sendall(message.encode())


def broadcast(sender, message):
    with lock:
        receivers = clients[:]
    for client in receivers:
        if client is not sender:
            send(client, message)


def who():
    with lock:
        return "here: " + ", ".join(f"client {numbers[c]}" for c in clients)


def add(client):
    global counter
    with lock:
        counter += 1
        numbers[client] = counter
        send_locks[client] = threading.Lock()
        client.sendall(f"you are client {counter}\n".encode())
        clients.append(client)


def remove(client):
    with lock:
        clients.remove(client)
        del numbers[client], send_locks[client]


def handle_line(client, line):
    if len(line) > 4096:
        send(client, "error: line longer than 4096 bytes\n")
        return False
    try:
        message = line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        send(client, "error: line is not UTF-8\n")
        return False
    if message == "/who":
        send(client, who() + "\n")
    else:
        broadcast(client, f"client {numbers[client]}: {message}")
    return True


def talk(client):
    buffer = b""
    while True:
        data = client.recv(1024)
        if not data:
            break
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            if not handle_line(client, line):
                return
        if len(buffer) > 4096:
            send(client, "error: line longer than 4096 bytes\n")
            return


def handle_client(client):
    try:
        talk(client)
    except OSError as e:
        print("connection lost:", e)
    finally:
        remove(client)
        client.close()


def serve(listener):
    while True:
        try:
            client, address = listener.accept()
        except OSError:
            break
        print("new client from", address)
        try:
            add(client)
        except OSError:
            client.close()
            continue
        threading.Thread(target=handle_client, args=(client,), daemon=True).start()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    try:
        port = int(sys.argv[2]) if len(sys.argv) > 2 else 9000
        listener = socket.create_server((host, port))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot start: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
