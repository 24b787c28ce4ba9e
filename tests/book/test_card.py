"""The picture that a shared link shows is the one that the book's code draws, in the size that is asked for."""

from __future__ import annotations

import numpy as np
from make_card import CARD, draw  # tools/make_card.py
from PIL import Image


def test_card_has_the_size_that_is_asked_for():
    """1200 x 630 pixels, and light enough for a telephone."""
    with Image.open(CARD) as card:
        assert card.size == (1200, 630)
    assert CARD.stat().st_size < 150_000


def test_card_is_current():
    """The stored picture is what `python tools/make_card.py` would write; font engines may differ by a shade."""
    with Image.open(CARD) as card:
        stored = np.asarray(card.convert("RGB"), np.int16)
    assert np.abs(stored - np.asarray(draw(), np.int16)).mean() < 0.5


def test_an_old_card_is_noticed(monkeypatch):
    """Another title makes another picture."""
    before = np.asarray(draw(), np.int16)
    monkeypatch.setattr("make_card.TITLE", "Computer Vision by Foot")
    assert np.abs(before - np.asarray(draw(), np.int16)).mean() > 0.5
