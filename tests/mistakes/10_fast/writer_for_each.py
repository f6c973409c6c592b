"""Each client keeps its writer thread for good, as in stage 09: twice as many threads as clients."""
# file: server.py
# fails: few_threads
# cause: many-threads


import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

HOST, PORT = "127.0.0.1", 9000
LIMIT = 4096  # bytes in a line, its newline not counted
BLOCK = 65536  # bytes that one recv may take
INBOX = 131072  # bytes that may wait for the broadcaster; then readers wait, and TCP slows down those who talk
BACKLOG = 524288  # bytes that may wait for one client
PATIENCE = 0.5  # seconds that we wait for a client that does not read
MAX_CLIENTS = 2000
MAX_NICKNAME = 20  # letters
# send: take what fits, and do not wait. Windows has no such flag; there everything is left to the writers.
NOW = getattr(socket, "MSG_DONTWAIT", None)

log = logging.getLogger("chat")


class BadLine(Exception):
    """What a client sent is no line of ours: too long, or not UTF-8."""


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens for clients on host and port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # Windows frees a port at once, and would let two servers share it with this
        # Without this the port stays taken for a minute or so after the server has ended.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)  # a thousand may knock at once
    return listener


def read_blocks(connection: socket.socket) -> Iterator[bytes]:
    """Yield all the whole lines that have come as one block, again and again; raises BadLine at the first bad line."""
    rest = b""
    while True:
        data = connection.recv(BLOCK)
        if data == b"":
            return
        lines, newline, rest = (rest + data).rpartition(b"\n")
        block = lines + newline
        if not block:
            pass
        elif is_well(block):
            yield block.replace(b"\r\n", b"\n")
        else:
            for line in block.split(b"\n")[:-1]:
                if not is_well(line + b"\n"):
                    raise BadLine(f"line longer than {LIMIT} bytes" if len(line) > LIMIT else "line is not UTF-8")
                yield line.removesuffix(b"\r") + b"\n"
        if len(rest) > LIMIT:  # do not wait for its newline: it may never come
            raise BadLine(f"line longer than {LIMIT} bytes")


def is_well(block: bytes) -> bool:
    """Whether all its lines are: a look at the whole is much cheaper than one at each line."""
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return len(block) <= LIMIT + 1 or max(map(len, block.split(b"\n"))) <= LIMIT


class Client:
    """One client: its connection, its name, and the bytes that its socket did not take at once."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.number = 0
        self.nickname = ""
        self.edits: list[tuple[int, int, bytes]] = []  # of the round's text: (from, to, what this client gets instead)
        self.gone = threading.Event()  # set when the broadcaster has nothing more for it
        self.changed = threading.Condition()  # guards what follows
        self.backlog = bytearray()
        self.moved = time.monotonic()  # when it last took something of its backlog, or the backlog began
        self.dropped = False
        self.ending = False
        self.writer: threading.Thread | None = threading.Thread(target=self.write)
        self.writer.start()

    @property
    def name(self) -> str:
        return self.nickname or f"client {self.number}"

    def version_of(self, text: bytes) -> bytes:
        """Return the round's text with the edits of this client, which are done with then."""
        if not self.edits:
            return text
        view, parts, at = memoryview(text), [], 0
        for begin, end, instead in self.edits:
            parts += view[at:begin], instead
            at = end
        self.edits = []
        return b"".join([*parts, view[at:]])

    def send(self, data: bytes) -> None:
        """Send now what the socket takes; a writer sends the rest. It never waits: that is why it may hold the lock."""
        with self.changed:
            if not self.dropped:
                self.backlog += data
                self.changed.notify_all()

    def write(self) -> None:
        """Send the backlog, and end: what a writer does."""
        while True:
            with self.changed:
                self.changed.notify_all()  # there may be room again
                self.changed.wait_for(lambda: self.backlog or self.ending or self.dropped)
                self.moved = time.monotonic()
                if not self.backlog:
                    self.writer = None
                    return
                piece = bytes(self.backlog[:BLOCK])
            try:
                sent = self.connection.send(piece)  # without the lock: this may wait for long
            except OSError:
                self.drop()
                sent = 0
            with self.changed:
                del self.backlog[:sent]

    def drop(self) -> None:
        """Cut the connection; this wakes the thread that reads from it and the one that writes to it."""
        with self.changed:
            self.dropped = True
            self.backlog.clear()
            self.changed.notify_all()
        self.shut_down(socket.SHUT_RDWR)

    def shut_down(self, how: int) -> None:
        try:
            self.connection.shutdown(how)
        except OSError:  # it is cut already
            pass

    def finish(self) -> None:
        """Give the writer PATIENCE seconds to send the rest, and see it end."""
        with self.changed:
            writer = self.writer
            self.ending = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.writer is None, PATIENCE)
        self.drop()
        if writer:
            writer.join()


