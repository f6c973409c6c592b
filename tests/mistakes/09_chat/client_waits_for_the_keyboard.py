"""After /quit the client waits for one more line from the keyboard, though nobody is there to send it to ("Enter ends it")."""
# file: client.py
# fails: client_quit
# cause: does-not-end

import os
import sys
import threading
from socket import SHUT_WR, create_connection


class ChatClient:
    def __init__(self, sock, screen):
        self.sock = sock
        self.screen = screen
        self.leaving = False
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        try:
            with self.sock.makefile("r", encoding="utf-8", errors="replace", newline="\n") as lines:
                for line in lines:
                    self.screen.write(line.rstrip("\r\n") + "\n")
                    self.screen.flush()
        except OSError:
            pass
        if not self.leaving:
            sys.stderr.write("connection lost\n")
            sys.stderr.flush()
            os._exit(1)

    def send(self, line):
        line = line.rstrip("\n")
        if line == "/quit":
            self.leaving = True
        self.sock.sendall((line + "\n").encode())

    def end(self):
        self.leaving = True
        self.sock.shutdown(SHUT_WR)
        self.listener.join()


def chat(connection, keyboard, screen):
    client = ChatClient(connection, screen)
    for line in keyboard:
        client.send(line)
    client.end()


def main():
    args = sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :]
    try:
        connection = create_connection((args[0], int(args[1])))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"no connection to {args[0]}: {e}")
    with connection:
        try:
            chat(connection, sys.stdin, sys.stdout)
        except OSError:
            sys.exit("connection lost")
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
