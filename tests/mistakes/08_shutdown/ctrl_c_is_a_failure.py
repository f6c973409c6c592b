"""At Ctrl-C the program ends by sys.exit with a text, which is exit status 1: a failure to whoever started it ("it says stopped")."""
# file: server.py
# fails: ctrl_c_with_clients
# cause: wrong-status

import queue
import socket
import sys
import threading

clients = {}
guard = threading.Lock()
done = False
newest = 0


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.mail = queue.Queue(256)
        self.mailman = threading.Thread(target=self.deliver)
        self.mailman.start()

    def send(self, text):
        try:
            self.mail.put(text, timeout=1)
        except queue.Full:
            self.shut(socket.SHUT_RDWR)

    def deliver(self):
        try:
            for text in iter(self.mail.get, None):
                self.sock.sendall(text.encode() + b"\n")
                if text == "goodbye":
                    break
        except OSError:
            self.shut(socket.SHUT_RDWR)

    def shut(self, how):
        try:
            self.sock.shutdown(how)
        except OSError:
            pass


def broadcast(me, text):
    with guard:
        others = [c for c in clients.values() if c is not me]
    for other in others:
        other.send(text)


def talk(me, number):
    rest = b""
    while (data := me.sock.recv(4096)) and not done:
        *lines, rest = (rest + data).split(b"\n")
        for line in lines + ([rest] if len(rest) > 4096 else []):
            if done:
                return
            if len(line) > 4096:
                return me.send("error: line longer than 4096 bytes")
            try:
                text = line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                return me.send("error: line is not UTF-8")
            if text == "/who":
                me.send("here: " + ", ".join(f"client {n}" for n in list(clients)))
            else:
                broadcast(me, f"client {number}: {text}")


def handle(sock):
    global newest
    me = Client(sock)
    with guard:
        newest += 1
        number = newest
        me.send(f"you are client {number}")
        clients[number] = me
        if done:
            me.shut(socket.SHUT_RD)
    try:
        talk(me, number)
    except OSError:
        pass
    with guard:
        del clients[number]
    if done:
        me.send("goodbye")
    else:
        broadcast(me, f"client {number} left")
    me.send(None)
    me.mailman.join(1)
    me.shut(socket.SHUT_RDWR)
    me.mailman.join()
    sock.close()


def stop(threads):
    global done
    with guard:
        done = True
        for client in clients.values():
            client.shut(socket.SHUT_RD)
    for thread in threads:
        thread.join()


def serve(listener):
    threads = []
    try:
        while True:
            sock, _ = listener.accept()
            threads.append(threading.Thread(target=handle, args=(sock,)))
            threads[-1].start()
    except OSError:
        pass
    finally:
        stop(threads)


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
        sys.exit("stopped")


if __name__ == "__main__":
    main()
