"""Watch mode: check a stage again on every save, and show what is green, what failed, and what to do next.

The checks run in a process that is started before it is needed and waits (StageRun): a save has its first check running
as soon as the system tells of the save.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import watchfiles
from rich.text import Text
from textual import work
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static

from .checks.plugin import Result
from .checks.runner import StageRun
from .language import tr
from .stages import ROOT, Stage, find_stage, load_stages, next_hint

CALM = 20  # ms without another change, after which a save is over: an editor may write a file in several steps
LOOK = 500  # ms between two looks at the files themselves: where no events come (WSL, network folders), that must do
MARKS = {"passed": ("✓ ", "green"), "failed": ("✗ ", "bold red"), "running": ("▸ ", "yellow")}


def watch(name: str | None) -> int:
    """Watch the stage of this name, or the first that is not complete; returns the exit status when the student quits.

    Raises ValueError where there is no such stage, or no terminal to draw on.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ValueError(tr("watch needs a terminal; without one, use: python3 lab.py check"))
    stages = load_stages()
    stage = find_stage(name) if name else next((stage for stage in stages if not stage.passed()), stages[-1])
    return Watch(stage).run() or 0


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Return when each of the folder's Python files was last written, and its size."""
    found = {}
    for path in folder.glob("*.py"):
        with contextlib.suppress(OSError):  # an editor is just replacing it
            about = path.stat()
            found[path.name] = (about.st_mtime_ns, about.st_size)
    return found


def picture(stage: Stage) -> str:
    """Return what `lab trace` draws of the student's server."""
    command = [sys.executable, "-m", "chatlab", "trace", str(stage.work / "server.py")]
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    try:
        drawn = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, env=environment, timeout=20)
    except subprocess.TimeoutExpired:
        return ""
    return drawn.stdout