class Inbox:
    """Calls for the broadcaster to make, in the order they came; of their data, only so many bytes wait here."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.calls: list[tuple[Callable, Client | None, bytes]] = []
        self.size = 0  # bytes

    def put(self, call: Callable, client: Client | None = None, data: bytes = b"") -> None:
        """Add a call; waits while INBOX bytes are here."""
        with self.changed:
            while self.size >= INBOX:
                self.changed.wait()
            self.calls.append((call, client, data))
            self.size += len(data)
            self.changed.notify_all()

    def take_all(self) -> list[tuple[Callable, Client | None, bytes]]:
        """Wait for a call, and take all that are there: the more came meanwhile, the more is sent in one go."""
        with self.changed:
            while not self.calls:
                self.changed.wait()
            calls, self.calls, self.size = self.calls, [], 0
            self.changed.notify_all()
            return calls


class Chat:
    """Who is here. All of it belongs to the broadcaster, and so it needs no lock: the others use the inbox."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.clients: dict[int, Client] = {}
        self.last_number = 0
        self.closing = self.ended = False
        self.pieces: list[bytes] = []  # the text of this round: what is for everyone, but for their edits
        self.length = 0  # of the text, in bytes
        self.leaving: list[tuple[Client, int]] = []  # who leaves in this round, and where the text ends for it

    def run(self) -> None:
        """Make the calls in the inbox, and send what comes of them, round by round: what the broadcaster does."""
        while not self.ended:
            for call, client, data in self.inbox.take_all():
                call(client, data)
            text, leaving = b"".join(self.pieces), self.leaving
            self.pieces, self.length, self.leaving = [], 0, []
            for client, end in leaving:
                client.send(client.version_of(text[:end]))
                client.gone.set()
            for client in self.clients.values():
                if data := client.version_of(text):
                    client.send(data)
            self.be_patient()

    def be_patient(self) -> None:
        """Wait for those who do not read, and drop them. The inbox fills meanwhile, and TCP slows down who talks."""
        for client in [client for client in self.clients.values() if len(client.backlog) > BACKLOG]:
            with client.changed:
                while len(client.backlog) > BACKLOG:
                    if not client.changed.wait(client.moved + PATIENCE - time.monotonic()):
                        client.drop()

    def to_others(self, client: Client, data: bytes) -> None:
        """Add to the text what the client alone does not hear."""
        begin, self.length = self.length, self.length + len(data)
        self.pieces.append(data)
        client.edits.append((begin, self.length, b""))

    def to_one(self, client: Client, line: str) -> None:
        """Let the client alone hear this line, behind all that is in the text so far."""
        client.edits.append((self.length, self.length, line.encode() + b"\n"))

    # The calls in the inbox

    def came(self, client: Client, data: bytes) -> None:
        """Give the client a number, tell it and the others; send it away when the chat is full or closing."""
        if self.closing or len(self.clients) >= MAX_CLIENTS:
            client.edits = [(0, self.length, b"" if self.closing else b"error: the chat is full\n")]
            self.leaves(client, "goodbye")
            return
        self.last_number += 1
        client.number = self.last_number
        self.clients[client.number] = client
        self.to_others(client, f"{client.name} joined\n".encode())
        client.edits = [(0, self.length, f"you are {client.name}\n".encode())]  # what came before is not for it
        log.info("%s joined", client.name)

    def left(self, client: Client, data: bytes) -> None:
        """Forget the client and tell the others, once; data is its last words."""
        if self.clients.get(client.number) is client:
            self.leaves(client, data.decode())
            self.to_others(client, f"{client.name} left\n".encode())
            log.info("%s left", client.name)

    def leaves(self, client: Client, last_words: str) -> None:
        if last_words:
            self.to_one(client, last_words)
        self.leaving.append((client, self.length))
        self.clients.pop(client.number, None)
        client.shut_down(socket.SHUT_RD)  # wakes its reader

    def close(self, nobody: None, data: bytes) -> None:
        self.closing = True
        for client in list(self.clients.values()):
            self.leaves(client, "goodbye")

    def end(self, nobody: None, data: bytes) -> None:
        self.ended = True

    def said(self, client: Client, block: bytes) -> None:
        """Pass on a block of lines; only one with a command in it is looked at line by line."""
        commands = block.startswith(b"/") or b"\n/" in block
        for part in block[:-1].split(b"\n") if commands else [block[:-1]]:
            if self.clients.get(client.number) is not client:  # it has left: the rest is no longer heard
                return
            if part == b"/quit":
                self.left(client, b"goodbye")
            elif part.startswith(b"/"):
                self.obey(client, part.decode())
            else:
                prefix = f"{client.name}: ".encode()
                self.to_others(client, prefix + part.replace(b"\n", b"\n" + prefix) + b"\n")

    # Commands

    def obey(self, client: Client, line: str) -> None:
        """Carry out the command in the line, or tell the client what is wrong with it."""
        command, _, rest = line.partition(" ")
        if command == "/who":
            self.to_one(client, "here: " + ", ".join(other.name for other in self.clients.values()))
        elif command == "/nick":
            self.to_one(client, self.take_nickname(client, rest.strip()))
        elif command == "/msg":
            self.whisper(client, *rest.partition(" ")[::2])
        else:
            self.to_one(client, f"error: unknown command {command}")

    def take_nickname(self, client: Client, nickname: str) -> str:
        """Rename the client, and tell the others; returns what to tell the client."""
        if not (nickname.isalnum() and nickname[0].isalpha() and len(nickname) <= MAX_NICKNAME):
            return f"error: a nickname is 1 to {MAX_NICKNAME} letters or digits and starts with a letter"
        if any(other.nickname == nickname for other in self.clients.values()):
            return f"error: the nickname {nickname} is taken"
        self.to_others(client, f"{client.name} is now {nickname}\n".encode())
        client.nickname = nickname
        return f"you are {nickname}"

    def whisper(self, client: Client, name: str, text: str) -> None:
        """Send the text to the one of this nickname or number alone."""
        found = [other for other in self.clients.values() if name in (other.nickname, str(other.number))]
        if not name or not text:
            self.to_one(client, "error: write /msg NAME TEXT")
        elif not found:
            self.to_one(client, f"error: nobody here is called {name}")
        else:
            self.to_one(found[0], f"{client.name} to you: {text}")


