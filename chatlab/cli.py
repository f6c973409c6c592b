"""The command `lab`: what a student, an instructor and a maintainer type.

Only the standard library is imported at the top: `lab demo` runs with nothing installed.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from . import demo
from .language import cannot_write, choose, languages, page, tr, tr_n

if TYPE_CHECKING:
    from .checks.plugin import Result
    from .stages import Stage

ROOT = Path(__file__).resolve().parents[1]
LAB = "python3 lab.py" if os.name != "nt" else "py lab.py"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 well, 1 something failed, 2 the command makes no sense."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows ? for it
    arguments = sys.argv[1:] if arguments is None else arguments
    speak(arguments)
    parser = make_parser()
    passed_on = arguments[1:] if arguments[:1] == ["test"] else []  # options too, which argparse would take for ours
    options = parser.parse_args(arguments[: len(arguments) - len(passed_on)])
    options.passed_on = passed_on
    try:
        return options.run(options)
    except (ValueError, FileNotFoundError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def speak(arguments: list[str]) -> None:
    """Choose the language for this command line; ends the program where there is no such language."""
    try:
        choose(_language_in(arguments))
    except ValueError as error:
        print(f"lab: {error}", file=sys.stderr)
        sys.exit(2)


def _language_in(arguments: list[str]) -> str | None:
    """Return what --lang says, or None: the parser itself speaks that language already."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--lang")
    before = arguments[: next((i for i, word in enumerate(arguments) if word == "test"), len(arguments))]
    try:
        return parser.parse_known_args(before)[0].lang
    except argparse.ArgumentError:  # --lang and nothing behind it: the parser itself will say so
        return None


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End the program with this message; its beginning is the one that Python 3.10 does not translate."""
        if match := re.fullmatch(r"argument (?P<argument_name>[^:]+): (?P<message>.+)", message, re.S):
            message = tr("argument %(argument_name)s: %(message)s") % match.groupdict()
        super().error(message)


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="lab",
        description=tr(
            "Build a multi-user chat, stage by stage. Without a command: it checks your work on every save."
        ),
    )
    parser.add_argument(
        "--lang", choices=languages(), help=tr("the language (default: that of LAB_LANG, then of the system)")
    )
    parser.set_defaults(run=welcome)
    commands = parser.add_subparsers(title=tr("commands"), metavar=tr("COMMAND"))

    def command(name: str, run, summary: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=summary, description=summary)
        subparser.set_defaults(run=run)
        return subparser

    command("status", status, tr("where you are, and what is next"))

    check = command("check", check_stage, tr("check your work on a stage (default: the one you are at)"))
    check.add_argument("stage", nargs="?", metavar=tr("STAGE"))
    check.add_argument("--all", action="store_true", help=tr("go on after the first check that fails"))
    check.add_argument("--json", action="store_true", help=tr("print every result as JSON"))
    check.add_argument(
        "--work", type=Path, default=ROOT / "stages", metavar=tr("DIR"), help=tr("folder with the stages' folders")
    )

    watch = command("watch", watch_stage, tr("check a stage again on every save (also: lab, without a command)"))
    watch.add_argument("stage", nargs="?", metavar=tr("STAGE"))

    hint = command("hint", show_hint, tr("show the next hint for a TODO (default: the first that is open)"))
    hint.add_argument("stage", metavar=tr("STAGE"))
    hint.add_argument("todo", nargs="?", type=int, metavar="TODO")

    run = command("run", run_program, tr("run your server or your client"))
    run.add_argument("stage", metavar=tr("STAGE"))
    run.add_argument("program", choices=("server", "client"))
    run.add_argument("address", nargs="*", metavar="HOST PORT")

    diff = command("diff", show_diff, tr("show what changes from one stage's solution to another's"))
    diff.add_argument("a", metavar="A")
    diff.add_argument("b", metavar="B")
    diff.add_argument("--mine", action="store_true", help=tr("compare your own work on the two stages"))

    carry = command("carry", carry_stage, tr("take your own code of a stage to the next one, in place of its starter"))
    carry.add_argument("stage", metavar=tr("STAGE"))

    reset = command("reset", reset_stage, tr("begin a stage again; what you had is kept aside"))
    reset.add_argument("stage", metavar=tr("STAGE"))

    starters = command("starters", make_starters, tr("make the starters in stages/ from solutions/ (for instructors)"))
    starters.add_argument(
        "--check", action="store_true", help=tr("change nothing; fail where a starter is not up to date")
    )

    demo.add_arguments(command("demo", lambda options: demo.run(options, ROOT), tr("see the chat live")))

    trace = command("trace", trace_server, tr("run your server with clients, and draw what goes over the wire"))
    trace.add_argument("stage", metavar=tr("STAGE"))
    trace.add_argument("--svg", type=Path, metavar=tr("OUT"), help=tr("write it as a picture"))

    command("doctor", see_doctor, tr("look whether this machine has what the lab needs, and say what to do where not"))

    explore = command("explore", explore_races, tr("try your server under every thread schedule up to a bound"))
    explore.add_argument(
        "what", metavar=tr("STAGE|FILE"), help=tr("a stage's number, a server.py, or a file with setup, WORKERS, check")
    )
    explore.add_argument("--scenario", metavar=tr("NAME"), help=tr("one scenario alone (a wrong name lists them)"))
    explore.add_argument("--delays", type=int, default=2, metavar="N", help=tr("the bound (default 2)"))
    explore.add_argument(
        "--most", type=int, default=3000, metavar="N", help=tr("schedules of a scenario (default 3000)")
    )
    explore.add_argument(
        "--html", type=Path, metavar=tr("OUT"), help=tr("write the failing schedule as a page to step through")
    )
    explore.add_argument("--svg", type=Path, metavar=tr("OUT"), help=tr("write it as a picture"))

    again = command("replay", replay_race, tr("run a saved failing schedule again, on your program as it is now"))
    again.add_argument("file", type=Path, metavar=tr("FILE"))
    again.add_argument("--html", type=Path, metavar=tr("OUT"), help=tr("write it as a page to step through"))
    again.add_argument("--svg", type=Path, metavar=tr("OUT"), help=tr("write it as a picture"))

    bench = command("bench", run_bench, tr("measure how fast your server is, beside ours and the usual designs"))
    bench.add_argument("files", nargs="*", type=Path, metavar=tr("FILE"), help=tr("a server.py of stage 05 or later"))
    bench.add_argument("--full", action="store_true", help=tr("all regimes, clients and peers (an hour or two)"))
    bench.add_argument(
        "--regimes", metavar=tr("LIST"), help=tr("one,everyone,bursts,flood,rate,storm (default all but storm)")
    )
    bench.add_argument("--clients", metavar=tr("LIST"), help=tr("how many, such as 10,50,200,1000 (default 50)"))
    bench.add_argument("--peers", metavar=tr("LIST"), help=tr("designs to compare with, all or none (default streams)"))
    bench.add_argument("--rounds", type=int, default=3, metavar="N", help=tr("how often each is measured (default 3)"))
    bench.add_argument("--seconds", type=float, metavar="S", help=tr("how long each run talks (default 0.5, full 1)"))
    bench.add_argument(
        "--out", type=Path, metavar=tr("DIR"), help=tr("where CSV, table and plots go (default .lab/bench)")
    )

    books = command("notebooks", run_notebooks, tr("open the notebooks in Jupyter, or export them"))
    books.add_argument(
        "--html", type=Path, metavar=tr("OUT"), help=tr("execute them, and write pages that stand alone")
    )
    books.add_argument(
        "--slides", type=Path, metavar=tr("OUT"), help=tr("execute them, and write slides for the lecture")
    )

    from .grading.command import add_choice, add_grade_arguments

    add_grade_arguments(command("grade", grade_class, tr("grade a class: every submission in isolation, with reports")))
    scope = command("gradescope", pack_gradescope, tr("make an autograder for Gradescope"))
    scope.add_argument(
        "--out", type=Path, default=Path("autograder.zip"), metavar="ZIP", help=tr("(default autograder.zip)")
    )
    add_choice(scope)

    texts = command(
        "translate", translate, tr("bring the catalogues of the other languages up to date (for maintainers)")
    )
    texts.add_argument(
        "--check", action="store_true", help=tr("change nothing; fail where a text is missing or not translated")
    )

    failing = command(
        "failures", write_failures, tr("write docs/failures.md: what each mistake is told (for maintainers)")
    )
    failing.add_argument("-j", "--jobs", type=int, default=4, metavar="N", help=tr("how many at once (default 4)"))

    command("test", run_tests, tr("run all tests of the lab itself, over the solutions; what follows goes to pytest"))

    stress = command(
        "stress", run_stress, tr("run the grading suite over the solutions many times: nothing may ever fail")
    )
    stress.add_argument("-n", "--runs", type=int, default=100, metavar="N", help=tr("how many times (default 100)"))
    stress.add_argument("-j", "--jobs", type=int, default=2, metavar="N", help=tr("how many at once (default 2)"))
    stress.add_argument("--busy", action="store_true", help=tr("keep every core busy meanwhile"))
    return parser


# The student's commands


def welcome(options: argparse.Namespace) -> int:
    """What the tool does without a command: on a terminal it watches, else it says where the student is."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        from .watch import watch

        return watch(None)
    return status(options)


