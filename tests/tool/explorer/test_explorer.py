"""The explorer finds what it should, says no more than it knows, and repeats it exactly."""

from __future__ import annotations

import json
import textwrap

import pytest

from chatlab.explorer import Program, Refused, explore, replay, simulate
from chatlab.explorer.scenarios import SCENARIOS
from chatlab.explorer.search import component
from chatlab.stages import ROOT


def verdict_of(folder, source, **options):
    """Explore a program with setup, WORKERS and check, as a file."""
    path = folder / "program.py"
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return explore(*component(path), **options)


COUNTER = """
    import threading
    class Room:
        def __init__(self):
            self.count, self.lock = 0, threading.Lock()
    def setup(): return Room()
    def ann(room): {how}
    def bob(room): {how}
    WORKERS = [ann, bob]
    def check(room): assert room.count == 2, f"count is {{room.count}}"
"""
LOST = COUNTER.format(how="room.count += 1")
CALLED = COUNTER.format(how="room.count += int('1')")
LOCKED = COUNTER.format(how="\n        with room.lock: room.count += 1")
TWO_LOCKS = """
    import threading
    a, b = threading.Lock(), threading.Lock()
    def setup(): return None
    def ann(_):
        with a:
            with b: pass
    def bob(_):
        with b:
            with a: pass
    WORKERS = [ann, bob]
"""
KINDS = {
    "check": LOST,
    "deadlock": TWO_LOCKS,
    "exception": """
        clients = {1: "ann"}
        def setup(): return clients
        def loop(clients):
            for client in clients: len(clients[client])
        def join(clients): clients[2] = "bob"
        WORKERS = [loop, join]
    """,
    "livelock": """
        ready = False
        def setup(): return None
        def wait(_):
            while not ready: pass
        WORKERS = [wait]
        def other():
            global ready
            ready = True
    """,
    "lost wakeup": """
        import threading
        class Box:
            def __init__(self): self.full, self.changed = False, threading.Condition()
        def setup(): return Box()
        def get(box):
            if not box.full:
                with box.changed: box.changed.wait()
        def put(box):
            with box.changed:
                box.full = True
                box.changed.notify()
        WORKERS = [get, put]
    """,
    "stuck": """
        import queue
        def setup(): return queue.Queue()
        def get(q): q.get()
        def put(q): pass
        WORKERS = [get, put]
    """,
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_failure(kind, tmp_path):
    verdict = verdict_of(tmp_path, KINDS[kind])
    assert not verdict.holds
    assert verdict.failure.kind == kind, verdict.failure
    assert verdict.events[-1].kind == "failure"


def test_a_deadlock_tells_who_holds_and_who_waits(tmp_path):
    message = verdict_of(tmp_path, TWO_LOCKS).failure.message
    assert "ann waits for b (line 7), which bob holds" in message
    assert "bob waits for a (line 10), which ann holds" in message


def test_what_holds_is_exhausted_and_counted(tmp_path):
    verdict = verdict_of(tmp_path, LOCKED)
    assert verdict.holds and verdict.exhausted
    assert (
        verdict.sentence == f"Holds for all schedules with at most 2 preemptions: {verdict.schedules} schedules tried."
    )


def test_what_was_not_exhausted_does_not_hold_for_all(tmp_path):
    verdict = verdict_of(tmp_path, LOCKED, most=3)
    assert verdict.holds and not verdict.exhausted
    assert verdict.sentence == "No failure in 3 schedules, but not all with at most 2 preemptions were tried."


def test_a_race_needs_a_preemption(tmp_path):
    assert verdict_of(tmp_path, LOST, preemptions=0).holds
    assert verdict_of(tmp_path, LOST, preemptions=1).preemptions == 1


def test_whether_it_can_happen_today(tmp_path):
    bare, called = verdict_of(tmp_path, LOST), verdict_of(tmp_path, CALLED)
    assert bare.possible is False and "Not on this CPython" in bare.sentence
    assert called.possible is True and "CPython" not in called.sentence


def test_without_reductions_it_says_the_same(tmp_path):
    for source in (LOST, LOCKED, TWO_LOCKS, *KINDS.values()):
        short = verdict_of(tmp_path, source)
        whole = verdict_of(tmp_path, source, reduce=False, cache=False)
        assert (short.holds, short.exhausted) == (whole.holds, whole.exhausted)
        assert (short.failure and short.failure.kind) == (whole.failure and whole.failure.kind)


def test_saved_and_replayed(tmp_path):
    verdict = verdict_of(tmp_path, LOST)
    saved = tmp_path / "fail.json"
    verdict.save(saved)
    again = replay(saved)
    assert again.failure == verdict.failure and again.events == verdict.events and not again.changed
    (tmp_path / "program.py").write_text(textwrap.dedent(LOCKED), encoding="utf-8")
    mended = replay(saved)
    assert mended.holds and mended.changed


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}', "\xff"])
def test_what_is_no_saved_failure(content, tmp_path):
    saved = tmp_path / "fail.json"
    saved.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match="is no saved failure"):
        replay(saved)


