"""The explorer: unmodified threaded programs under every schedule up to a bound.

verdict = explore(setup, workers, check, preemptions=2)    # a component
verdict = simulate("server.py", scenario, delays=2)        # a whole server with simulated clients
print(verdict.sentence); print(verdict.timeline())
"""

from .events import Event, Failure
from .load import Program
from .scheduler import Refused
from .search import Verdict, explore, replay
from .simulate import Chat, simulate

__all__ = ["Chat", "Event", "Failure", "Program", "Refused", "Verdict", "explore", "replay", "simulate"]
