"""Who takes another nickname keeps the old one, too: nobody else can have it ("I renamed myself, it works")."""
# file: server.py
# fails: renamed
# cause: wrong-line

import queue
import socket
import sys
import threading

lock = threading.Lock()
clients = {}  # number -> client, a dict
nicks = {}  # nickname -> client
counter = 0
stopping = False


def show(client):
    return client["nick"] or "client " + str(client["number"])


def send(client, text):
    try:
        client["box"].put(text, timeout=1)
    except queue.Full:
        hang_up(client)


def hang_up(client, how=socket.SHUT_RDWR):
    try:
        client["sock"].shutdown(how)
    except OSError:
        pass


def send_others(me, text):
    with lock:
        others = [c for c in clients.values() if c is not me]
    for other in others:
        send(other, text)


def write(client):
    try:
        while True:
            text = client["box"].get()
            if text is None:
                break
            client["sock"].sendall((text + "\n").encode())
            if text == "goodbye":
                break
    except OSError:
        hang_up(client)


def cmd_nick(me, name):
    if not name.isalnum() or not name[0].isalpha() or len(name) > 20:
        send(me, "error: a nickname is 1 to 20 letters or digits and starts with a letter")
        return
    with lock:
        taken = name in nicks
        if not taken:
            old = show(me)
            nicks[name] = me
            me["nick"] = name
    if taken:
        send(me, "error: the nickname " + name + " is taken")
    else:
        send(me, "you are " + name)
        send_others(me, old + " is now " + name)


def cmd_msg(me, rest):
    name, _, text = rest.partition(" ")
    if name == "" or text == "":
        send(me, "error: write /msg NAME TEXT")
        return
    with lock:
        to = nicks.get(name)
        if to is None and name.isdecimal():
            to = clients.get(int(name))
    if to is None:
        send(me, "error: nobody here is called " + name)
    else:
        send(to, show(me) + " to you: " + text)


def do(me, line):
    word, _, rest = line.partition(" ")
    if word == "/who":
        with lock:
            names = [show(c) for c in clients.values()]
        send(me, "here: " + ", ".join(names))
    elif word == "/nick":
        cmd_nick(me, rest.strip())
    elif word == "/msg":
        cmd_msg(me, rest)
    elif word == "/quit":
        send(me, "goodbye")
        return "quit"
    elif line.startswith("/"):
        send(me, "error: unknown command " + word)
    else:
        send_others(me, show(me) + ": " + line)


def read(me):
    data = b""
    while not stopping:
        new = me["sock"].recv(4096)
        if not new:
            return
        lines = (data + new).split(b"\n")
        data = lines.pop()
        if len(data) > 4096:
            lines.append(data)
        for line in lines:
            if stopping:
                return
            if len(line) > 4096:
                send(me, "error: line longer than 4096 bytes")
                return
            try:
                line = line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                send(me, "error: line is not UTF-8")
                return
            if do(me, line) == "quit":
                return


def handle(sock):
    global counter
    me = {"sock": sock, "box": queue.Queue(250), "nick": ""}
    writer = threading.Thread(target=write, args=(me,))
    writer.start()
    with lock:
        full = len(clients) >= 100
        if not full:
            counter += 1
            me["number"] = counter
            send(me, "you are client " + str(counter))
            before = list(clients.values())
            clients[counter] = me
            if stopping:
                hang_up(me, socket.SHUT_RD)
    if full:
        send(me, "error: the chat is full")
        send(me, "goodbye")
    else:
        for other in before:
            send(other, show(me) + " joined")
        try:
            read(me)
        except OSError:
            pass
        with lock:
            del clients[me["number"]]
            for name in [n for n in nicks if nicks[n] is me]:
                del nicks[name]
        if stopping:
            send(me, "goodbye")
        else:
            send_others(me, show(me) + " left")
    send(me, None)
    writer.join(1)
    hang_up(me)
    writer.join()
    sock.close()


def serve(listener):
    global stopping
    threads = []
    try:
        while True:
            sock, _ = listener.accept()
            t = threading.Thread(target=handle, args=(sock,))
            t.start()
            threads.append(t)
    except OSError:
        pass
    finally:
        with lock:
            stopping = True
            for c in clients.values():
                hang_up(c, socket.SHUT_RD)
        for t in threads:
            t.join()


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"cannot listen on {host}:{port}: {e}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
