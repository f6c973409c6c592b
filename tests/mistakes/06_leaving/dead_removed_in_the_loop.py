"""A recipient to which it cannot send is taken out of the list while a for goes over that same list: the next one is
passed over."""
# file: server.py
# fails: dead_recipient
# cause: stops-at-the-dead

import socket
import sys
import threading

MAX_LINE = 4096
clients = []
names = {}
mutex = {}
lock = threading.Lock()
count = 0


def send(client, text):
    with mutex[client]:
        client.sendall(f"{text}\n".encode())


def welcome(client):
    global count
    with lock:
        count += 1
        client.sendall(f"you are client {count}\n".encode())
        names[client] = f"client {count}"
        mutex[client] = threading.Lock()
        clients.append(client)


def everybody():
    with lock:
        return clients.copy()


def tell_all_but(me, text):
    for client in clients:
        if client != me:
            try:
                send(client, text)
            except (OSError, KeyError):
                if client in clients:
                    clients.remove(client)


def goodbye(me):
    with lock:
        if me in clients:
            clients.remove(me)
        name = names.pop(me)
        del mutex[me]
    tell_all_but(me, name + " left")
    me.close()


def obey(me, line):
    """Do what the line says. Return False if it is a bad line."""
    if len(line) > MAX_LINE:
        send(me, "error: line longer than 4096 bytes")
        return False
    try:
        text = line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        send(me, "error: line is not UTF-8")
        return False
    if text == "/who":
        send(me, "here: " + ", ".join(names[c] for c in everybody()))
    else:
        tell_all_but(me, names[me] + ": " + text)
    return True


def listen_to(me):
    buffer = b""
    while True:
        data = me.recv(1024)
        if not data:
            return
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            if not obey(me, line):
                return
        if len(buffer) > MAX_LINE:
            obey(me, buffer)
            return


def client_thread(client):
    try:
        welcome(client)
    except OSError:
        client.close()
        return
    try:
        listen_to(client)
    except OSError as error:
        print(names[client], error)
    goodbye(client)


def serve(listener):
    try:
        while True:
            client, address = listener.accept()
            threading.Thread(target=client_thread, args=[client], daemon=True).start()
    except OSError:
        pass


def main():
    args = sys.argv[1:]
    host = args[0] if args else "127.0.0.1"
    port = args[1] if len(args) > 1 else "9000"
    if not port.isdecimal() or int(port) > 65535:
        sys.exit(f"bad port {port}")
    try:
        listener = socket.create_server((host, int(port)))
    except OSError as e:
        sys.exit(f"cannot listen on {host} {port}: {e}")
    try:
        print("listening on %s:%d" % (host, listener.getsockname()[1]), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
