"""What came out: in words, as a table, as CSV, as plots."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from ..language import amount, mark, tr
from .measure import BURST, COLUMNS, HELD, REGIMES, Row, Run

NAGLE_MS = (36, 62)  # Linux delays an ACK by 40 ms, and Nagle's algorithm waits for it
BUSY = 0.9  # of a core
SUMMARY = (
    *("server", "regime", "clients", "silent", "rounds", "per_second", "p50_ms", "p99_ms", "max_ms", "cpu_per_million"),
    *("memory_mb", "threads", "speed_of_ours", "speed_of_streams", "speed_of_without_silent"),
    *("p99_of_ours", "p99_of_streams", "cpu_of_ours", "cpu_of_streams", "load_limited", "faults", "limit"),
)


def faults_in_words(row: Row) -> str:
    """Return what is wrong with what was heard, or nothing."""
    names = {"reordered": tr("out of order"), "echoed": tr("back to their sender")}
    return ", ".join(f"{amount(count)} {names.get(kind, kind)}" for kind, count in row.faults().items())


def load_limited(row: Row) -> bool:
    """Whether the load generator had hardly a moment to spare, so that the server may be faster than the row tells."""
    if row.runs[-1].failed or row.case.regime == "storm":
        return False
    return row.median("load_share") + row.median("load_wait") >= BUSY


def limit(row: Row) -> str:
    """Return in words what limits the server here, the worst first."""
    last = row.runs[-1]
    said = []
    if wrong := faults_in_words(row):
        said.append(tr("WRONG lines: {wrong}", wrong=wrong))
    if row.most("gone") and last.end != "closed":
        said.append(tr("drops {value:,} who do read", value=row.most("gone")))
    said.append(_main_limit(row, last))
    if row.case.silent and not last.failed:
        if row.most("hung_up"):
            said.append(tr("drops the one who never reads"))
        else:
            said.append(tr("keeps what is not read, in {value:,.0f} MB", value=row.most("memory_mb")))
        if kept := row.speed["without silent"]:
            said.append(tr("the others keep {kept:.0%} of their speed", kept=min(kept, 1)))
    return "; ".join(filter(None, said))


def _main_limit(row: Row, last: Run) -> str:
    if last.end == "failed":
        return last.words
    if last.words and last.failed:
        return tr("it ends: {words}", words=last.words)
    if last.end == "join":
        why = f" ({last.refused})" if last.refused else ""
        return tr("lets {joined:,} of {clients:,} in{why}", joined=last.joined, clients=last.clients, why=why)
    if last.end == "heard":
        return tr("only {heard_first:,} of {value:,} hear a line", heard_first=last.heard_first, value=last.clients - 1)
    if last.end == "closed":
        return tr("it hangs up on everyone")
    if last.end == "stalled":
        if row.faults():
            return tr("the rest waits for what is lost")
        return tr("stands still: one who never reads stops all") if last.silent else tr("stands still")
    if row.case.regime == "storm":
        return tr("all are in, and hear a line, after {value:.2f} s", value=row.median("heard_s"))
    if load_limited(row):
        if row.median("load_share") >= BUSY:
            return tr("the load generator: the server may do more")
        return tr("other programs, which keep the load generator waiting")
    waits = row.median("p99_ms" if row.case.regime == "rate" else "p50_ms")
    in_step = row.case.regime in ("one", "everyone", "rate")
    if in_step and NAGLE_MS[0] < waits < NAGLE_MS[1] and row.median("server_share") < 0.6:
        return tr("Nagle's algorithm: waits for an ACK before it sends more; set TCP_NODELAY")
    deliveries = max(1, row.median("deliveries"))
    sends = row.median("segments") / deliveries
    cost = tr("{cost:.2g} µs each", cost=row.median("cpu_per_million"))
    if row.case.regime == "rate":
        return tr("holds the rate") if row.median("per_second") > 0.95 * HELD else tr("falls behind the rate")
    if row.median("switches") / deliveries > 0.5:
        return tr("wakes a thread for each line and client, {cost}", cost=cost)
    if sends > 0.5:
        return tr("a send for each line and client, {cost}", cost=cost)
    return tr("{value:,.0f} lines in a send, {cost}", value=1 / sends if sends else 0, cost=cost)


HEADINGS = (
    *(mark("deliveries/s"), mark("of ours"), mark("of streams"), mark("p50 ms"), mark("p99 ms"), mark("max ms")),
    *(mark("CPU s/M"), mark("MB"), mark("threads")),
)
NARROW = ("max ms", "threads", "of streams", "MB", "p50 ms")  # what a narrow terminal does without, in this order


def table(rows: list[Row], width: int):
    """Return the rows as something that rich prints: for each case the figures, and under them what limits each.

    width: columns of the terminal; the figures that have no room are in the CSV all the same.
    """
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    names = max((len(row.server.name) for row in rows), default=0)
    headings = [name for name in HEADINGS if name != "of streams" or any(row.server.name == "streams" for row in rows)]
    for name in NARROW:
        if names + sum(2 + max(7, len(tr(heading))) for heading in headings) > width and name in headings:
            headings.remove(name)
    parts = []
    for case in dict.fromkeys(row.case for row in rows):
        figures = Table(box=None, pad_edge=False, header_style="dim")
        figures.add_column(width=names, no_wrap=True)
        for heading in headings:
            figures.add_column(tr(heading), justify="right", no_wrap=True, min_width=max(7, len(tr(heading))))
        words = []
        for row in (row for row in rows if row.case == case):
            style = "red" if row.faults() or row.runs[-1].failed else "green" if row.server.kind == "yours" else ""
            cells = _figures(row)
            figures.add_row(*(Text(text, style) for text in [row.server.name, *(cells[name] for name in headings)]))
            words.append(Padding(Text(f"{row.server.name}: {limit(row)}", style), (0, 0, 0, 2), expand=False))
        parts += [Text(str(case), "bold"), figures, Text(tr("What limits it"), "dim"), *words, Text()]
    return Group(*parts)


def _figures(row: Row) -> dict[str, str]:
    """Return the cells behind the server's name; what makes no sense here is empty."""
    cells = dict.fromkeys(HEADINGS, "")
    cells |= {"of ours": _times(row.speed["ours"]), "of streams": _times(row.speed["streams"])}
    cells |= {"MB": f"{row.most('memory_mb'):.0f}", "threads": amount(row.most("threads"))}
    if not row.runs[-1].failed and row.case.regime != "storm":
        cells |= {
            "deliveries/s": amount(row.median("per_second"), ",.0f"),
            "CPU s/M": f"{row.median('cpu_per_million'):.3g}",
        }
        cells |= {"p50 ms": f"{row.median('p50_ms'):.2f}", "p99 ms": f"{row.median('p99_ms'):.2f}"}
        cells |= {"max ms": f"{row.most('max_ms'):.1f}"}
    return cells


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}×" if ratio < 10 else f"{amount(ratio, ',.0f')}×"


