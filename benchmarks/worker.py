"""One contender in a process of its own: ``python worker.py MODULE`` reads requests from stdin, one JSON a line.

``["time", workload, count]`` answers the seconds of one step, the mean over ``count``; ``["memory", workload]`` the
bytes by which the process grew at its largest during one step; ``["has", workload]`` whether it takes part.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import workloads

contender = importlib.import_module(f"contenders.{sys.argv[1]}")


@cache
def step(workload: str) -> Callable[[], object]:
    """Return the step of a workload, built once."""
    if " " in workload:  # "image size 28": one of the growth series
        series, _, value = workload.rpartition(" ")
        return contender.conv(workloads.growth()[series][int(value)])
    return contender.STEPS[workload]()


def timed(workload: str, count: int) -> float:
    """Return the mean seconds of a step."""
    run = step(workload)
    gc.disable()
    begin = time.perf_counter()
    for _ in range(count):
        run()
    seconds = (time.perf_counter() - begin) / count
    gc.enable()
    return seconds


def memory(workload: str) -> int:
    """Return the bytes of resident memory that a first step needs beyond what is there before it."""
    step("W5")()  # the library itself is loaded and set up
    run = step(workload)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew: Linux only
    before = status("VmRSS")
    run()
    return status("VmHWM") - before


def status(name: str) -> int:
    """Return a line of the process's status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def has(workload: str) -> bool:
    """Return whether the contender takes part."""
    return workload in contender.STEPS or (" " in workload and hasattr(contender, "conv"))


ANSWERS = {"time": timed, "memory": memory, "has": has}

for line in sys.stdin:
    request, *arguments = json.loads(line)
    print(json.dumps(ANSWERS[request](*arguments)), flush=True)