def status(options: argparse.Namespace) -> int:
    """Say where the student is and what is next; with no other command."""
    from rich.console import Console
    from rich.table import Table

    from .stages import load_stages

    console = Console()
    stages = load_stages()
    table = Table(box=None, pad_edge=False, show_header=False)
    here = None
    for stage in stages:
        if here is None and _complete(stage, console):
            mark = "[green]✓[/]"
        elif here is None:
            here, mark = stage, "[bold yellow]→[/]"
        else:
            mark = "[dim]·[/]"
        table.add_row(mark, f"{stage}", f"[dim]{stage.idea}[/]" if stage is not here else stage.idea)
    console.print(table)
    console.print()
    if here is None:
        console.print(tr("Every stage is complete: you have built the whole chat. See it live:"))
        console.print(f"  {LAB} run 9 server", highlight=False)
        return 0
    readme = f"stages/{here.folder}/{page(here.work / 'README.md').name}"
    if here.untouched():
        text = tr("Next comes stage {stage}. Read {readme}, then:", stage=here, readme=readme)
    else:
        text = tr("You are at stage {stage}. Read {readme}, then:", stage=here, readme=readme)
    console.print(text, highlight=False)
    for command, what in (
        ("", tr("checks your work again on every save")),
        (f" check {here.number}", tr("what is done, and what is next")),
        (f" hint {here.number}", tr("when you are stuck")),
    ):
        console.print(f"  {LAB + command:<26} {what}", highlight=False)
    return 0


