"""A task waits for a task that it has given to its own pool, and the pool's only thread is the one that waits."""

# fails: stuck
# today: yes
from concurrent.futures import ThreadPoolExecutor


class Server:
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.sent = []

    def handle(self, line):
        delivery = self.pool.submit(self.deliver, line)
        delivery.result()
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
