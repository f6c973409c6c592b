"""The list of threads is read before the last one is in it: the server ends, and a handler goes on."""

# fails: check
# today: yes
import threading


class Server:
    def __init__(self):
        self.threads = []
        self.log = []

    def accept(self, name):
        thread = threading.Thread(target=self.handle, args=[name])
        thread.start()
        self.threads.append(thread)

    def handle(self, name):
        self.log.append(f"goodbye {name}")

    def stop(self):
        for thread in self.threads:
            thread.join()
        self.log.append("the end")


def setup():
    return Server()


def main(server):
    door = threading.Thread(target=server.accept, args=["ann"])
    door.start()
    server.stop()
    door.join()


WORKERS = [main]


def check(server):
    assert server.log == ["goodbye ann", "the end"], f"What was done: {server.log}."