def _complete(stage: Stage, console) -> bool:
    """Whether the student's files pass every check: known from before where nothing has changed, else checked now."""
    from .checks.runner import run_stage

    if stage.untouched():
        return False
    if not stage.passed():
        with console.status(tr("checking stage {stage} ...", stage=stage)):
            if any(result.status == "failed" for result in run_stage(stage.number, stage.work.parent, fail_fast=True)):
                return False
        stage.keep_passed()
    return True


def check_stage(options: argparse.Namespace) -> int:
    """Check one stage, up to the first check that fails, and say what went wrong and what to do next."""
    from rich.console import Console

    from .checks.runner import run_stage
    from .stages import find_stage, load_stages

    console = Console(stderr=options.json)
    if options.stage:
        stage = find_stage(options.stage)
    else:
        stages = load_stages()
        stage = next((stage for stage in stages if not _complete(stage, console)), stages[-1])
    work = options.work.resolve()
    if not (work / stage.folder).is_dir():
        raise FileNotFoundError(tr("There is no folder {folder}.", folder=work / stage.folder))
    if not options.json:
        title = tr("Stage {stage}", stage=stage)
        console.print(f"[bold]{title}[/]  {_short(work / stage.folder)}\n", highlight=False)
    results: list[Result] = []
    with console.status(tr("checking ...")):
        for result in run_stage(stage.number, work, fail_fast=not options.all):
            results.append(result)
            if not options.json:
                _print_result(console, result, stage)
    failed = [result for result in results if result.status == "failed"]
    own = work == stage.work.parent
    if own and not failed and not options.json:
        stage.keep_passed()
    if options.json:
        _print_json(stage, results)
    else:
        _print_verdict(console, stage, results, failed, own)
    return 1 if failed else 0


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _print_result(console, result: Result, stage: Stage) -> None:
    mark = {"passed": "[green]✓[/]", "failed": "[bold red]✗[/]", "not run": "[dim]-[/]"}[result.status]
    if result.status == "passed" and result.home != stage.number:
        return  # one line tells of all the earlier stages' checks
    title = result.title
    if result.home != stage.number:
        title = tr("{title} (of stage {number:02})", title=title, number=result.home)
    why = f"  [dim]{result.message}[/]" if result.status == "not run" else ""
    console.print(f"  {mark} {title}{why}", highlight=False, soft_wrap=True)


