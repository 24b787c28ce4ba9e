"""Signs in sentences: what is heard, what a "not" takes back, and how spelling is evened out."""

from __future__ import annotations

import random
import string
import time

import pytest

from byhand.wording import Signs, listen, spelled


def makes(text: str, signs: str) -> bool:
    return any(sentence.makes(signs) for sentence in listen(text, [signs]))


def falls_for(text: str, signs: str) -> bool:
    return any(sentence.falls_for(signs) for sentence in listen(text, [signs]))


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("The weights are shared.", "shar weight"),
        ("SHARED\tWEIGHTS", "shar weight"),
        ("Nothing else. Weights are shared; that is all.", "shar weight"),
        ("one filter everywhere", "shar weight | filter everywhere"),
        ("down-sampling", "down-sampl"),
        ("downsampling", "down-sampl"),
        ("down sampling", "down-sampl"),
        ("a non\N{NON-BREAKING HYPHEN}linear map", "non-linear"),
        ("a filter of 3 × 3", "3x3"),
        ("a filter of 3x3x10", "3x3x10"),
        (r"a filter of $3 \times 3$", "3x3"),
        ("3 by 3", "3x3"),
        ("its behavior is normalized", "behaviour normalis"),
        ("its behaviour is normalised", "behavior normaliz"),
        (r"$z = \mu + \sigma \odot \varepsilon$", "mu sigma"),
        ("z = μ + σ ε", "mu sigma epsilon"),
        (r"$\left( \nabla L \right)$", "nabla"),
        ("∇L", "nabla"),
        ("a + b", "a plus b"),
        ("proposed by Long et al. in 2015 for segmentation", "long segment"),
        ("a net, e.g. AlexNet", "net alexnet"),
        ("The weights of a filter\nare shared.", "shar weight"),  # a wrapped line
        (r"Maximise $\log p(x; \theta). $ here", "maximi here"),
        ("ﬁlter ｗeights", "filter weight"),  # a ligature and a wide letter
    ],
)
def test_what_is_heard(text: str, signs: str):
    assert makes(text, signs)
    assert falls_for(text, signs)


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("", "weight"),
        ("?!", "weight"),
        ("shared filters. weights", "shar weight"),  # two sentences
        ("shared filters\nWeights", "shar weight"),
        ("- shared filters\n- weights", "shar weight"),
        ("shared filters; weights", "shar weight"),
        ("reweighting", "weight"),  # a beginning, not a middle
        ("noise of a label", "no label"),
        ("data", "d"),  # a short sign is a whole word
        ("inputs", "in"),
        ("the input", "in x"),
        ("non-linear", "linear"),
        ("a 13 x 3 filter", "3x3"),
        (r"\text{right}", "text"),
        ("clip exploding and vanishing ones", "clip vanish !explod"),
    ],
)
def test_what_is_not_heard(text: str, signs: str):
    assert not makes(text, signs)
    assert not falls_for(text, signs)


@pytest.mark.parametrize(
    "text",
    [
        "It does not pool regions.",
        "It doesn't pool regions.",
        "It doesn’t pool regions.",
        "It doesnt pool regions.",
        "It cannot pool regions.",
        "It never pools regions.",
        "No regions are pooled.",
        "It neither pools nor crops regions.",
        "It scores anchors rather than pooling regions.",
        "It scores anchors instead of pooling regions.",
        "It is wrong to say that it pools regions.",
        "It is not true that it pools regions.",
        "Many people think that it pools regions.",
    ],
)
def test_a_denial_is_understood(text: str):
    assert not makes(text, "pool region")
    assert not falls_for(text, "pool region")


def test_a_denial_reaches_to_the_end_of_its_clause():
    """A point after the clause is heard; a misconception is not held against a sentence that denies anything."""
    for text in (
        "It does not classify, it scores anchors.",
        "It does not classify but scores anchors.",
        "It does not classify and scores anchors.",
        "It does not classify (it scores anchors).",
        "Without classes it is simple because it scores anchors.",
    ):
        assert makes(text, "scor anchor"), text
        assert not falls_for(text, "scor anchor"), text
        assert not makes(text, "classif anchor"), text
    assert makes("It not only classifies but also scores.", "classif")
    assert falls_for("It not only classifies.", "classif")
    assert falls_for("It pools rather than scores.", "pool")
    assert not falls_for("It pools, which is wrong.", "pool")
    assert makes("It pools, which is wrong.", "pool")  # "wrong" may belong to something else


def test_a_sign_of_denial_stands_for_every_denial():
    for text in ("No labels are needed.", "Labels aren't needed.", "It works without any label."):
        assert makes(text, "no label")
        assert makes(text, "without label")
    assert not makes("Labels are needed.", "no label")
    assert falls_for("It works without labels.", "no label")
    assert not falls_for(
        "Its labels are given, so no teacher is needed.", "no label"
    )  # not the label is denied


def test_a_word_that_is_said_twice_counts_once_it_is_meant():
    assert makes("It does not need labels, for its labels are the images.", "label")


def test_signs_without_a_word_are_refused():
    for signs in ("", "weight |", "| weight", "not", "weight | !bias", "!"):
        with pytest.raises(ValueError, match="signs must have a word to listen for"):
            Signs.of(signs)


def test_spelled_gives_words_alone():
    assert spelled("  (B) The  *Filter's*\ncolour! ") == "b the filter s color"


def soup(rng: random.Random) -> str:
    alphabets = [
        string.printable,
        "not no n't ,.;:$\\-\n ",
        "αβ∇∂×²ﬁﷺ\u0301\u200b\ud800\x00",
        "".join(map(chr, range(32, 0x3000, 37))),
    ]
    return "".join(rng.choices(rng.choice(alphabets), k=rng.choice([0, 1, 7, 40, 200])))


def test_no_text_raises():
    rng = random.Random(0)
    signs = ["shar weight | same filter", "no label", "clip vanish !explod", "3x3", "up-sampl"]
    for _ in range(3000):
        for sentence in listen(soup(rng), signs):
            for each in signs:
                assert sentence.makes(each) in (True, False)
                assert sentence.falls_for(each) in (True, False)


TRAPS = [
    ".",
    ". ",
    "\n",
    "\n ",
    "$",
    "$a",
    "a;",
    "1 ",
    "1 x ",
    "-",
    "a-",
    "not ",
    "n't",
    "rather ",
    "in ",
    "\\left",
]
TRAPS += ["(", "a", "e\u0301", "people say ", "wrong to ", "non-", "ﷺ"]


@pytest.mark.parametrize("pattern", TRAPS)
def test_time_grows_with_the_text_and_no_faster(pattern: str):
    """Ten thousand characters of what would trip a careless pattern; most take a few milliseconds."""
    text = (pattern * 10_000)[:9_999] + "x"
    start = time.process_time()
    listen(text, ["shar weight | same filter", "no label"])
    assert time.process_time() - start < 0.5
