"""The standard library's socketserver.ThreadingTCPServer: a handler object and a thread for each client.

State: the server object's dict of handlers behind a lock, and a lock for each handler, held while it is sent to. One
who does not read stops everybody who talks.
"""

import socket
import socketserver
import threading


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.lock = threading.Lock()

    def handle(self) -> None:
        with self.lock:  # nobody's line may reach it before its greeting
            number = self.server.enter(self)
            self.wfile.write(f"you are client {number}\n".encode())
        prefix = f"client {number}: ".encode()
        try:
            for line in self.rfile:
                self.server.broadcast(prefix + line, self)
        except OSError:
            pass
        finally:
            self.server.leave(number)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.lock = threading.Lock()
        self.last_number = 0
        self.handlers: dict[int, Handler] = {}

    def enter(self, handler: Handler) -> int:
        with self.lock:
            self.last_number += 1
            self.handlers[self.last_number] = handler
            return self.last_number

    def leave(self, number: int) -> None:
        with self.lock:
            del self.handlers[number]

    def broadcast(self, line: bytes, sender: Handler) -> None:
        with self.lock:
            others = [handler for handler in self.handlers.values() if handler is not sender]
        for other in others:
            try:
                with other.lock:
                    other.wfile.write(line)
            except (OSError, ValueError):  # it is gone, or its file is closed
                pass


def serve(listener: socket.socket) -> None:
    Server(listener).serve_forever()