def notes(rows: list[Row], pinned: bool) -> list[str]:
    """Return sentences on how far the figures can be trusted."""
    said = []
    busy = median([run.others_share for row in rows for run in row.runs if run.regime != "storm"] or [0])
    if busy > 0.15:
        said.append(tr("Other programs kept {busy:.1f} cores busy meanwhile: compare ratios, not figures.", busy=busy))
    if not pinned:
        said.append(tr("Server and load generator shared one core: compare ratios, not figures."))
    if any(load_limited(row) for row in rows):
        said.append(tr("Where the load generator was the limit, a faster server would show no better figure."))
    if any(run.end == "unfinished" for row in rows for run in row.runs):
        said.append(tr("Where a flood was still on its way at the end, its latencies would have grown further."))
    return said


def write_csv(rows: list[Row], runs: list[Run], out: Path) -> list[Path]:
    """Write runs.csv, a line for each run, and table.csv, a line for each row; returns their paths. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "runs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([getattr(run, column) for column in COLUMNS] for run in runs)
    with (out / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, SUMMARY)
        writer.writeheader()
        writer.writerows(_summary(row) for row in rows)
    return [out / "runs.csv", out / "table.csv"]


def write_markdown(rows: list[Row], to: str, out: Path) -> Path:
    """Write table.md: deliveries a second as a multiple of one server's, a row for each case, a column for each server.

    to: "ours" or "streams". A fault is marked with ✗, a row that the load generator limited with ≥; a server that did
    not come to an end, or let not all in, has 0. Raises OSError.
    """
    servers = list(dict.fromkeys(row.server.name for row in rows))
    by_key = {(row.case, row.server.name): row for row in rows}
    lines = ["| | " + " | ".join(servers) + " |", "|---|" + "---|" * len(servers)]
    for case in dict.fromkeys(row.case for row in rows):
        cells = [_cell(by_key.get((case, name)), to) for name in servers]
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    path = out / "table.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _cell(row: Row | None, to: str) -> str:
    if row is None:
        return ""
    if row.runs[-1].failed:
        return "0" + " ✗" * bool(row.faults())
    ratio = row.speed[to]
    figure = "" if ratio is None else f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}"
    return "≥ " * load_limited(row) + figure + " ✗" * bool(row.faults())


def _summary(row: Row) -> dict:
    medians = ("per_second", "p50_ms", "p99_ms", "cpu_per_million")
    ratios = {
        f"{name}_of_{to.replace(' ', '_')}": value
        for name in ("speed", "p99", "cpu")
        for to, value in getattr(row, name).items()
    }
    figures = {field: row.median(field) for field in medians} | {
        field: row.most(field) for field in ("max_ms", "memory_mb", "threads")
    }
    figures |= {name: "" if value is None else value for name, value in ratios.items() if name in SUMMARY}
    return {
        **{"server": row.server.name, "regime": row.case.regime},
        **{"clients": row.case.clients, "silent": row.case.silent},
        **{name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in figures.items()},
        **{"rounds": len(row.runs), "load_limited": load_limited(row)},
        **{"faults": faults_in_words(row), "limit": limit(row)},
    }


PLOTS = {  # file: field, axis
    "throughput": ("per_second", "deliveries a second"),
    "latency": ("p99_ms", "p99 latency, ms"),
    "cpu": ("cpu_per_million", "CPU-seconds a million deliveries"),
}
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c564b", "#7f7f7f", "#bcbd22", "#17becf")


def write_plots(rows: list[Row], out: Path) -> list[Path]:
    """Draw each figure over the number of clients, a panel for each regime, as PNG and SVG; returns the paths.

    Hollow points are rows that the load generator limited, crosses rows with lost, doubled, torn or reordered lines.
    Raises ImportError without matplotlib, OSError where the folder cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "chatlab"  # the same picture is the same file
    usable = [row for row in rows if not row.case.silent and row.case.regime != "storm" and not row.runs[-1].failed]
    regimes = list(dict.fromkeys(row.case.regime for row in usable))
    written: list[Path] = []
    for name, (field, label) in PLOTS.items() if regimes else ():
        figure, panels = pyplot.subplots(1, len(regimes), figsize=(1.2 + 3.2 * len(regimes), 4.2), squeeze=False)
        for panel, regime in zip(panels[0], regimes):
            _draw(panel, [row for row in usable if row.case.regime == regime], field)
            panel.set_title(tr(REGIMES[regime].title, burst=BURST, held=HELD), fontsize=9)
        panels[0][0].set_ylabel(label)
        named = {text: line for panel in panels[0] for line, text in zip(*panel.get_legend_handles_labels())}
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=6, fontsize=8, frameon=False)
        figure.set_layout_engine("constrained")
        for kind in ("png", "svg"):
            written.append(out / f"{name}.{kind}")
            figure.savefig(written[-1], dpi=130, metadata={"Date": None} if kind == "svg" else None)
        pyplot.close(figure)
    return written


