"""What the demos show: for each stage a table of steps.

The captions are translated where they are shown; what the clients type is the wire's, and English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..language import mark
from .screen import LOST

BARE = mark("a bare socket")
NAMES = (mark("server"), mark("explorer"), mark("stage 09"), mark("stage 10"))  # of participants, as they are shown


@dataclass(frozen=True)
class Step:
    """One step of a script: who does what (a method of Play), and the lines that then come to whose screens."""

    caption: str
    who: str
    does: str
    text: str = ""
    sees: Mapping[str, str] = field(default_factory=dict)  # several lines have "\n" between them


@dataclass(frozen=True)
class Script:
    """The steps of a stage's demo, and what of it is shown."""

    steps: tuple[Step, ...]
    panels: tuple[str, ...] = ("server", "ann", "bob", "eve")
    head: int = 0  # rows of the first panel, where it stands above the others; 0: as many as they have
    calls: str = ""  # "calls": the server's panel tells of its accept, recv and send; "threads": and which thread waits
    fills: bool = False  # whether buffers are to fill up
    own: float = 0.0  # seconds that its scenes take by themselves, where a person looks
    programs: Mapping[str, str] = field(default_factory=dict)  # where it is not server.py, client.py or a bare socket

    @property
    def tapped(self) -> bool:
        """Whether the demo has to know what the server does inside."""
        return bool(self.calls or self.fills or "server" not in self.panels)

    def cast(self) -> dict[str, str]:
        """Return the program of everyone who takes part."""
        cast = {name: program for name, program in self.programs.items()} or {"server": "server.py"}
        for step in self.steps:
            cast.setdefault(step.who, BARE if step.does == "connect" else "client.py")
        return cast


def to_all(line: str, *names: str) -> dict[str, str]:
    """Return that each of these sees this."""
    return dict.fromkeys(names, line)


JOINS = (
    Step(mark("ann comes; the server tells her a number."), "ann", "join", sees={"ann": "you are client 1"}),
    Step(mark("bob comes."), "bob", "join", sees={"bob": "you are client 2"}),
    Step(mark("eve comes; the server has a thread for each of them."), "eve", "join",
         sees={"eve": "you are client 3"}),
)  # fmt: skip
STOP = Step(mark("Ctrl-C in the server's terminal ends it."), "server", "stop", sees={"server": "stopped"})
STOPPED = {"server": "stopped"}