def handle(connection: socket.socket, chat: Chat) -> None:
    """Read from one client, in a thread of its own; the broadcaster does the rest. Then close the connection."""
    client = Client(connection)
    last_words = ""
    with connection:
        chat.inbox.put(chat.came, client)
        try:
            # Without this the system holds small segments back for up to 40 ms, to save headers (RFC 896).
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for block in read_blocks(connection):
                chat.inbox.put(chat.said, client, block)
        except BadLine as error:
            last_words = f"error: {error}"
        except OSError:  # it vanished; the others are none the worse
            pass
        chat.inbox.put(chat.left, client, last_words.encode())
        client.gone.wait()
        client.finish()


def serve(listener: socket.socket) -> None:
    """Accept clients and give each a thread, until the listener is closed; return when all the threads have ended."""
    chat = Chat()
    broadcaster = threading.Thread(target=chat.run)
    broadcaster.start()
    threads: list[threading.Thread] = []
    try:
        while True:
            try:
                connection, address = listener.accept()
            except OSError:  # the listener was closed
                return
            thread = threading.Thread(target=handle, args=(connection, chat))
            thread.start()
            threads = [*(old for old in threads if old.is_alive()), thread]
    finally:
        chat.inbox.put(chat.close)
        for thread in threads:
            thread.join()
        chat.inbox.put(chat.end)
        broadcaster.join()


def parse_address(arguments: list[str]) -> tuple[str, int]:
    """Return HOST and PORT from the command line, or the defaults for what is missing."""
    host = arguments[0] if len(arguments) > 0 else HOST
    port = arguments[1] if len(arguments) > 1 else str(PORT)
    if not (port.isdecimal() and len(port) <= 5 and int(port) <= 65535):
        sys.exit(f"{port!r} is not a port: give a number from 0 to 65535")
    return host, int(port)


def main() -> None:
    host, port = parse_address(sys.argv[1:])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        listener = open_listener(host, port)
    except (OSError, UnicodeError) as error:
        sys.exit(f"cannot listen on {host}:{port}: {error}; stop what uses it, or give another port")
    try:
        with listener:
            print(f"listening on {host}:{listener.getsockname()[1]} (Ctrl-C stops)", flush=True)
            serve(listener)
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
