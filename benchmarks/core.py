"""How fast the numerical core is, as ratios to others in the same run: ``make bench``.

Every contender has a process of its own, because the waiting threads of two libraries in one process slow each other
down. In each round all contenders do a workload one after the other; a ratio is taken within a round, and the median of
the rounds is reported. What is not installed is left out, and named.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import workloads

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
ROUNDS, SECONDS, PAUSE = (
    9,
    0.15,
    0.25,
)  # per workload; per measurement, at least; between two, for threads to fall asleep


class Contender:
    """A process that runs one library's steps on request."""

    def __init__(self, module: str, threads: int):
        counts = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        path = os.pathsep.join([str(HERE), str(HERE.parent)])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | counts | {"PYTHONPATH": path},
        )  # fmt: skip

    def ask(self, *request: object) -> object:
        """Return the answer to a request."""
        with suppress(BrokenPipeError):  # then there is no answer either
            print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[-1]} ended while it was asked {request}")
        return json.loads(answer)

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):  # it has ended already
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


# name in the table: module, package it needs, threads
CONTENDERS = {
    "cvlib": ("ours", "numpy", 2),
    "cvlib, 1 thread": ("ours", "numpy", 1),
    "bare GEMM": ("gemm", "numpy", 2),
    "PyTorch": ("pytorch", "torch", 2),
    "PyTorch, 1 thread": ("pytorch", "torch", 1),
    "SciPy (forward)": ("scipy_signal", "scipy", 1),
    "DeZero": ("dezero_cpu", "dezero", 2),
}


def installed(names: Sequence[str] = tuple(CONTENDERS)) -> dict[str, tuple[str, int]]:
    """Return module and threads of every contender named whose package is there; print which are not."""
    missing = sorted({CONTENDERS[name][1] for name in names if find_spec(CONTENDERS[name][1]) is None})
    if missing:
        print(
            f"not installed, so left out: {', '.join(missing)} (pip install -r benchmarks/requirements.txt)"
        )
    return {
        name: (module, threads)
        for name, (module, package, threads) in CONTENDERS.items()
        if name in names and package not in missing
    }


def race(contenders: dict[str, Contender], workload: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of a step, for every contender that takes part and every round."""
    racing = {name: contender for name, contender in contenders.items() if contender.ask("has", workload)}
    counts = {}
    for name, contender in racing.items():
        contender.ask("time", workload, 2)  # caches fill, threads start, memory is fetched
        counts[name] = max(1, round(SECONDS / contender.ask("time", workload, 2)))
    seconds = {name: [] for name in racing}
    for _ in range(rounds):
        for name, contender in racing.items():
            time.sleep(PAUSE)
            seconds[name].append(contender.ask("time", workload, counts[name]))
    return seconds


def ratios(ours: list[float], others: list[float]) -> float:
    """Return the median over the rounds of our time by theirs."""
    return statistics.median(a / b for a, b in zip(ours, others, strict=True))


def measure(
    names: Sequence[str], against: Sequence[str], rounds: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Return, for each workload and contender, milliseconds and our ratio to it."""
    results = {}
    with ExitStack() as stack:
        contenders = {
            name: stack.enter_context(Contender(*arguments))
            for name, arguments in installed(["cvlib", *against]).items()
        }
        for workload in names:
            seconds = race(contenders, workload, rounds)
            # PyTorch: the faster of its one- and two-thread times, round by round
            torches = [seconds[name] for name in seconds if name.startswith("PyTorch")]
            if torches:
                seconds["PyTorch, faster"] = [min(times) for times in zip(*torches, strict=True)]
            results[workload] = {
                name: {
                    "ms": 1000 * statistics.median(times),
                    "ratio": ratios(seconds["cvlib"], times),
                }
                for name, times in seconds.items()
            }
            show(workload, results[workload])
    return results


def show(workload: str, row: dict[str, dict[str, float]]) -> None:
    """Print one workload's results."""
    described = workloads.DESCRIPTIONS.get(workload, workload)
    print(f"{workload:14} {described}")
    for name, result in row.items():
        print(
            f"    {name:20} {result['ms']:10.3f} ms   cvlib takes {result['ratio']:6.2f} times as long",
            flush=True,
        )


def peak_memory() -> dict[str, dict[str, int]]:
    """Return the bytes a first step needs, each in a fresh process."""
    bytes_needed = {}
    for workload in ("W2", "W3"):
        bytes_needed[workload] = {}
        for name, arguments in installed().items():
            with Contender(*arguments) as contender, suppress(PermissionError):
                if contender.ask("has", workload) and name not in ("bare GEMM", "SciPy (forward)"):
                    bytes_needed[workload][name] = contender.ask("memory", workload)
        for name, size in bytes_needed[workload].items():
            print(f"{workload} {name:20} {size / 2**20:8.1f} MiB")
    return bytes_needed


def growth(rounds: int) -> dict[str, dict[str, float]]:
    """Return milliseconds of convolutions that differ in one number."""
    with Contender(*installed()["cvlib"]) as ours:
        series = {}
        for title, shapes in workloads.growth().items():
            names = [f"{title} {value}" for value in shapes]
            seconds = {name: race({"cvlib": ours}, name, rounds)["cvlib"] for name in names}
            series[title] = {
                name.split()[-1]: 1000 * statistics.median(times) for name, times in seconds.items()
            }
            print(title, {value: round(ms, 3) for value, ms in series[title].items()}, flush=True)
    return series


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    packages = {p: version(p) for p in ("numpy", "torch", "scipy", "dezero") if find_spec(p)}
    names = [line.partition(":")[2].strip() for line in cpu_lines() if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    facts = {"date": date.today().isoformat(), "processor": processor, "cores": str(os.cpu_count())}
    return facts | {"Python": platform.python_version()} | packages


def cpu_lines() -> list[str]:
    """Return what Linux tells of the processor."""
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    """Measure what the command line asks for: by default all workloads, without storing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", help="W1 ... W10; all if none is given")
    parser.add_argument(
        "--against", nargs="*", default=list(CONTENDERS), choices=CONTENDERS, help="all by default"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--store", action="store_true", help="measure everything and write results.json")
    arguments = parser.parse_args()
    names = arguments.workloads or list(workloads.DESCRIPTIONS)
    results = measure(names, arguments.against, arguments.rounds)
    if arguments.store:
        everything = {
            "machine": machine(),
            "workloads": results,
            "memory": peak_memory(),
            "growth": growth(arguments.rounds),
        }
        RESULTS.write_text(json.dumps(everything, indent=1) + "\n")
        print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