def _print_verdict(console, stage: Stage, results: list[Result], failed: list[Result], own: bool) -> None:
    earlier = [result for result in results if result.home != stage.number and result.status == "passed"]
    if earlier:
        text = tr_n("and {number} check of earlier stages", "and {number} checks of earlier stages", len(earlier))
        console.print(f"  [green]✓[/] {text}", highlight=False)
    console.print()
    for result in failed:
        if len(failed) > 1:
            console.print(f"[bold]{result.title}[/]", highlight=False)
        for line in result.lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        console.print()
    points = sum(result.points for result in results if result.status == "passed")
    if failed:
        if own and (still_open := stage.open_gaps()) and failed[0].cause != "todo":
            numbers = ", ".join(str(number) for number in still_open)
            console.print(tr("Still as in the starter: TODO {numbers}.", numbers=numbers), highlight=False)
        text = tr(
            "{points} of {all} points. A hint: {hint}   Again: {again}",
            **{"points": points, "all": stage.points},
            hint=f"{LAB} hint {stage.number}",
            again=f"{LAB} check {stage.number}",
        )
        console.print(text, highlight=False)
        return
    whole = tr("Stage {stage} is complete", stage=stage)
    text = tr("{points} of {all} points", points=points, all=stage.points)
    console.print(f"[green]{whole}[/]: {text}.", highlight=False)
    if own:
        console.print(f"\n{stage.learned}\n", highlight=False)
        console.print(tr("What is next: {command}", command=LAB), highlight=False)


def _print_json(stage: Stage, results: list[Result]) -> None:
    passed = sum(result.points for result in results if result.status == "passed")
    content = {"stage": stage.folder, "points": passed, "of": stage.points, "results": [asdict(r) for r in results]}
    print(json.dumps(content, ensure_ascii=False, indent=2))


def watch_stage(options: argparse.Namespace) -> int:
    """Check a stage again on every save."""
    from .watch import watch

    return watch(options.stage)


def trace_server(options: argparse.Namespace) -> int:
    """Draw what goes over the wire between clients and the student's server."""
    from .trace import trace

    return trace(options)


def see_doctor(options: argparse.Namespace) -> int:
    """Look for what would stand in the student's way."""
    from .doctor import examine

    return examine()


def show_hint(options: argparse.Namespace) -> int:
    """Show one hint; the next time, the next."""
    from rich.console import Console

    from .stages import find_stage, next_hint

    console = Console()
    stage = find_stage(options.stage)
    gap = options.todo
    if gap is None:
        still_open = stage.open_gaps()
        if not still_open:
            numbers = ", ".join(str(number) for number in stage.hints)
            text = tr("Every TODO of stage {stage} is filled in ({numbers}).", stage=stage, numbers=numbers)
            print(text, tr("Name one for a hint: {command}", command=f"{LAB} hint {stage.number} 1"))
            return 0
        gap = still_open[0]
    if gap not in stage.hints:
        numbers = ", ".join(str(number) for number in stage.hints)
        raise ValueError(
            tr("stage {stage} has no TODO {gap}: it has {numbers}.", stage=stage, gap=gap, numbers=numbers)
        )
    number, of, text = next_hint(stage, gap)
    title = tr("Stage {stage}, TODO {gap}", stage=stage, gap=gap)
    console.print(f"[bold]{title}[/], {tr('hint {number} of {of}', number=number, of=of)}", highlight=False)
    console.print(f"\n{text}\n", highlight=False, markup=False)
    if number == of:
        folder = f"solutions/{stage.folder}/"
        console.print(tr("That is the last one. The solution is in {folder}", folder=folder), highlight=False)
    return 0


def run_program(options: argparse.Namespace) -> int:
    """Run the student's server.py or client.py in its own folder, as they would."""
    from .stages import find_stage

    folder = find_stage(options.stage).work
    file = f"{options.program}.py"
    if not (folder / file).is_file():
        command = f"{LAB} reset {options.stage}"
        raise FileNotFoundError(
            tr("There is no {path}. Put it back with: {command}", path=folder / file, command=command)
        )
    process = subprocess.Popen([sys.executable, file, *options.address], cwd=folder)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass  # the program has heard Ctrl-C too, and ends in its own way


