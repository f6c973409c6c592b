"""What a recorded run tells: the events of its threads, and why it failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One thing that one thread does, in the order of the run."""

    thread: str  # its name, unique in a run
    kind: str  # read, write, acquire, release, wait, wake, send, recv, start, end, print, other or failure
    text: str  # what it does, in a few words
    line: int = 0  # in the explored file, from 1; 0: outside, as for a scripted client
    function: str = ""
    value: str = ""  # what was read or written; "": nothing
    held: tuple[str, ...] = ()  # locks that the thread holds after the event
    waits: str = ""  # what the thread waits for from now on; "": it goes on
    wire: tuple[tuple[str, str], ...] = ()  # (direction, bytes in flight) after the event
    switch: bool = False  # whether the schedule went on with this thread though the one before could have gone on


@dataclass(frozen=True)
class Failure:
    """Why a run has failed."""

    kind: str  # check, exception, deadlock, livelock, lost wakeup or stuck
    message: str  # one or more sentences
    thread: str = ""
    line: int = 0