def test_sleep_does_not_synchronise(tmp_path):
    verdict = verdict_of(
        tmp_path,
        """
        import time
        done = []
        def setup(): return done
        def work(done):
            time.sleep(0.1)
            done.append("work")
        def wait(done):
            time.sleep(1)
            done.append("wait")
        WORKERS = [work, wait]
        def check(done): assert done == ["work", "wait"], done
        """,
    )
    assert verdict.failure.kind == "check"


USES = {
    "rlock, semaphore, barrier, event, timer, local": """
        import threading
        r, s, b, e = threading.RLock(), threading.BoundedSemaphore(1), threading.Barrier(2), threading.Event()
        mine = threading.local()
        got = []
        def setup(): return got
        def ann(got):
            with r, r, s: mine.name = "ann"
            b.wait()
            threading.Timer(1.0, e.set).start()
            got.append(mine.name)
        def bob(got):
            with r, s: mine.name = "bob"
            b.wait()
            e.wait()
            got.append(mine.name)
        WORKERS = [ann, bob]
        def check(got): assert sorted(got) == ["ann", "bob"], got
    """,
    "pool, logging, print": """
        import logging, threading
        from concurrent.futures import ThreadPoolExecutor, as_completed
        logging.basicConfig(level=logging.INFO)
        log = logging.getLogger("chat")
        def square(n):
            log.info("squaring %s", n)
            print(n, "squared")
            return n * n
        def setup(): return []
        def main(got):
            with ThreadPoolExecutor(max_workers=2) as pool:
                futures = [pool.submit(square, n) for n in (1, 2)]
                got += sorted(future.result() for future in futures)
                got += list(pool.map(square, [3]))
        WORKERS = [main]
        def check(got): assert got == [1, 4, 9], got
    """,
    "queues": """
        import queue, threading
        def setup(): return queue.Queue(1), queue.PriorityQueue(), queue.SimpleQueue()
        def put(queues):
            q, p, s = queues
            for n in (2, 1): q.put(n); p.put(n); s.put(n)
        def get(queues):
            q, p, s = queues
            got = [q.get(), q.get(timeout=100) if False else q.get()]
            assert got == [2, 1], got
        WORKERS = [put, get]
        def check(queues):
            q, p, s = queues
            assert [p.get(), p.get()] == [1, 2] and q.empty() and s.get() == 2
            try: q.get_nowait()
            except queue.Empty: pass
    """,
    "sockets": """
        import socket, threading
        def setup(): return socket.create_server(("127.0.0.1", 0))
        def serve(listener):
            with listener:
                connection, address = listener.accept()
                with connection, connection.makefile("r", encoding="utf-8") as lines:
                    assert connection.getpeername() == address
                    for line in lines: connection.sendall(line.upper().encode())
        def client(listener):
            with socket.create_connection(listener.getsockname()) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(50)
                connection.sendall("grüße\\n".encode())
                connection.shutdown(socket.SHUT_WR)
                data = bytearray(64)
                count = connection.recv_into(data)
                assert data[:count].decode() == "GRÜSSE\\n", data
                assert connection.recv(10) == b""
        WORKERS = [serve, client]
    """,
}


@pytest.mark.parametrize("what", USES)
def test_what_students_use(what, tmp_path):
    verdict = verdict_of(tmp_path, USES[what], preemptions=1, early_timeouts=False)
    assert verdict.holds, verdict.timeline()


def test_a_verdict_is_the_same_every_time(tmp_path):
    path = ROOT / "tests" / "mistakes" / "05_broadcast" / "no_lock_for_a_client.py"
    verdicts = [simulate(path, SCENARIOS["two_speak_at_once"], stage=5) for _ in range(3)]
    assert len({(verdict.schedules, verdict.deviations, verdict.failure) for verdict in verdicts}) == 1
    saved = tmp_path / "fail.json"
    verdicts[0].save(saved)
    assert replay(saved).events == verdicts[0].events
    assert json.loads(saved.read_text())["scenario"] == "two_speak_at_once"


def test_a_server_without_serve_is_refused(tmp_path):
    with pytest.raises(Refused, match="has no function serve"):
        simulate(Program("server.py", "x = 1\n"), SCENARIOS["two_join_at_once"])


def test_a_wait_that_it_does_not_control_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("chatlab.explorer.scheduler.WATCHDOG", 0.5)
    source = (
        "import re\ndef setup(): return None\ndef ann(_):\n    re.match('(a+)+$', 'a' * 22 + 'b')\nWORKERS = [ann]\n"
    )
    try:
        verdict = verdict_of(tmp_path, source, preemptions=0)
    except Refused as refused:
        assert "line 4" in str(refused)
    else:
        assert verdict.holds  # a fast machine
