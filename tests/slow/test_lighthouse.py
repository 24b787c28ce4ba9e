"""What Lighthouse says of one page of each kind, as far as it does not depend on how fast this machine is.

The score for speed does: ``make bench-lighthouse`` measures it, and its results are stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import lighthouse  # benchmarks/lighthouse.py
import pytest
from site_server import pages, serving  # tools/site_server.py

NOT_FOR_SEARCH_ENGINES = {"404.html", "search.html"}
MOST_MOVEMENT = 0.02
GOAL = 98

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield the address of the site's root."""
    with serving() as address:
        yield address


@pytest.mark.parametrize("device", ["mobile", "desktop"])
@pytest.mark.parametrize("page", lighthouse.SAMPLE)
def test_lighthouse_finds_nothing(server: str, page: str, device: str):
    """All points for accessibility, for best practices and for search engines; and nothing moves."""
    found = lighthouse.summary([lighthouse.audit(server + page, device)])
    scores = {name: score for name, score in found["scores"].items() if name != "performance"}
    if page in NOT_FOR_SEARCH_ENGINES:
        del scores["seo"]  # they ask search engines to stay away, for which Lighthouse takes points
    assert set(scores.values()) == {100}, found
    assert found["measures"]["layout shift"] <= MOST_MOVEMENT


def test_the_stored_scores_are_of_these_pages_and_reach_the_goal():
    """Every page has been measured on a phone; one of each kind on a desktop, too."""
    stored = json.loads(lighthouse.RESULTS.read_text(encoding="utf-8"))
    assert {f"{page}, mobile" for page in pages()} <= set(stored)
    assert {f"{page}, desktop" for page in lighthouse.SAMPLE} <= set(stored)
    speed = {name: found["scores"]["performance"] for name, found in stored.items()}
    assert {name: score for name, score in speed.items() if score < GOAL} == {}
