r"""Every symbol of the subset, each once: how it is written in LaTeX, its character, and its role.

A character serves all three outputs (Typst reads ∑ and α as they are); the few that plain text writes differently
stand in :data:`PLAIN`. The roles are TeX's classes of atoms, which decide the spaces around a symbol:

============= ==========================================================================================
italic        a letter in italics
upright       a letter, or what behaves like one, that stands upright
binary        between two terms; ``-`` in front of a term becomes a ``prefix`` when its row is read
relation      between two sides
punctuation   followed by a space
opening       what follows starts afresh: a sign there is a prefix
closing       what stands before it ends
ordinary      no space on either side
large         a sum, a product, an integral: takes limits
============= ==========================================================================================
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple


class Symbol(NamedTuple):
    """A character and its role."""

    character: str
    role: str


# LaTeX and character, turn by turn.
_BY_ROLE = {
    "italic": r"""
        \alpha α \beta β \gamma γ \delta δ \epsilon ϵ \varepsilon ε \zeta ζ \eta η \theta θ \iota ι \kappa κ
        \lambda λ \mu μ \nu ν \xi ξ \pi π \rho ρ \sigma σ \tau τ \upsilon υ \phi ϕ \varphi φ \chi χ \psi ψ
        \omega ω""",
    "upright": r"""
        \Gamma Γ \Delta Δ \Theta Θ \Lambda Λ \Xi Ξ \Pi Π \Sigma Σ \Upsilon Υ \Phi Φ \Psi Ψ \Omega Ω
        \ell ℓ \nabla ∇ \partial ∂ \infty ∞ \top ⊤ \forall ∀ \exists ∃ \% % \# # \& & \_ _""",
    "binary": r"""
        + + - − * ∗ \ast ∗ \cdot ⋅ \times × \div ÷ \pm ± \mp ∓ \cup ∪ \cap ∩ \odot ⊙ \oplus ⊕ \otimes ⊗
        \circ ∘""",
    "relation": r"""
        = = < < > > : : \le ≤ \leq ≤ \ge ≥ \geq ≥ \ne ≠ \neq ≠ \approx ≈ \equiv ≡ \sim ∼ \propto ∝ \to →
        \mapsto ↦ \leftarrow ← \gets ← \Rightarrow ⇒ \Leftrightarrow ⇔ \implies ⟹ \iff ⟺ \Longleftrightarrow ⟺
        \in ∈ \notin ∉ \subset ⊂ \mid ∣ \parallel ∥""",
    "punctuation": ", , ; ;",
    "opening": r"( ( [ [ \{ { \lfloor ⌊ \lceil ⌈ \lVert ‖ \langle ⟨",
    "closing": r") ) ] ] \} } \rfloor ⌋ \rceil ⌉ \rVert ‖ \rangle ⟩ ! ! ? ?",
    "ordinary": r"/ / . . \prime ′ | | \| ‖ \Vert ‖ \ldots … \cdots ⋯ \vdots ⋮",
    "large": r"\sum ∑ \prod ∏ \int ∫",
}


def _table() -> dict[str, Symbol]:
    symbols = {}
    for role, written in _BY_ROLE.items():
        words = written.split()
        for tex, character in zip(words[::2], words[1::2], strict=True):
            symbols[tex] = Symbol(character, role)
    return symbols


SYMBOLS = _table()
PLAIN = {"⋅": "·", "∗": "*", "∣": "|", "∥": "‖", "∼": "~"}
BARS = {"|", "‖"}  # the same character opens and closes
SIGNS = {"+", "−", "±", "∓"}  # what can stand in front of a number

# What a delimiter after \left and \right may be.
FENCES = {
    tex: character
    for tex, (character, role) in SYMBOLS.items()
    if (role in ("opening", "closing") and character not in "!?") or character in BARS
}
FENCES["."] = ""

# Functions by name, and whether what stands below goes under them in display mode.
FUNCTIONS = {
    **dict.fromkeys(("max", "min", "lim"), True),
    **dict.fromkeys(("log", "ln", "exp", "tanh", "sin", "cos"), False),
}


class Gap(NamedTuple):
    """The width of a space in em, and its name in Typst."""

    width: float
    typst: str


SPACES = {
    r"\,": Gap(1 / 6, "thin"),
    r"\:": Gap(2 / 9, "med"),
    r"\;": Gap(5 / 18, "thick"),
    r"\!": Gap(-1 / 6, "#h(-0.1667em)"),
    "~": Gap(1 / 4, "space"),
    "\\ ": Gap(1 / 4, "space"),
    r"\quad": Gap(1, "quad"),
    r"\qquad": Gap(2, "wide"),
}


class Mark(NamedTuple):
    """An accent: its character above a letter, the one that combines with a letter, and its name in Typst."""

    above: str
    combining: str
    typst: str


ACCENTS = {
    "hat": Mark("^", "\N{COMBINING CIRCUMFLEX ACCENT}", "hat"),
    "bar": Mark("¯", "\N{COMBINING MACRON}", "macron"),
    "tilde": Mark("~", "\N{COMBINING TILDE}", "tilde"),
    "vec": Mark("→", "\N{COMBINING RIGHT ARROW ABOVE}", "arrow"),
    "dot": Mark("˙", "\N{COMBINING DOT ABOVE}", "dot"),
    "overline": Mark("‾", "\N{COMBINING OVERLINE}", "overline"),
}

# Alphabets by command: the name that Unicode gives their letters, and what makes them in Typst.
ALPHABETS = {"mathrm": "upright", "mathbf": "bold", "mathbb": "double-struck", "mathcal": "script"}
TYPST_ALPHABETS = {
    "upright": "upright({})",
    "bold": "bold(upright({}))",
    "double-struck": "bb({})",
    "script": "cal({})",
}

# Tables: the fences around them.
TABLES = {
    "bmatrix": ("[", "]"),
    "pmatrix": ("(", ")"),
    "matrix": ("", ""),
    "cases": ("{", ""),
    "aligned": ("", ""),
}


@lru_cache(maxsize=512)
def in_alphabet(character: str, alphabet: str) -> str:
    """Return a letter or a digit in one of Unicode's mathematical alphabets (x in bold is 𝐱); "" if it is not there."""
    if alphabet in ("italic", "upright"):
        return character
    kind, _, rest = unicodedata.name(character).partition(" ")
    if kind not in ("LATIN", "GREEK", "DIGIT"):
        return ""
    if alphabet != "bold" and kind != "DIGIT" and not (character.isascii() and character.isupper()):
        return ""  # LaTeX has no others
    name = f"{alphabet.upper()} {'DIGIT ' if kind == 'DIGIT' else ''}{rest}"
    name = name.replace("LETTER ", "").replace("LUNATE ", "")
    for candidate in (f"MATHEMATICAL {name}", name):  # ℝ, ℒ and a few more are older than the alphabets
        with suppress(KeyError):
            return unicodedata.lookup(candidate)
    return ""