SCRIPTS: dict[str, Script] = {
    "01_echo": Script(calls="calls", steps=(
        Step(mark("ann starts client.py. The server's panel shows what its calls return."), "ann", "join",
             sees={"server": "accept(): ann"}),
        Step(mark("What she types comes back, byte for byte."), "ann", "type", "hello",
             {"server": r"sendall(b'hello\n')", "ann": "hello"}),
        Step(mark("bob comes too, and says something."), "bob", "join"),
        Step(mark("He gets no answer: this server serves one client at a time."), "bob", "type", "anybody here?"),
        Step(mark("ann is still being served."), "ann", "type", "hello again",
             {"server": "ann: sendall(", "ann": "hello again"}),
        Step(mark('ann leaves: recv returns b"", which means goodbye; and the server turns to bob.'), "ann", "leave",
             sees={"server": "ann: recv() = b''\naccept(): bob", "bob": "anybody here?"}),
        Step(mark("bob leaves."), "bob", "leave", sees={"server": "bob: recv() = b''"}),
        STOP,
    )),
    "02_lines": Script(calls="calls", steps=(
        Step(mark("ann starts client.py."), "ann", "join",
             sees={"server": "accept(): ann"}),
        Step(mark("She types a line. It travels in one piece, and gets one answer."), "ann", "type", "hello",
             {"ann": "you said: hello", "server": "ann: sendall("}),
        Step(mark("ann leaves."), "ann", "leave", sees={"server": "ann: recv() = b''"}),
        Step(mark("But TCP carries bytes, not lines. bob has a bare socket, and cuts them wherever he likes."), "bob",
             "connect", sees={"server": "accept(): bob"}),
        Step(mark("Half a line. There is no newline yet: the server keeps it, and waits."), "bob", "send", "half a ",
             {"server": "recv() = b'half a '"}),
        Step(mark("The rest of the line, and half a letter: é is the two bytes c3 and a9."), "bob", "send",
             r"line\ncaf\xc3", {"server": r"recv() = b'line\ncaf\xc3'" + "\nsendall(", "bob": "you said: half a line"}),
        Step(mark("The other half of é. The server decodes whole lines only, so no letter is broken."), "bob", "send",
             r"\xa9\n", {"server": r"recv() = b'\xa9\n'" + "\nsendall(", "bob": "you said: caf\u00e9"}),
        Step(mark("Three lines in one segment: one recv, three answers."), "bob", "send", r"1\n2\n3\n",
             {"server": r"recv() = b'1\n2\n3\n'" + 3 * "\nsendall(", "bob": "you said: 1\nyou said: 2\nyou said: 3"}),
        Step(mark("bob leaves."), "bob", "leave", sees={"server": "bob: recv() = b''"}),
        STOP,
    )),
    "03_threads": Script(calls="threads", steps=(
        Step(mark("ann comes, and says nothing. A thread of her own waits for her, in recv."), "ann", "join",
             sees={"server": "ann: recv() ..."}),
        Step(mark("bob comes. He has another thread."), "bob", "join", sees={"server": "bob: recv() ..."}),
        Step(mark("bob is served at once, while ann's thread still waits."), "bob", "type", "hello",
             {"bob": "you said: hello", "server": "bob: sendall(\nbob: recv() ..."}),
        Step(mark("As often as he likes."), "bob", "type", "hello again",
             {"bob": "you said: hello again", "server": "bob: sendall(\nbob: recv() ..."}),
        Step(mark("At last ann says something: her thread wakes up."), "ann", "type", "me too",
             {"ann": "you said: me too", "server": "ann: sendall(\nann: recv() ..."}),
        Step(mark("bob leaves, and his thread ends."), "bob", "leave", sees={"server": "bob: recv() = b''"}),
        Step(mark("ann notices nothing of it."), "ann", "type", "still here",
             {"ann": "you said: still here", "server": "ann: sendall(\nann: recv() ..."}),
        Step(mark("ann leaves."), "ann", "leave", sees={"server": "ann: recv() = b''"}),
        STOP,
    )),
    "04_registry": Script(
        panels=("explorer", "ann", "bob"),
        head=7,
        own=4.5,
        programs={
            "explorer": mark("every schedule of the threads, up to a bound"),
            "ann": mark("her thread in the server"),
            "bob": mark("his thread in the server"),
        },
        steps=(
            Step(mark("ann and bob join at once, and the server has lost its lock. The explorer runs it under one "
                      "schedule of its threads after another."), "explorer", "lose_lock"),
            Step(mark("This is the schedule that breaks it, event by event. Watch last_number."),
                 "explorer", "show_race"),
            Step(mark("Two clients with one number: whoever is in the registry under it, the other one is lost."),
                 "explorer", "tell_race"),
            Step(mark("The same server with its lock: from reading the number to keeping the client, one thread at a "
                      "time."), "explorer", "give_lock"),
            Step(mark("So this race is gone, and not only rare. Your own server under all schedules: "
                      "python3 lab.py explore 4"), "explorer", "look"),
        ),
    ),
    "05_broadcast": Script(calls="calls", steps=(
        *JOINS,
        Step(mark("ann speaks: the server sends it to all the others, and not to herself."), "ann", "type",
             "hello everybody", to_all("client 1: hello everybody", "bob", "eve")),
        Step(mark("bob answers. The clients show what comes while they wait for the keyboard."), "bob", "type",
             "hello client 1", {"ann": "client 2: hello client 1", "eve": "client 2: hello client 1"}),
        Step(mark("A command is answered to its sender alone."), "eve", "type", "/who",
             {"eve": "here: client 1, client 2, client 3"}),
        Step(mark("Ctrl-C in the server's terminal ends it."), "server", "stop",
             sees=STOPPED | to_all(LOST, "ann", "bob", "eve")),
    )),
    "06_leaving": Script(calls="calls", steps=(
        *JOINS[:2],
        Step(mark("eve comes with a bare socket."), "eve", "connect", sees={"eve": "you are client 3"}),
        Step(mark("She vanishes: a reset. The server's recv fails, and the others are told, once."), "eve", "reset",
             sees={"ann": "client 3 left", "bob": "client 3 left"}),
        Step(mark("Nobody is the worse for it: the two talk on."), "bob", "type", "what was that?",
             {"ann": "client 2: what was that?"}),
        Step(mark('bob leaves politely: recv returns b"". The others are told just the same.'), "bob", "leave",
             sees={"ann": "client 2 left"}),
        Step(mark("Nobody who has left is still in the registry."), "ann", "type", "/who", {"ann": "here: client 1"}),
        Step(mark("Ctrl-C in the server's terminal ends it."), "server", "stop", sees=STOPPED | {"ann": LOST}),
    )),
    "07_slow_reader": Script(fills=True, own=4, steps=(
        *JOINS[:2],
        Step(mark("eve comes, hears her number, and will never read again."), "eve", "connect",
             sees={"eve": "you are client 3"}),
        Step(mark("ann talks. bob hears every line. What is for eve fills the system's buffers, on both sides."),
             "ann", "fill", "system"),
        Step(mark("They are full: eve's writer waits in send, and the lines pile up in her outbox."),
             "ann", "fill", "outbox"),
        Step(mark("Full as well. The server waits a second for her, and ann with it; then eve is dropped."),
             "ann", "fill", "cut", to_all("client 3 left", "ann", "bob")),
        Step(mark("ann stops. bob has heard every line, in order."), "ann", "type", "that was all",
             {"bob": "client 1: that was all"}),
        Step(mark("The two talk on."), "bob", "type", "poor eve", {"ann": "client 2: poor eve"}),
        Step(mark("Ctrl-C in the server's terminal ends it."), "server", "stop",
             sees=STOPPED | to_all(LOST, "ann", "bob")),
    )),
    "08_shutdown": Script(own=1.5, steps=(
        Step(mark("ann comes. She will say nothing: her thread in the server waits in recv."), "ann", "join",
             sees={"ann": "you are client 1"}),
        Step(mark("bob comes. He will never stop talking."), "bob", "join", sees={"bob": "you are client 2"}),
        Step(mark("eve comes with a bare socket. She will be stuck, and read nothing."), "eve", "connect",
             sees={"eve": "you are client 3"}),
        Step(mark("bob talks. ann hears it; eve's lines wait in the system's buffers."), "bob", "talk_on", "ann"),
        Step(mark("Ctrl-C in the server's terminal: it wakes every thread and joins it. ann and bob hear goodbye."),
             "server", "stop", sees=STOPPED | to_all(f"goodbye\n{LOST}", "ann", "bob")),
        Step(mark("The server has ended. When eve reads at last, all is there, and goodbye is the last line."),
             "eve", "wake", sees={"eve": "goodbye"}),
    )),
    "09_chat": Script(steps=(
        Step(mark("ann comes."), "ann", "join", sees={"server": "client 1 joined", "ann": "you are client 1"}),
        Step(mark("bob comes, and ann is told."), "bob", "join",
             sees={"server": "client 2 joined", "ann": "client 2 joined", "bob": "you are client 2"}),
        Step(mark("eve comes."), "eve", "join",
             sees=to_all("client 3 joined", "server", "ann", "bob") | {"eve": "you are client 3"}),
        Step(mark("ann takes a nickname."), "ann", "type", "/nick ann",
             {"ann": "you are ann", "bob": "client 1 is now ann", "eve": "client 1 is now ann"}),
        Step(mark("bob wants the nickname ann too."), "bob", "type", "/nick ann",
             {"bob": "error: the nickname ann is taken"}),
        Step(mark("So he takes another."), "bob", "type", "/nick bob",
             {"ann": "client 2 is now bob", "bob": "you are bob", "eve": "client 2 is now bob"}),
        Step(mark("eve takes hers."), "eve", "type", "/nick eve",
             {"ann": "client 3 is now eve", "bob": "client 3 is now eve", "eve": "you are eve"}),
        Step(mark("ann speaks: all the others hear it."), "ann", "type", "hello everybody",
             to_all("ann: hello everybody", "bob", "eve")),
        Step(mark("bob says something to eve alone."), "bob", "type", "/msg eve a secret",
             {"eve": "bob to you: a secret"}),
        Step(mark("A fourth guest comes."), "guest", "connect",
             sees=to_all("client 4 joined", "server", "ann", "bob", "eve")),
        Step(mark("The guest vanishes without goodbye: its connection is reset."), "guest", "reset",
             sees=to_all("client 4 left", "server", "ann", "bob", "eve")),
        Step(mark("The chat goes on; eve asks who is here."), "eve", "type", "/who", {"eve": "here: ann, bob, eve"}),
        Step(mark("Ctrl-C in the server's terminal: all hear goodbye."), "server", "stop",
             sees=STOPPED | to_all(f"goodbye\n{LOST}", "ann", "bob", "eve")),
    )),
    "10_fast": Script(
        panels=("stage 09", "stage 10"),
        own=4,
        programs={"stage 09": "server.py", "stage 10": "server.py"},
        steps=(
            Step(mark("This is the chat server of stage 09."), "stage 09", "serve", "09_chat"),
            Step(mark("Beside it that of stage 10: the same chat, with the same lines on the wire."), "stage 10",
                 "serve", "10_fast"),
            Step(mark("Ten clients come to each, and every call of send is counted."), "stage 10", "crowd_comes",
                 "2100"),
            Step(mark("One client says 100 lines in one piece. Nine hear each of them: that makes 900 deliveries."),
                 "stage 10", "crowd_says", "1 100 1"),
            Step(mark("Now all ten talk at once. Both servers are told the same, and deliver the same."),
                 "stage 10", "crowd_says", "10 10 20"),
            Step(mark("Stage 09 calls send once for each line and each client; stage 10 sends to a client at once all "
                      "that there is."), "stage 10", "crowd_compares"),
            Step(mark("Ctrl-C in both terminals: all twenty hear goodbye."), "stage 10", "crowd_leaves"),
        ),
    ),
}  # fmt: skip
