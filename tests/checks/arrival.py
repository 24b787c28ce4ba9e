"""What a page does on its way to the reader."""

from __future__ import annotations

from collections.abc import Iterator

from checks.visit import Visit


def nothing_went_wrong(visit: Visit) -> Iterator[str]:
    """Nothing on the console, nothing missing, nothing asked of anyone else."""
    yield from visit.complaints
    visit.complaints.clear()


def has_a_title(visit: Visit) -> Iterator[str]:
    """A page has a name, for tabs, histories and bookmarks."""
    if not visit.page.title().strip():
        yield "no title"
