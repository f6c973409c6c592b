"""Run one server.py for `lab bench`, in a process of its own: python host.py FILE DESCRIPTOR.

DESCRIPTOR is that of a listener that is open already. Prints "ready" just before it calls the file's serve, or one
sentence about what is wrong with the file, with exit status 1. What the server itself prints goes nowhere: a terminal
must not decide how fast it is. Only what is needed is imported, since the process's memory is measured.
"""

import importlib.util
import os
import socket
import sys

ROOM = 100_000  # clients: a limit meant for a room of people would end the measurement


def main() -> None:
    path, descriptor = sys.argv[1], int(sys.argv[2])
    sys.path[0] = os.path.dirname(os.path.abspath(path))  # as for a program that is started in its own folder
    sys.argv = [path]
    spec = importlib.util.spec_from_file_location("server", path)
    server = sys.modules["server"] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(server)
    except (Exception, SystemExit) as error:
        line = getattr(error, "lineno", None) or _line_in(path, error.__traceback__)
        where = f"line {line}: " if line else ""
        sys.exit(f"{where}{type(error).__name__}: {error}")
    if not callable(getattr(server, "serve", None)):
        sys.exit("it has no function serve(listener)")
    if hasattr(server, "MAX_CLIENTS"):
        server.MAX_CLIENTS = ROOM
    listener = socket.socket(fileno=descriptor)
    print("ready", flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    server.serve(listener)


def _line_in(path: str, traceback) -> int | None:
    """Return the line of the file where it went wrong."""
    line = None
    while traceback:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


if __name__ == "__main__":
    main()
