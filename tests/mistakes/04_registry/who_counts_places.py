"""/who numbers the list from 1 instead of telling each one's own number. Right until the first one leaves."""
# file: server.py
# fails: gone_from_who
# cause: who-shifted

import socket
import sys
import threading


class ClientThread(threading.Thread):
    everyone = []
    count = 0
    guard = threading.Lock()

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock = sock
        self.rest = b""

    def write(self, text):
        self.sock.sendall(f"{text}\n".encode())

    def readline(self):
        """Return the next line as bytes, or None at the end."""
        while b"\n" not in self.rest and len(self.rest) <= 4096:
            data = self.sock.recv(2048)
            if data == b"":
                return None
            self.rest += data
        line, newline, self.rest = self.rest.partition(b"\n")
        return line

    def run(self):
        with self.guard:
            ClientThread.count += 1
            self.number = ClientThread.count
            self.everyone.append(self)
        try:
            self.write(f"you are client {self.number}")
            self.talk()
        except OSError:
            pass
        finally:
            with self.guard:
                self.everyone.remove(self)
            self.sock.close()

    def talk(self):
        while (line := self.readline()) is not None:
            if len(line) > 4096:
                self.write("error: line longer than 4096 bytes")
                return
            try:
                text = line.removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                self.write("error: line is not UTF-8")
                return
            if text == "/who":
                self.write("here: " + self.names())
            else:
                self.write("you said: " + text)

    def names(self):
        with self.guard:
            return ", ".join(f"client {i + 1}" for i in range(len(self.everyone)))


def serve(listener):
    try:
        while True:
            sock, address = listener.accept()
            ClientThread(sock).start()
    except OSError:
        pass


def main():
    try:
        host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
        listener = socket.create_server((host, int(port)))
    except Exception as error:
        sys.exit(f"cannot listen: {error}")
    try:
        print("listening on {}:{}".format(*listener.getsockname()), flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("bye")


if __name__ == "__main__":
    main()
