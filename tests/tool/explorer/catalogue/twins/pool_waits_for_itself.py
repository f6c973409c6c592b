"""A task that needs another's result does that work itself."""

from concurrent.futures import ThreadPoolExecutor


class Server:
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.sent = []

    def handle(self, line):
        self.deliver(line)
        return "delivered"

    def deliver(self, line):
        self.sent.append(line)


def setup():
    return Server()


def ann(server):
    answer = server.pool.submit(server.handle, "hello")
    assert answer.result() == "delivered", "Ann gets another answer."
    server.pool.shutdown()


WORKERS = [ann]


def check(server):
    assert server.sent == ["hello"], f"Sent was {server.sent}."
