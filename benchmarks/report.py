"""The stored results as Markdown tables for the page on speed: ``python benchmarks/report.py`` writes them.

``make bench-store`` measures and then runs this. Nothing here is typed: every figure is from ``results.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from workloads import DESCRIPTIONS, growth

HERE = Path(__file__).parent
TABLES = HERE.parent / "reference" / "speed_tables.md"

# The most that cvlib may take, as a multiple of the faster of PyTorch's one- and two-thread times.
GOALS = {
    "W1": 1.4, "W2": 1.3, "W3": 1.5, "W4": 1.0, "W5": 0.8, "W6a": 0.9, "W6b": 1.3, "W7": 1.25,
    "W8": 1.1, "W9a": 2.2, "W9b": 4.0, "W10": 1.8,
}  # fmt: skip
OTHERS = ("bare GEMM", "DeZero", "SciPy (forward)")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table: names on the left, figures on the right."""
    rule = [":--", *["--:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [headings, rule, *rows])


def times(value: float | None) -> str:
    """Return a ratio in two or three digits, or a dash."""
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def pytorch_table(results: dict) -> str:
    """Return how many times as long as PyTorch cvlib takes."""
    rows = []
    for name, described in DESCRIPTIONS.items():
        row = results["workloads"][name]
        figures = [
            times(row[who]["ratio"]) if who in row else "–"
            for who in ("PyTorch, faster", "PyTorch, 1 thread")
        ]
        rows.append([described, f"{row['cvlib']['ms']:.3g}", figures[0], times(GOALS[name]), figures[1]])
    return table(["workload", "cvlib, ms", "÷ PyTorch", "goal", "÷ PyTorch on one thread"], rows)


def others_table(results: dict) -> str:
    """Return how many times as long as the others cvlib takes, where one of them takes part."""
    rows = []
    for name, described in DESCRIPTIONS.items():
        row = results["workloads"][name]
        if any(who in row for who in OTHERS):
            rows.append([described, *(times(row[who]["ratio"]) if who in row else "–" for who in OTHERS)])
    return table(["workload", *(f"÷ {who}" for who in OTHERS)], rows)


def memory_table(results: dict) -> str:
    """Return the peak memory of a step, in MiB."""
    shown = ["cvlib", "PyTorch", "DeZero"]
    rows = [
        [DESCRIPTIONS[name], *(f"{sizes[who] / 2**20:.1f}" if who in sizes else "–" for who in shown)]
        for name, sizes in results["memory"].items()
    ]
    return table(["peak memory of a step, MiB", *shown], rows)


def growth_table(results: dict) -> str:
    """Return how time grows with one number, as a multiple of the step before, beside that of the MACs."""
    rows = []
    for title, shapes in growth().items():
        before = None
        for value, shape in shapes.items():
            ms = results["growth"][title][str(value)]
            more_time, more_macs = (ms / before[0], shape.macs / before[1]) if before else (None, None)
            rows.append(
                [
                    f"{title} {value}",
                    f"{ms:.3g}",
                    f"{shape.macs / ms / 1e6:.1f}",
                    times(more_macs),
                    times(more_time),
                ]
            )
            before = ms, shape.macs
    return table(["convolution with", "ms", "forward GMAC/s", "MACs, times", "time, times"], rows)


def machine_line(results: dict) -> str:
    """Return one sentence on where and when."""
    facts = dict(results["machine"])
    day, processor, cores = (facts.pop(name) for name in ("date", "processor", "cores"))
    versions = ", ".join(f"{'NumPy' if name == 'numpy' else name} {number}" for name, number in facts.items())
    return f"Measured on {day}: {processor}, {cores} cores; {versions}."


def main() -> None:
    """Write the tables, each under a marker that the page includes."""
    results = json.loads((HERE / "results.json").read_text())
    parts = {
        "machine": machine_line,
        "pytorch": pytorch_table,
        "others": others_table,
        "memory": memory_table,
        "growth": growth_table,
    }
    text = "\n\n".join(f"<!-- {name} -->\n\n{part(results)}" for name, part in parts.items())
    TABLES.write_text(f"<!-- Written by benchmarks/report.py. -->\n\n{text}\n\n<!-- end -->\n")


if __name__ == "__main__":
    main()
