"""It decodes what each recv returns: half a letter ends the server ("I type in Russian, too, and it works")."""
# file: server.py
# fails: cut_letter
# cause: server-died

import socket
import sys

BUFFER_SIZE = 4096


class LineClient:
    def __init__(self, sock):
        self.sock = sock
        self.text = ""

    def run(self):
        while True:
            data = self.sock.recv(BUFFER_SIZE)
            if not data:
                return
            self.text += data.decode("utf-8")
            while "\n" in self.text:
                line, self.text = self.text.split("\n", 1)
                if len(line.encode()) > 4096:
                    return self.error("line longer than 4096 bytes")
                self.say("you said: " + line.removesuffix("\r"))
            if len(self.text.encode()) > 4096:
                return self.error("line longer than 4096 bytes")

    def say(self, line):
        self.sock.sendall((line + "\n").encode("utf-8"))

    def error(self, what):
        self.say("error: " + what)


def serve(listener):
    while True:
        try:
            sock, addr = listener.accept()
        except OSError:
            return
        with sock:
            try:
                LineClient(sock).run()
            except OSError:
                print("client vanished:", addr)


def main():
    host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    port = sys.argv[2] if len(sys.argv) > 2 else "9000"
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
        listener.listen(5)
    except (OSError, ValueError, OverflowError) as err:
        sys.exit(f"{host}:{port}: {err}")
    with listener:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        try:
            serve(listener)
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