def show_diff(options: argparse.Namespace) -> int:
    """Show the difference of two stages, file by file."""
    from rich.console import Console
    from rich.syntax import Syntax

    from .stages import FILES, SOLUTIONS, find_stage
    from .starters import strip_markers

    a, b = find_stage(options.a), find_stage(options.b)
    base = a.work.parent if options.mine else SOLUTIONS
    for file in FILES:
        old, new = (strip_markers((base / stage.folder / file).read_text(encoding="utf-8")) for stage in (a, b))
        lines = difflib.unified_diff(
            old.splitlines(keepends=True), new.splitlines(keepends=True), f"{a.folder}/{file}", f"{b.folder}/{file}"
        )
        text = "".join(lines)
        if sys.stdout.isatty() and text:
            Console().print(Syntax(text, "diff", background_color="default"))
        else:
            print(text, end="")
    return 0


def carry_stage(options: argparse.Namespace) -> int:
    """Copy the student's files of one stage to the next; what stands there is put aside first."""
    from .stages import FILES, find_stage, load_stages, put_aside

    stage = find_stage(options.stage)
    following = next((other for other in load_stages() if other.number == stage.number + 1), None)
    if following is None:
        raise ValueError(tr("stage {stage} is the last: there is none to carry your code to.", stage=stage))
    if stage.untouched():
        raise ValueError(tr("stage {stage} is not begun yet: there is no code of yours to carry.", stage=stage))
    missing = [file for file in FILES if not (stage.work / file).is_file()]
    if missing:
        raise FileNotFoundError(
            tr("There is no {file} in {folder} to carry.", file=missing[0], folder=f"stages/{stage.folder}")
        )
    folder = f"stages/{following.folder}"
    aside = None if following.untouched() else put_aside([following.work / file for file in FILES])
    for file in FILES:
        (following.work / file).write_bytes((stage.work / file).read_bytes())
    if aside:
        print(tr("What you had in {folder} is now in {aside}", folder=folder, aside=_short(aside)))
    print(tr("{folder} has your own code of stage {stage}, without TODO marks.", folder=folder, stage=stage))
    print(tr("What to do is in its README. The starter again: {command}", command=f"{LAB} reset {following.number}"))
    return 0


def reset_stage(options: argparse.Namespace) -> int:
    """Put the starter back; the student's files are put aside first."""
    from .stages import FILES, find_stage, put_aside

    stage = find_stage(options.stage)
    if stage.untouched():
        print(tr("{folder} is the starter already: nothing to do.", folder=f"stages/{stage.folder}"))
        return 0
    aside = put_aside([stage.work / file for file in FILES])
    stage.work.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (stage.work / file).write_text(stage.starter(file), encoding="utf-8", newline="\n")
    if aside:
        print(tr("Your files are now in {folder}", folder=_short(aside)))
    print(tr("{folder} has the starter again.", folder=f"stages/{stage.folder}"))
    return 0


# The instructor's and the maintainer's commands


def make_starters(options: argparse.Namespace) -> int:
    """Write the starters, or check that they are up to date."""
    from .stages import SOLUTIONS, WORK, put_aside
    from .starters import starters

    stale = {path: text for path, text in starters(SOLUTIONS).items() if _differs(WORK / path, text)}
    for path, text in stale.items():
        if options.check:
            print(tr("stages/{path} is not what solutions/{path} makes", path=path.as_posix()))
            continue
        aside = put_aside([WORK / path])
        (WORK / path).parent.mkdir(parents=True, exist_ok=True)
        (WORK / path).write_text(text, encoding="utf-8", newline="\n")
        print(tr("stages/{path} is made anew", path=path.as_posix()))
        if aside:
            print(tr("  the old one is in {folder}", folder=_short(aside)))
    if not stale:
        print(tr("The starters are up to date."))
    elif options.check:
        print(tr("Make them anew with: {command}", command=f"{LAB} starters"))
    return 1 if stale and options.check else 0


def _differs(path: Path, text: str) -> bool:
    return not path.is_file() or path.read_bytes() != text.encode()