def _draw(panel, rows: Iterable[Row], field: str) -> None:
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter, ScalarFormatter

    rows = list(rows)
    for server in dict.fromkeys(row.server for row in rows):
        own = sorted((row for row in rows if row.server == server), key=lambda row: row.case.clients)
        colour = "black" if server.kind == "ours" else "#d62728" if server.kind == "yours" else _colour(server.name)
        x, y = [row.case.clients for row in own], [row.median(field) for row in own]
        width = 1.2 if server.kind == "peer" else 2.4
        panel.plot(x, y, color=colour, linewidth=width, label=server.name)
        for row, at, value in zip(own, x, y):
            marker = "x" if row.faults() else "o"
            face = "white" if load_limited(row) and marker == "o" else colour
            panel.plot([at], [value], marker=marker, markersize=5, color=colour, markerfacecolor=face, zorder=4)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks(sorted({row.case.clients for row in rows}))
    panel.xaxis.set_major_formatter(ScalarFormatter())
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(EngFormatter(sep=""))
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(labelsize=8)
    panel.set_xlabel("clients")
    panel.grid(alpha=0.3, which="major")


def _colour(name: str) -> str:
    """Return the peer's colour: the same in every plot."""
    from .servers import PEERS

    return COLOURS[list(PEERS).index(name) % len(COLOURS)]
