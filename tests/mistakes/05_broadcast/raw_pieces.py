"""Takes what recv returned for one message: framing was stage 02, and this is another one. A sleep keeps "the first
message from sticking to the greeting"; typed by hand, each line does come alone."""
# file: server.py
# fails: alone
# cause: lines-left

import socket
import sys
import threading
import time

clients = []
numbers = {}
send_locks = {}
lock = threading.Lock()
counter = 0


def send(client, message):
    with send_locks[client]:
        client.sendall((message + "\n").encode())


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


def handle_data(client, data):
    try:
        message = data.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        send(client, "error: line is not UTF-8")
        return False
    if message == "/who":
        send(client, who())
    else:
        broadcast(client, f"client {numbers[client]}: {message}")
    return True


def talk(client):
    time.sleep(0.5)  # so that the first message does not stick to the greeting
    while True:
        data = client.recv(1024)
        if not data:
            break
        if not handle_data(client, data):
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