def explore_races(options: argparse.Namespace) -> int:
    """Try a program under many schedules; status 1 where one of them breaks it."""
    if status := _in_the_same_order():
        return status - 1
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from .explorer import Refused
    from .explorer.scenarios import SCENARIOS
    from .stages import find_stage

    console = Console(highlight=False)
    path, stage = Path(options.what), 9
    if not path.suffix:
        found = find_stage(options.what)
        path, stage = found.work / "server.py", found.number
    elif match := re.match(r"(\d\d)_", path.resolve().parent.name):
        stage = int(match[1])
    if not path.is_file():
        raise FileNotFoundError(tr("There is no file {path}: give a stage's number or a file.", path=path))
    if options.scenario and options.scenario not in SCENARIOS:
        names = ", ".join(SCENARIOS)
        raise ValueError(tr("There is no scenario {name!r}. There are: {names}.", name=options.scenario, names=names))
    if options.delays < 0 or options.most < 1:
        raise ValueError(tr("--delays is a number from 0, --most one from 1."))
    jobs = _explorations(path, stage, options)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    for name, run in jobs:
        try:
            with Progress(*columns, console=console, transient=True) as bar:
                task = bar.add_task(name, total=options.most)
                verdict = run(lambda number: bar.update(task, completed=number))
        except Refused as refused:
            print(f"lab: {refused}", file=sys.stderr)
            return 2
        except SyntaxError as error:
            text = tr("Python cannot read {file}, line {line}: {why}", file=path.name, line=error.lineno, why=error.msg)
            print(f"lab: {text}", file=sys.stderr)
            return 2
        if verdict.holds:
            console.print(f"[green]✓[/] {name}: {verdict.sentence}", soft_wrap=True)
        else:
            console.print(f"[red]✗[/] {name}\n")
            print(verdict.timeline())
            _keep(verdict, path, name, options)
            return 1
    return 0


def _explorations(path: Path, stage: int, options: argparse.Namespace) -> list:
    """Return (name, function that explores and tells its progress) for a server's scenarios, or for one component."""
    from .explorer import explore, simulate
    from .explorer.scenarios import SCENARIOS

    source = path.read_text(encoding="utf-8")
    if re.search(r"^WORKERS\b", source, re.M) and re.search(r"^def setup\b", source, re.M):
        from .explorer.search import component

        setup, workers, check = component(path)
        run = lambda progress: explore(setup, workers, check, options.delays, most=options.most, progress=progress)
        return [(path.name, run)]
    chosen = [
        scenario
        for name, scenario in SCENARIOS.items()
        if (name == options.scenario if options.scenario else scenario.since <= stage <= scenario.until)
    ]
    if not chosen:
        raise ValueError(tr("Races begin at stage 4: there is nothing to explore in {path}.", path=path))

    def job(scenario):
        return lambda progress: simulate(
            path, scenario, options.delays, stage=stage, most=options.most, progress=progress
        )

    return [(scenario.__name__, job(scenario)) for scenario in chosen]


def replay_race(options: argparse.Namespace) -> int:
    """Run a saved schedule; status 1 where it still fails."""
    if status := _in_the_same_order():
        return status - 1
    from .explorer import Refused, replay

    if not options.file.is_file():
        raise FileNotFoundError(tr("There is no file {path}.", path=options.file))
    try:
        verdict = replay(options.file)
    except Refused as refused:
        print(f"lab: {refused}", file=sys.stderr)
        return 2
    if verdict.changed:
        print(tr("The program has changed since this was saved."))
    print(verdict.sentence if verdict.holds else verdict.timeline())
    _draw(verdict, options)
    return 0 if verdict.holds else 1


def _keep(verdict, path: Path, name: str, options: argparse.Namespace) -> None:
    from .checks.races import SAVED

    SAVED.mkdir(parents=True, exist_ok=True)
    saved = SAVED / f"{path.resolve().parent.name}-{name}.json"
    verdict.save(saved)
    _draw(verdict, options)
    command = f"{LAB} replay {_short(saved)} --html race.html"
    print("\n" + tr("Run it again: {command}", command=command))


def _draw(verdict, options: argparse.Namespace) -> None:
    """Write the pictures that were asked for."""
    for out, make in ((options.html, "html"), (options.svg, "svg")):
        if out and verdict.failure:
            try:
                out.write_text(getattr(verdict, make)(), encoding="utf-8")
            except OSError as error:
                raise ValueError(cannot_write(out, error)) from None
            print(tr("Written: {path}", path=out))


def _in_the_same_order() -> int:
    """Run this command again where sets of strings have the same order each time; returns its status + 1, or 0."""
    if os.environ.get("PYTHONHASHSEED") == "0":
        return 0
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-m", "chatlab", *sys.argv[1:]], env=environment).returncode + 1


