r"""Reading an answer in words: which signs its sentences give, and which of them a "not" takes back.

*Signs* are how an author writes down what to listen for: alternatives separated by ``|``, each some beginnings of words
that must all occur in one sentence, as in ``"shar weight | same filter everywhere"``.

- A beginning of one or two letters is a whole word: ``no`` does not stand for "noise".
- A hyphen stands for both spellings: ``up-sampl`` is found in "upsampling", "up-sampling" and "up sampling".
- A ``not``, ``no`` or ``without`` among the words stands for any denial that has one of the words in its clause:
  ``no label`` is found in "labels aren't needed". Without it, words that a denial takes back do not count.
- A word with an exclamation mark before it must *not* occur: ``clip vanish !explod``.

Spelling is evened out on both sides: capitals, British and American endings, ``3 × 3`` and ``3x3``, Greek letters and
their names, so that ``\mu`` in a formula is as good as "mu". Everything here takes time in proportion to the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple


def _words(written: str) -> frozenset[str]:
    return frozenset(written.split())


_DENIALS = _words("no not never neither nor none nobody nothing cannot without unlike")
_INSTEAD = "insteadof"  # what "rather than" and its like become; these deny only what follows them
_DOUBTS = _words("wrong false incorrect mistake mistaken misconception myth")
# Where the reach of a "not" ends; rather too early than too late, so that no point is overlooked.
_CLAUSES = _words(", : ( ) – — and but because since so while whereas although though which who")
# First halves of words that some people write apart: "up sampling".
_PREFIXES = _words("auto back cross down feed mini multi non over pre re sub under up")
_SHORT = 2  # signs of so few letters are whole words

_WORD = r"[^\W_]+"
_TOKEN = re.compile(rf"{_WORD}(?:-{_WORD})*|[,:()–—]")
_FORMULA = re.compile(r"\$[^$]{1,500}\$")
_PUNCTUATION = re.compile(r"[^\w\\*×+]+")
_NEW_LINE = re.compile(r"\n(?![ \t]{0,8}[a-z])")  # a line that goes on with a small letter was only wrapped
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)(?<!\b(?:al|cf|vs)\.)(?<!\b(?:e\.g|i\.e)\.)|;")
_RESPELLED = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:left|right|text|operatorname|math[a-z]+)", " "),  # layout, not words
        (r"(\d)\s*(?:x|×|\*|\\times|by)\s*(?=\d)", r"\1x"),
        (r"n['’]t\b|\b(?:do|does|is|are|ca|wo|was|were|did|has|have)nt\b", " not"),
        (r"\bnot\s+(?:only|just|merely|simply)\b", ""),  # "not only A" says A
        (r"\b(?:rather\s+than|instead\s+of|opposed\s+to|contrast\s+(?:to|with))\b", _INSTEAD),
        (r"([iy])z", r"\1s"),  # normalize, analyze
        (r"our(?<=\w\w\wour)", "or"),  # behaviour, neighbour
    )
)
# What follows is reported, not said: the sentence counts neither for nor against its writer.
_REPORTED = re.compile(
    r"\b(?:not\s+(?:true|correct|right|the\s+case)|(?:wrong|false|incorrect)(?:\s+to\s+\w{3,7})?|mistake|myth|misconception|"
    r"(?:people|some|many)\s+(?:say|think|believe|claim))\s+that\b"
)
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
)
_SPOKEN = {
    "∇": " nabla ",
    "∂": " partial ",
    "∑": " sum ",
    "∏": " prod ",
    "+": " plus ",
    "\u2010": "-",
    "\u2011": "-",
}
_SPOKEN |= {
    letter: f" {name} " for letter, name in zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK.split(), strict=True)
}
_ALOUD = str.maketrans(_SPOKEN)


class Signs(NamedTuple):
    """One alternative: what must occur in one sentence."""

    stems: frozenset[str]  # beginnings of words, all of them
    absent: frozenset[str]  # beginnings of which none may occur
    denies: bool  # whether the sentence must be a denial

    @staticmethod
    @cache
    def of(written: str) -> tuple[Signs, ...]:
        """Take signs apart into alternatives; ``ValueError`` if one of these has no word to listen for."""
        found = []
        for each in written.split("|"):
            for alternative in dict.fromkeys([each.replace("-", " "), each.replace("-", "")]):
                words = _stems(word for word in alternative.split() if not word.startswith("!"))
                absent = _stems(word for word in alternative.split() if word.startswith("!"))
                stems = words - _DENIALS
                if not stems:
                    raise ValueError(
                        f"signs must have a word to listen for in each alternative, got {written!r}"
                    )
                found.append(Signs(stems, absent, denies=stems != words))
        return tuple(found)


def _stems(words: Iterable[str]) -> frozenset[str]:
    return _words(spelled(" ".join(words)))


class Sentence(NamedTuple):
    """What one sentence says, in signs."""

    said: set[str]  # those that occur
    meant: set[str]  # those of them that some word gives which no denial takes back
    denied: set[str]  # those that some word gives which a denial takes back
    near: set[str]  # those that stand in one clause with a denial, before it or after it
    doubts: bool  # there is a denial of the whole, or a word such as "wrong"

    def makes(self, signs: str) -> bool:
        """Tell whether it makes a point."""
        return any(
            each.stems <= self.said and not each.stems.isdisjoint(self.near)
            if each.denies
            else each.stems <= self.meant
            for each in self._possible(signs)
        )

    def falls_for(self, signs: str) -> bool:
        """Tell whether it falls for a misconception; a sentence that denies anything has the benefit of the doubt."""
        return any(
            each.stems <= self.said and not each.stems.isdisjoint(self.denied)
            if each.denies
            else each.stems <= self.meant and not self.doubts
            for each in self._possible(signs)
        )

    def _possible(self, signs: str) -> Iterator[Signs]:
        for each in Signs.of(signs):
            if each.absent.isdisjoint(self.said):
                yield each


def listen(text: str, signs: Iterable[str]) -> list[Sentence]:
    """Return the sentences of a text that have words in them, as far as these signs go."""
    lexicon = _lexicon(tuple(signs))
    heard = (_listen(sentence, lexicon) for sentence in _sentences(text))
    return [sentence for sentence in heard if sentence]


def spelled(text: str) -> str:
    """Return the words of a short text with even spelling and single spaces."""
    return " ".join(re.findall(_WORD, _even(unicodedata.normalize("NFKC", text))))


class _Lexicon(NamedTuple):
    """The beginnings of words to listen for, how these begin, and the lengths of those that are not whole words."""

    stems: frozenset[str]
    starts: frozenset[str]
    lengths: tuple[int, ...]

    def heard(self, word: str) -> frozenset[str]:
        """Return the signs that a word gives."""
        if word[: _SHORT + 1] not in self.starts:  # most words: no need to look further
            return frozenset()
        return self.stems.intersection([word, *(word[:length] for length in self.lengths)])


@lru_cache(maxsize=256)
def _lexicon(signs: tuple[str, ...]) -> _Lexicon:
    alternatives = [alternative for each in signs for alternative in Signs.of(each)]
    stems = frozenset().union(*(each.stems | each.absent for each in alternatives))
    starts = frozenset(stem[: _SHORT + 1] for stem in stems)
    return _Lexicon(stems, starts, tuple(sorted({len(stem) for stem in stems if len(stem) > _SHORT})))


def _sentences(text: str) -> list[str]:
    """Return the sentences of a text, with even spelling; a line of its own is a sentence too."""
    text = unicodedata.normalize("NFKC", text)
    text = _FORMULA.sub(lambda formula: _PUNCTUATION.sub(" ", formula[0]), text)  # no sentence ends in one
    return _SENTENCE_END.split(_even(_NEW_LINE.sub(";", text)))


def _even(text: str) -> str:
    """Return a text with capitals, Greek letters, spellings and contractions evened out."""
    text = text.casefold().translate(_ALOUD)
    for pattern, replacement in _RESPELLED:
        text = pattern.sub(replacement, text)
    return text


def _listen(sentence: str, lexicon: _Lexicon) -> Sentence | None:
    """Return what one sentence says, None if it has no words; a denial reaches to the end of its clause."""
    if _REPORTED.search(sentence):
        return Sentence(set(), set(), set(), set(), doubts=True)
    words, meant, taken_back, near = set(), set(), set(), set()
    clause, denied, previous = set(), False, ""
    for token in [*_TOKEN.findall(sentence), ","]:
        for place, word in enumerate(token.split("-")):
            if word in _CLAUSES:
                near |= clause if denied else set()
                clause, denied, previous = set(), False, ""
                continue
            words.add(word)
            denied = denied or word in _DENIALS or word == _INSTEAD
            heard = lexicon.heard(word) if previous != "non" else frozenset()  # non-linear is not linear
            if place or previous in _PREFIXES:
                heard |= lexicon.heard(previous + word)
            if heard:
                (taken_back if denied else meant).update(heard)
                clause.update(heard)
            previous = word
    if not words:
        return None
    doubts = not words.isdisjoint(_DENIALS | _DOUBTS)
    return Sentence(meant | taken_back, meant, taken_back, near, doubts)
