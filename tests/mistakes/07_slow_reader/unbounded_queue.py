"""Each client has an outbox, but one without a bound: who does not read fills the memory ("nobody waits for anybody")."""
# file: server.py
# fails: memory_is_bounded
# cause: unbounded

import itertools
import queue
import socket
import sys
import threading

numbers = itertools.count(1)
here = {}  # number -> queue
here_lock = threading.Lock()


def writer(sock, outbox):
    try:
        while True:
            line = outbox.get()
            if line is None:
                break
            sock.sendall(line)
    except OSError:
        pass
    finally:
        sock.close()


def to_others(number, text):
    data = (text + "\n").encode()
    with here_lock:
        for other, outbox in here.items():
            if other != number:
                outbox.put(data)


def get_line(stream):
    """Return the next line, or None when the client has gone."""
    raw = stream.readline(4097)
    if raw.endswith(b"\n"):
        return raw[:-1].removesuffix(b"\r").decode()
    if len(raw) == 4097:
        raise OverflowError
    return None


def reader(sock, number, outbox):
    stream = sock.makefile("rb")
    try:
        while (line := get_line(stream)) is not None:
            if line == "/who":
                with here_lock:
                    names = [f"client {n}" for n in here]
                outbox.put(f"here: {', '.join(names)}\n".encode())
            else:
                to_others(number, f"client {number}: {line}")
    except OverflowError:
        outbox.put(b"error: line longer than 4096 bytes\n")
    except UnicodeDecodeError:
        outbox.put(b"error: line is not UTF-8\n")
    except OSError:
        pass
    stream.close()
    with here_lock:
        del here[number]
    to_others(number, f"client {number} left")
    outbox.put(None)


def serve(listener):
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        number = next(numbers)
        outbox = queue.Queue()
        outbox.put(f"you are client {number}\n".encode())
        with here_lock:
            here[number] = outbox
        threading.Thread(target=writer, args=(sock, outbox), daemon=True).start()
        threading.Thread(target=reader, args=(sock, number, outbox), daemon=True).start()


def main():
    address = ["127.0.0.1", "9000"]
    address[: len(sys.argv) - 1] = sys.argv[1:3]
    try:
        listener = socket.create_server((address[0], int(address[1])))
    except (OSError, ValueError, OverflowError) as e:
        sys.exit(f"{':'.join(address)}: {e}")
    with listener:
        try:
            print("listening on {}:{}".format(*listener.getsockname()), flush=True)
            serve(listener)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