def run_bench(options: argparse.Namespace) -> int:
    """Measure servers side by side; status 1 where a student's file fails, or loses, doubles or tears lines."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from .bench import measure, report, servers

    cases = measure.choose_cases(options.regimes, options.clients, options.full)
    seconds = options.seconds if options.seconds is not None else 1.0 if options.full else 0.5
    if options.rounds < 1 or not 0.05 <= seconds <= 60:
        raise ValueError(tr("--rounds is a number from 1, --seconds one from 0.05 to 60."))
    chosen, missing = servers.choose(options.files, options.peers or ("all" if options.full else "streams"))
    out = options.out or servers.BUILT
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(cannot_write(out, error)) from None
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for name, what in missing.items():
        console.print(tr("Without {name}: this machine lacks {what}.", name=name, what=what))
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    errors = Console(stderr=True, highlight=False)
    # Twice a second: the bar shares the cores with what is measured.
    with Progress(*columns, console=errors, transient=True, refresh_per_second=2) as bar:
        task = bar.add_task("", total=len(cases) * len(chosen) * options.rounds, completed=-1)
        runs = []
        try:
            tell = lambda what: bar.update(task, advance=1, description=what)
            for run in measure.measure(chosen, cases, options.rounds, seconds, tell):
                runs.append(run)
        except KeyboardInterrupt:
            if not runs:
                raise
            console.print(tr("Stopped. What was measured until then:") + "\n")
    rows = measure.rows(chosen, runs)
    console.print(report.table(rows, console.width))
    for line in report.notes(rows, servers.cores()[0] >= 0):
        console.print(line)
    try:
        to = "streams" if any(row.server.name == "streams" for row in rows) else "ours"
        written = [*report.write_csv(rows, runs, out), report.write_markdown(rows, to, out)]
        try:
            written += report.write_plots(rows, out)
        except ImportError:
            console.print(tr("No plots: they need matplotlib."))
    except OSError as error:
        raise ValueError(cannot_write(error.filename or out, error)) from None
    names = ", ".join(path.name for path in written)
    console.print(tr("Written to {folder}: {names}", folder=_short(out.resolve()), names=names), soft_wrap=True)
    wrong = [row for row in rows if row.server.kind == "yours" and (row.faults() or row.runs[-1].failed)]
    return 1 if wrong else 0


def run_notebooks(options: argparse.Namespace) -> int:
    """Open Jupyter in the folder of the notebooks, or export them all."""
    from . import notebooks

    if not (options.html or options.slides):
        return subprocess.call([sys.executable, "-m", "jupyterlab", "--notebook-dir", str(notebooks.FOLDER)])
    from nbclient.exceptions import CellExecutionError, CellTimeoutError
    from rich.console import Console

    console = Console(stderr=True)
    for out, slides in ((options.html, False), (options.slides, True)):
        if not out:
            continue
        name = ""
        try:
            with console.status("") as status:
                for name in notebooks.export(out, slides):
                    status.update(tr("executing {name} ...", name=name))
        except (CellExecutionError, CellTimeoutError) as error:
            why = str(error).strip().splitlines()[-1]
            print("lab: " + tr("notebooks/{name}.ipynb fails: {why}", name=name, why=why), file=sys.stderr)
            return 1
        except OSError as error:
            raise ValueError(cannot_write(out, error)) from None
        print(f"{out / 'index.html'}")
    return 0


def grade_class(options: argparse.Namespace) -> int:
    """Grade every submission in a folder."""
    from .grading.command import grade

    return grade(options)


def pack_gradescope(options: argparse.Namespace) -> int:
    """Write the autograder's zip."""
    from .grading.command import gradescope

    return gradescope(options)


def translate(options: argparse.Namespace) -> int:
    """Bring the catalogues up to date, or check that they are."""
    from .translate import bring_up_to_date

    return bring_up_to_date(options.check)


def write_failures(options: argparse.Namespace) -> int:
    """Write what each mistake is told."""
    from . import failures

    for line in failures.write(options.jobs):
        print(line, flush=True)
    return 0


def run_tests(options: argparse.Namespace) -> int:
    """Run pytest over everything, several tests at once: most of a test's time is waiting."""
    several = ["-n", "8", "--dist", "worksteal"]
    return subprocess.call([sys.executable, "-m", "pytest", *several, *options.passed_on], cwd=ROOT)


def run_stress(options: argparse.Namespace) -> int:
    """Run the grading suite again and again."""
    from .stress import stress

    return stress(options.runs, options.jobs, options.busy)
