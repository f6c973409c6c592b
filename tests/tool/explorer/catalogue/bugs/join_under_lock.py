"""Who stops the server holds the lock while it waits for a thread, which needs that lock to end."""

# fails: deadlock
# today: yes
import threading


class Server:
    def __init__(self):
        self.clients = ["ann"]
        self.lock = threading.Lock()
        self.handler = threading.Thread(target=self.handle, args=["ann"])

    def handle(self, name):
        with self.lock:
            self.clients.remove(name)

    def stop(self):
        with self.lock:
            self.handler.join()


def setup():
    return Server()


def serve(server):
    server.handler.start()
    server.stop()


WORKERS = [serve]


def check(server):
    assert server.clients == [], f"Still there: {server.clients}."