class Board:
    """What is known of the checks of one stage in one run."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.checks: dict[str, Result] = {}  # in the order in which they run
        self.running = ""

    def take(self, kind: str, result: Result) -> None:
        """Note down an event of the run."""
        self.running = result.name if kind == "start" else ""
        if kind != "start":
            self.checks[result.name] = result

    @property
    def own(self) -> list[Result]:
        return [check for check in self.checks.values() if check.home == self.stage.number]

    @property
    def failed(self) -> list[Result]:
        return [check for check in self.checks.values() if check.status == "failed"]

    @property
    def complete(self) -> bool:
        return bool(self.checks) and all(check.status == "passed" for check in self.checks.values())

    @property
    def points(self) -> int:
        return sum(check.points for check in self.checks.values() if check.status == "passed")

    def lines(self) -> Iterable[Text]:
        """Yield a line for each check of the stage itself, and one for all the earlier ones, or for those that fail."""
        earlier = [check for check in self.checks.values() if check.home != self.stage.number]
        for check in self.own:
            yield self._line(check, check.title)
        for check in earlier:
            if check.status == "failed":
                yield self._line(check, tr("{title} (of stage {number:02})", title=check.title, number=check.home))
        if earlier and not any(check.status == "failed" for check in earlier):
            passed = sum(check.status == "passed" for check in earlier)
            status = "passed" if passed == len(earlier) else "running" if passed else "not run"
            text = tr("the checks of earlier stages: {passed} of {all}", passed=passed, all=len(earlier))
            yield _marked(status, text)

    def _line(self, check: Result, title: str) -> Text:
        return _marked("running" if check.name == self.running else check.status, title)


def _marked(status: str, title: str) -> Text:
    mark, style = MARKS.get(status, ("· ", "dim"))
    title_style = "dim" if status == "not run" else ""
    return Text.assemble((mark, style), (title, title_style), no_wrap=True, overflow="ellipsis")


class Watch(App[int]):
    """The screen: where you are, the checks, beneath them what the first failure says, and the keys."""

    CSS = """
    #where { height: 1; padding: 0 1; background: $primary-darken-2; color: $text; }
    #checks { height: auto; max-height: 45%; scrollbar-size-vertical: 1; }
    #story { height: 1fr; border-top: solid $primary; scrollbar-size-vertical: 1; }  /* leaves 79 columns */
    #list { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.board = Board(stage)
        self.seen: dict[str, tuple[int, int]] = {}
        self.run_now: StageRun | None = None
        self.run_next: StageRun | None = None
        self.concluded = asyncio.Event()  # the run has come to its end, and its verdict is on the screen
        self.over = threading.Event()
        # Each key also where it lies on a Russian keyboard.
        for keys, action, says in (
            ("h,cyrillic_small_letter_er", "hint", tr("hint")),
            ("s,cyrillic_small_letter_yeru", "stages", tr("stages")),
            ("r,cyrillic_small_letter_ka", "run_program('server')", tr("run server")),
            ("c,cyrillic_small_letter_es", "run_program('client')", tr("run client")),
            ("n,cyrillic_small_letter_te", "next", tr("next stage")),
            ("q,ctrl+c,cyrillic_small_letter_short_i", "leave", tr("quit")),
        ):
            self.bind(keys, action, description=says)

    def compose(self) -> ComposeResult:
        yield Static(id="where", markup=False)
        with VerticalScroll(id="checks", can_focus=False):
            yield Static(id="list", markup=False)
        with VerticalScroll(id="story"):
            yield Static(id="text", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#story").focus()
        self.go_to(self.stage)
        self.look_for_saves()

    # Runs

    def go_to(self, stage: Stage) -> None:
        """Turn to this stage, and check it."""
        self.stage = stage
        self.seen = snapshot(stage.work)
        if self.run_next:
            self.run_next.cancel()
            self.run_next = None
        self.tell(tr("Checking …"))
        self.begin()

    def begin(self) -> None:
        """Begin a run, in place of the one that may still be going on."""
        self.concluded.clear()
        if self.run_now:
            self.run_now.cancel()
        work = self.stage.work.parent
        self.run_now = self.run_next or StageRun(self.stage.number, work, fail_fast=True)
        self.follow(self.run_now, Board(self.stage))
        self.run_next = StageRun(self.stage.number, work, fail_fast=True)

    @work(thread=True, group="runs")
    def follow(self, run: StageRun, board: Board) -> None:
        """Show a run's events as they come."""
        try:
            for kind, result in run.events():
                board.take(kind, result)
                if run.cancelled:
                    continue
                if kind != "plan":
                    self.call_from_thread(self.show, run, board)
            words = self.praise(board.stage) if board.complete else ""
        except RuntimeError as error:
            words = str(error)
        if not self.over.is_set():
            self.call_from_thread(self.conclude, run, board, words)
        if board.complete and not run.cancelled:
            diagram = tr("What your server does on the wire now:") + "\n\n" + picture(board.stage)
            if run is self.run_now and not self.over.is_set():
                self.call_from_thread(self.tell, words + "\n\n" + diagram)

    def show(self, run: StageRun, board: Board) -> None:
        """Draw the list of checks, unless another run has begun."""
        if run is not self.run_now:
            return
        self.board = board
        lines = list(board.lines())
        self.query_one("#list", Static).update(Text("\n", no_wrap=True, overflow="ellipsis").join(lines))
        at = next((i for i, line in enumerate(lines) if line.plain[0] in "✗▸"), len(lines) - 1)
        checks = self.query_one("#checks")
        self.call_after_refresh(lambda: checks.scroll_to(y=max(0, at - checks.size.height + 2), animate=False))
        self.query_one("#where", Static).update(
            tr(
                "Stage {stage}   {points} of {all} points   {folder}",
                stage=self.stage,
                points=board.points,
                all=self.stage.points,
                folder=f"stages/{self.stage.folder}",
            )
        )

    def conclude(self, run: StageRun, board: Board, words: str) -> None:
        """A run has come to its end: say what is to be said about it."""
        if run is not self.run_now or run.cancelled:
            return
        self.show(run, board)
        if board.complete and snapshot(self.stage.work) == self.seen:
            self.stage.keep_passed()
        self.tell(words or "\n".join(board.failed[0].lines if board.failed else []))
        self.concluded.set()

    @work(thread=True, group="saves")
    def look_for_saves(self) -> None:
        """Begin a run on every save, until the student quits."""
        saves = watchfiles.watch(
            self.stage.work.parent,
            stop_event=self.over,
            debounce=5 * CALM,
            step=CALM,
            rust_timeout=LOOK,
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        for _ in saves:
            self.call_from_thread(self.look)

    def look(self) -> None:
        """Begin a run where a file is not as it was when the last one began."""
        now = snapshot(self.stage.work)
        if now != self.seen:
            self.seen = now
            self.begin()

    # What is said beneath the checks

    def tell(self, text: str) -> None:
        story = self.query_one("#story")
        self.query_one("#text", Static).update(Text(text))
        story.scroll_home(animate=False)

    def praise(self, stage: Stage) -> str:
        """Say what was learned, and what comes next."""
        following = self.following()
        if following is None:
            ahead = tr("Every stage is complete: you have built the whole chat.")
        else:
            ahead = tr("Press n to go on to stage {stage}.", stage=following)
        whole = tr("Stage {stage} is complete.", stage=stage)
        return "\n\n".join([whole, stage.learned, ahead])

    def following(self) -> Stage | None:
        return next((stage for stage in load_stages() if stage.number == self.stage.number + 1), None)

    # Keys

    def action_hint(self) -> None:
        gaps = self.stage.open_gaps()
        if not gaps:
            self.tell(tr("Every TODO of stage {stage} is filled in.", stage=self.stage))
            return
        number, of, text = next_hint(self.stage, gaps[0])
        title = tr("TODO {gap}, hint {number} of {of}", gap=gaps[0], number=number, of=of)
        self.tell(f"{title}\n\n{text}")

    def action_next(self) -> None:
        following = self.following()
        if not self.board.complete:
            self.tell(tr("This stage is not complete yet. Press s to choose another one all the same."))
        elif following:
            self.go_to(following)

    @work
    async def action_stages(self) -> None:
        chosen = await self.push_screen_wait(Stages(self.stage))
        if chosen:
            self.go_to(chosen)

    def action_run_program(self, program: str) -> None:
        """Give the terminal to the student's server or client, until it ends."""
        file = f"{program}.py"
        try:
            with self.suspend():
                print(f"stages/{self.stage.folder}$ python3 {file}", flush=True)
                process = subprocess.Popen([sys.executable, file], cwd=self.stage.work)
                while process.poll() is None:
                    with contextlib.suppress(KeyboardInterrupt):  # it has heard Ctrl-C too
                        process.wait()
                with contextlib.suppress(EOFError, KeyboardInterrupt):
                    input(tr("It has ended. Enter goes back to the checks. "))
        except SuspendNotSupported:
            command = f"python3 lab.py run {self.stage.number} {program}"
            self.tell(tr("Run it in a second terminal: {command}", command=command))

    def action_leave(self) -> None:
        self.over.set()
        for run in (self.run_now, self.run_next):
            if run:
                run.cancel()
        self.exit(0)


class Stages(ModalScreen):
    """The list of stages, to choose one from."""

    CSS = """
    Stages { align: center middle; }
    OptionList { width: 60; height: auto; max-height: 90%; border: round $primary; }
    """

    def __init__(self, here: Stage) -> None:
        super().__init__()
        self.here = here
        for keys in ("escape", "q", "s"):
            self._bindings.bind(keys, "dismiss")

    def compose(self) -> ComposeResult:
        self.stages = load_stages()
        yield OptionList(*(self._line(stage) for stage in self.stages))

    def _line(self, stage: Stage) -> Text:
        status = "passed" if stage.passed() else "running" if stage.number == self.here.number else "not run"
        return _marked(status, f"{stage}")

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = self.here.number - 1

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.stages[event.option_index])
