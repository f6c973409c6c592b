"""Runs a program of a stage as itself, and tells the demo what it does with its sockets.

    python tap.py SETTINGS PROGRAM HOST PORT

SETTINGS is JSON: port, where the demo listens for what is told (0: nowhere); calls, whether each call is told as it is
made; send_buffer, the bytes that the system may keep for each client on its way out (0: as it likes). Whenever the demo
sends a number, the answer is that number, and how each connection stands. This file runs alone, around the program.
"""

import contextlib
import json
import os
import queue
import runpy
import signal
import socket
import sys
import threading

Plain = socket.socket
PlainQueue = queue.Queue


class Side:
    """What the server has done with one client's connection."""

    def __init__(self, number: int) -> None:
        self.number = number  # the clients are counted as they are accepted
        self.sent = 0  # bytes that the system has taken
        self.sends = 0  # calls
        self.sending = False  # whether a call is in progress
        self.cut = False


class Tap:
    """The line to the demo, and what is told on it."""

    def __init__(self, port: int, calls: bool) -> None:
        self.calls = calls
        self.line = socket.create_connection(("127.0.0.1", port))
        self.lock = threading.Lock()
        self.sides: list[Side] = []
        self.queues: list[PlainQueue] = []
        threading.Thread(target=self.answer, name="tap", daemon=True).start()

    def came(self) -> Side:
        with self.lock:
            self.sides.append(Side(len(self.sides) + 1))
        self.call(self.sides[-1], "accept")
        return self.sides[-1]

    def call(self, side: Side, name: str, data: bytes = b"", error: str = "") -> None:
        if self.calls:
            thread = threading.current_thread().name.split(" ")[0]
            self.tell(call=name, client=side.number, thread=thread, data=data.decode("latin-1"), error=error)

    def tell(self, **what: object) -> None:
        with self.lock, contextlib.suppress(OSError):  # the demo may be over
            self.line.sendall(json.dumps(what).encode() + b"\n")

    def answer(self) -> None:
        with contextlib.suppress(OSError), self.line.makefile("rb") as questions:
            for question in questions:
                outboxes = [each.qsize() for each in self.queues]  # in the stages that have them: one for each client
                outboxes += [0] * len(self.sides)
                state = [{**vars(side), "outbox": waiting} for side, waiting in zip(self.sides, outboxes)]
                self.tell(question=int(question), state=state)


def tapped(tap: Tap, send_buffer: int) -> type[socket.socket]:
    """Return what stands in for socket.socket: real sockets that tell of their calls."""

    class Tapped(Plain):
        side: Side | None = None

        def listen(self, *backlog):
            if send_buffer:  # accepted connections inherit it
                self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            super().listen(*backlog)

        def accept(self):
            connection, address = super().accept()  # it is one of us: accept looks for the name socket.socket
            connection.side = tap.came()
            return connection, address

        def recv(self, size, *flags):
            tap.call(self.side, "waits")
            try:
                data = super().recv(size, *flags)
            except OSError as error:
                tap.call(self.side, "recv", error=type(error).__name__)
                raise
            tap.call(self.side, "recv", data)
            return data

        def send(self, data, *flags):
            tap.call(self.side, "send", bytes(data))
            return self.hand_over(data, *flags)

        def sendall(self, data, *flags):
            tap.call(self.side, "sendall", bytes(data))
            view = memoryview(data)
            while view:  # piece by piece, so that it is known how far it has come
                view = view[self.hand_over(view, *flags) :]

        def hand_over(self, data, *flags):
            side = self.side
            side.sends += 1
            side.sending = True
            try:
                count = super().send(data, *flags)
            finally:
                side.sending = False
            side.sent += count
            return count

        def shutdown(self, how):
            if self.side and how == socket.SHUT_RDWR:
                self.side.cut = True
            super().shutdown(how)

    return Tapped


def main() -> None:
    settings = json.loads(sys.argv[1])
    sys.argv = sys.argv[2:]
    sys.path[0] = os.path.dirname(sys.argv[0])  # as Python itself has it for a program
    if sys.platform == "win32":
        # One process group there can be sent Ctrl-Break only, and Python dies of that, unless it takes it as Ctrl-C.
        signal.signal(signal.SIGBREAK, signal.default_int_handler)
    if settings.get("port"):
        tap = Tap(settings["port"], settings["calls"])

        class Outbox(PlainQueue):
            def __init__(self, *arguments):
                super().__init__(*arguments)
                tap.queues.append(self)

        socket.socket = tapped(tap, settings["send_buffer"])
        queue.Queue = Outbox
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
