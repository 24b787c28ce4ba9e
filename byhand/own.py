"""A reader's own numbers in place of a calculation's givens."""

from __future__ import annotations


class Refused(ValueError):  # noqa: N818 (what it says, a reader reads)
    """Something that a reader asked for and cannot have; the message is a sentence or two that say why.

    Parameters
    ----------
    sentence
        What was wrong, and what is expected.
    field
        The name of the given that it is about; None where it is not about a single one.
    """

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field
