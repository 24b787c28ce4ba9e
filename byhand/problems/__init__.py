"""The problems: one module for each topic, one class for each row of the coursework."""

from __future__ import annotations

import importlib
import re

from byhand.question import Problem, registry

TOPICS = ("convolution",)


def load() -> dict[str, type[Problem]]:
    """Return every problem class by id, in the coursework's order."""
    for topic in TOPICS:
        importlib.import_module(f"byhand.problems.{topic}")
    return dict(sorted(registry.items(), key=lambda item: _order(item[0])))


def _order(identity: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"([A-D])(\d+)([a-z]?)", identity)
    if not found:
        raise ValueError(
            f"an id is a letter, a number and perhaps a small letter, such as C1a, got {identity!r}"
        )
    return found[1], int(found[2]), found[3]
