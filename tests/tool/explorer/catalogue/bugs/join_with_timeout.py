"""The handler is given five seconds to end, and its log is read as if it had."""

# fails: check
# today: yes
import threading


class Server:
    def __init__(self):
        self.log = []
        self.report = []

    def handle(self):
        self.log.append("ann is here")
        self.log.append("ann is gone")


def setup():
    return Server()


def main(server):
    handler = threading.Thread(target=server.handle)
    handler.start()
    handler.join(timeout=5)
    server.report = list(server.log)


WORKERS = [main]


def check(server):
    assert server.report == ["ann is here", "ann is gone"], f"The report is {server.report}."
