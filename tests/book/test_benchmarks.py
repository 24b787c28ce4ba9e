"""The benchmarks run, measure the same workloads everywhere, and the page shows what was stored."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import report  # benchmarks/report.py
import workloads  # benchmarks/workloads.py
from contenders import ours  # benchmarks/contenders/ours.py

ROOT = Path(__file__).parents[2]


def test_every_workload_is_described_and_done():
    assert list(ours.STEPS) == list(workloads.DESCRIPTIONS)
    for make in ours.STEPS.values():
        make()()


def test_same_shape_same_numbers():
    x, w, b, dy = workloads.CONVOLUTIONS["W1"].arrays()
    assert (x.shape, w.shape, b.shape, dy.shape) == ((32, 3, 32, 32), (16, 3, 3, 3), (16,), (32, 16, 32, 32))
    np.testing.assert_array_equal(x, workloads.normal(*x.shape))
    assert workloads.grid().shape == (32, 64, 64, 2)
    assert workloads.CONVOLUTIONS["W3"].macs == 8 * 120_422_400  # the Inception example of cvlib.counting


def test_a_worker_answers():
    requests = [
        ["has", "W5"],
        ["has", "W99"],
        ["time", "W5", 3],
        ["memory", "W1"],
        ["time", "kernel size 3", 1],
    ]
    done = subprocess.run(
        [sys.executable, "benchmarks/worker.py", "ours"],
        input="".join(f"{json.dumps(request)}\n" for request in requests),
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    yes, no, seconds, size, grown = map(json.loads, done.stdout.splitlines())
    assert (yes, no) == (True, False)
    assert 0 < seconds < 1
    assert 0 < size < 2**30
    assert 0 < grown < 10


def test_the_page_shows_the_stored_results(tmp_path, monkeypatch):
    stored = report.TABLES.read_text(encoding="utf-8")
    monkeypatch.setattr(report, "TABLES", tmp_path / "tables.md")
    report.main()
    assert (tmp_path / "tables.md").read_text(encoding="utf-8") == stored
    for described in report.DESCRIPTIONS.values():
        assert stored.count(f"| {described} |") >= 1
