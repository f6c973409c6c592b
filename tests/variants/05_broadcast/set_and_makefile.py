"""A set of objects, read and written through makefile; /who sorts by number, since a set has no order."""
# file: server.py

import socket
import sys
import threading

LIMIT = 4096
present = set()
present_lock = threading.Lock()
given = 0


class Guest:
    def __init__(self, connection):
        self.connection = connection
        self.ears = connection.makefile("rb")
        self.mouth = connection.makefile("wb")
        self.busy = threading.Lock()
        self.number = None

    def hear(self, text):
        with self.busy:
            self.mouth.write(f"{text}\n".encode())
            self.mouth.flush()

    def lines(self):
        """Yield its lines as text; raises ValueError for what is none."""
        while line := self.ears.readline(LIMIT + 1):
            if not line.endswith(b"\n"):
                if len(line) > LIMIT:
                    raise ValueError(f"line longer than {LIMIT} bytes")
                return
            try:
                yield line[:-1].removesuffix(b"\r").decode()
            except UnicodeDecodeError:
                raise ValueError("line is not UTF-8") from None

    def close(self):
        for thing in (self.ears, self.mouth, self.connection):
            try:
                thing.close()
            except OSError:  # what could not be flushed
                pass


def copy_of_present():
    with present_lock:
        return sorted(present, key=lambda guest: guest.number)


def enter(guest):
    global given
    with guest.busy:
        with present_lock:
            given += 1
            guest.number = given
            present.add(guest)
        guest.mouth.write(f"you are client {guest.number}\n".encode())
        guest.mouth.flush()


def talk(guest):
    try:
        for text in guest.lines():
            if text == "/who":
                guest.hear("here: " + ", ".join(f"client {g.number}" for g in copy_of_present()))
                continue
            for other in set(copy_of_present()) - {guest}:
                try:
                    other.hear(f"client {guest.number}: {text}")
                except (OSError, ValueError):  # gone, or closed already
                    pass
    except ValueError as error:
        guest.hear(f"error: {error}")


def attend(connection):
    guest = Guest(connection)
    try:
        enter(guest)
        talk(guest)
    except OSError:
        pass
    with present_lock:
        present.discard(guest)
    guest.close()


def serve(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=attend, args=(connection,), daemon=True).start()


def main():
    host, port = (sys.argv[1:] + ["127.0.0.1", "9000"][len(sys.argv) - 1 :])[:2]
    try:
        listener = socket.create_server((host, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"cannot listen: {error}")
    try:
        print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
        serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
