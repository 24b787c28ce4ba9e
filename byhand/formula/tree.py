r"""A formula as a small tree: the nodes, and the reader that makes them out of LaTeX.

The reader goes through the formula once, from left to right, and takes what TeX would take: ``\frac12`` is one half,
``x^10`` is x to the one, then a zero. What it does not know is an error that names the place.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_letters

from byhand.formula.symbols import (
    ACCENTS,
    ALPHABETS,
    BARS,
    FENCES,
    FUNCTIONS,
    SPACES,
    SYMBOLS,
    TABLES,
    Symbol,
    in_alphabet,
)

_DEEPEST = 30  # levels of braces, fractions, ...; a formula that anyone can read has fewer than ten


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter; ``alphabet`` is italic, upright, bold, double-struck or script."""

    character: str
    alphabet: str = "italic"


@dataclass(frozen=True, slots=True)
class Number:
    """Digits as they are to be read: 12, 0.25, 1,234; ``alphabet`` as for a letter."""

    digits: str
    alphabet: str = "upright"


@dataclass(frozen=True, slots=True)
class Operator:
    """A symbol that is no letter; its role is one of those in :mod:`byhand.formula.symbols`, or ``prefix``."""

    character: str
    role: str


@dataclass(frozen=True, slots=True)
class Name:
    r"""Several upright letters: ``\mathrm{ReLU}``."""

    letters: str


@dataclass(frozen=True, slots=True)
class Function:
    r"""``\log``, ``\operatorname{ReLU}``; with ``limits``, what is below it goes under it in display mode."""

    name: str
    limits: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    r"""``\text{...}``: words, with their spaces."""

    words: str


@dataclass(frozen=True, slots=True)
class Space:
    """A space, by its command."""

    command: str


@dataclass(frozen=True, slots=True)
class Row:
    """Nodes side by side."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    """A fraction; ``small`` in the size of the text even in display mode."""

    numerator: Node
    denominator: Node
    small: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """A square root, or one with an index."""

    radicand: Node
    index: Node | None = None


@dataclass(frozen=True, slots=True)
class Scripts:
    """What stands below and above on the right of a base, or under and over it."""

    base: Node
    sub: Node | None = None
    sup: Node | None = None


@dataclass(frozen=True, slots=True)
class Primes:
    """One to four primes; part of what stands above."""

    count: int


@dataclass(frozen=True, slots=True)
class Fenced:
    r"""``\left( ... \right)``: delimiters as tall as what they hold; an empty one is not drawn."""

    opening: str
    body: Node
    closing: str


@dataclass(frozen=True, slots=True)
class Accent:
    """A mark over a letter, or a line over more; ``mark`` is a key of :data:`byhand.formula.symbols.ACCENTS`."""

    mark: str
    base: Node


@dataclass(frozen=True, slots=True)
class Underbrace:
    """A brace under its body; its label is what stands below."""

    body: Node


@dataclass(frozen=True, slots=True)
class Boxed:
    """A frame around its body."""

    body: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A matrix, cases or aligned lines, by the name of the environment."""

    kind: str
    rows: tuple[tuple[Node, ...], ...]


Node = (
    Letter
    | Number
    | Operator
    | Name
    | Function
    | Text
    | Space
    | Row
    | Fraction
    | Root
    | Scripts
    | Primes
    | Fenced
    | Accent
    | Underbrace
    | Boxed
    | Table
)

_ROLES: dict[type, Callable[[Node], str]] = {
    Operator: lambda node: node.role,
    Function: lambda node: "function",
    Space: lambda node: "space",
    Scripts: lambda node: role(node.base),
}


def role(node: Node) -> str:
    """Return how a node behaves among its neighbours: an operator's role, ``function``, ``space`` or ``ordinary``."""
    find = _ROLES.get(type(node))
    return find(node) if find else "ordinary"


def items_of(node: Node) -> tuple[Node, ...]:
    """Return the nodes of a row; any other node is a row of itself."""
    return node.items if isinstance(node, Row) else (node,)


def takes_limits(base: Node, display: bool) -> bool:
    """Tell whether what stands below and above goes under and over ``base``."""
    if isinstance(base, Underbrace):
        return True
    if isinstance(base, Function):
        return display and base.limits
    return display and isinstance(base, Operator) and base.role == "large" and base.character != "∫"


def parse(tex: str) -> Node:
    r"""Return the tree of a formula.

    Raises
    ------
    TypeError
        If ``tex`` is not text.
    ValueError
        If it is empty, or holds something outside the subset; the message names the position (counted from 1), what was
        found there and what is supported.

    Examples
    --------
    >>> parse(r"-\frac12").items[0]
    Operator(character='−', role='prefix')
    """
    if not isinstance(tex, str):
        raise TypeError(f"a formula must be text in LaTeX, got {tex!r}")
    return _parse(tex)


@lru_cache(maxsize=1024)
def _parse(tex: str) -> Node:
    return _Reader(tex).formula()


_TOKEN = re.compile(
    r"""\s*(
        [0-9]{1,3}(?:\\,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?    # 1\,234: a thin space between thousands
      | [0-9]+(?:\{,\}[0-9]+)*(?:\.[0-9]+)?                 # 12, 0.25, 1{,}234
      | \.[0-9]+
      | \\(?:[A-Za-z]+|.|$)
      | .
      | $
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = re.compile(r"\s*\{((?:[^{}\\$]|\\[%#&_${} ])*)\}", re.DOTALL)
_ENVIRONMENT = re.compile(r"\{([A-Za-z]*\*?)\}")
_MARKS = re.compile("'*")
_DIGITS = tuple("0123456789")
_END = ""


class _Reader:
    """One pass over a formula: ``token`` is what comes next."""

    def __init__(self, tex: str) -> None:
        self.tex = tex
        self.depth = 0
        self.go_to(0)

    def go_to(self, position: int) -> None:
        """Let ``token`` be what stands at ``position``, after spaces."""
        found = _TOKEN.match(self.tex, position)
        self.token = found[1]
        self.start, self.end = found.span(1)

    def take(self) -> str:
        """Return the token and go on to the next."""
        token = self.token
        self.go_to(self.end)
        return token

    def error(self, problem: str, position: int | None = None) -> ValueError:
        """Return the error that says where the problem is."""
        at = self.start if position is None else position
        before, after = self.tex[max(0, at - 20) : at], self.tex[at : at + 20]
        return ValueError(f'position {at + 1} of the formula, at "{before}▸{after}": {problem}')

    def found(self) -> str:
        return "the end" if self.token == _END else self.token

    # Rows

    def formula(self) -> Node:
        """Read the whole of it."""
        items = self.row(until=(_END,))
        if not items:
            raise self.error("the formula is empty")
        return Row(items)

    def row(self, until: Collection[str], *, before: str = "opening") -> tuple[Node, ...]:
        """Read items up to one of the tokens in ``until``, which stays; ``before`` is the role of what comes first."""
        items = []
        while self.token not in until:
            if self.token in _CLOSERS:
                wanted = " or ".join("the end" if token == _END else token for token in until)
                raise self.error(f"found {self.found()}, expected {wanted}")
            items.append(self.scripted())
        return _settled(items, before)

    def scripted(self) -> Node:
        """Read an atom and what stands below and above it."""
        base = self.atom()
        if self.token not in _SCRIPTS:
            return base
        if isinstance(base, Space):
            raise self.error(f"found {self.token} after a space, expected it right after its base")
        sub = sup = None
        while self.token in _SCRIPTS:
            if self.token == "_":
                if sub is not None:
                    raise self.error("found a second subscript, expected one: put braces around the first")
                self.take()
                sub = self.argument("_")
            else:
                if sup is not None:
                    raise self.error("found a second superscript, expected one: put braces around the first")
                sup = self.superscript()
        return Scripts(base, sub, sup)

    def superscript(self) -> Node:
        """Read primes, then what is raised beside them."""
        primes = _MARKS.match(self.tex, self.start)
        count = len(primes[0])
        if count > 4:
            raise self.error(f"found {count} primes, expected at most 4")
        self.go_to(primes.end())
        if self.token != "^" or self.start > primes.end():  # TeX, too, wants them together
            return Primes(count)
        self.take()
        raised = self.argument("^")
        return Row((Primes(count), *items_of(raised))) if count else raised

    # Atoms

    def atom(self) -> Node:
        """Read one item: a letter, a number, a symbol, a group or a command with its arguments."""
        token = self.token
        if token[0] in _DIGITS or (token[0] == "." and len(token) > 1):
            return _number(self.take())
        node = _SIMPLE.get(token)
        if node is not None:
            self.take()
            return node
        read = _READERS.get(token)
        if read is None:
            raise self.unknown()
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.error(f"found more than {_DEEPEST} levels inside each other, expected fewer")
        node = read(self)
        self.depth -= 1
        return node

    def unknown(self) -> ValueError:
        """Return the error for a token that starts nothing."""
        token = self.token
        if token in _SCRIPTS:
            return self.error(f"found {token} with nothing before it; for an empty base write {{}}{token}")
        if token in _HINTS:
            return self.error(f"found {token}, expected {_HINTS[token]}")
        if token.startswith("\\"):
            near = difflib.get_close_matches(token, _COMMANDS, 3)
            hint = f"; near it are {', '.join(near)}" if near else ""
            return self.error(f"found the unknown command {token}{hint}. Supported are {' '.join(_COMMANDS)}")
        return self.error(f"found {token}; supported are letters, digits, {' '.join(_CHARACTERS)}, commands")

    def argument(self, of: str) -> Node:
        """Read what belongs to ``of``: a group, one digit, one letter or one symbol; more after ``^`` and ``_``."""
        if self.token[:1] in _DIGITS:
            digit = self.token[0]
            self.go_to(self.start + 1)
            return Number(digit)
        if self.token == "{" or self.token in _ARGUMENTS or (of in "^_" and self.token in _BARE):
            position, node = self.start, self.atom()
            if node == _NOTHING:
                raise self.error(f"found empty braces, expected something in them for {of}", position)
            return _alone(node)
        if self.token == _END or self.token in _CLOSERS:
            raise self.error(f"found {self.found()}, expected something for {of}")
        if self.token not in _READERS and self.token not in _SIMPLE and self.token[1:2] not in _DIGITS:
            raise self.unknown()
        raise self.error(f"found {self.token} right after {of}, expected braces: {of}{{{self.token} ...}}")

    def expect(self, token: str) -> None:
        """Step over ``token``."""
        if self.token != token:
            raise self.error(f"found {self.found()}, expected {token}")
        self.take()

    def group(self) -> Node:
        """Read ``{...}``."""
        self.take()
        items = self.row(until=("}",))
        self.take()
        if len(items) != 1 or takes_limits(items[0], display=True):  # {\sum}_k has its k beside it
            return Row(items)
        return _alone(items[0])

    def fraction(self) -> Node:
        command = self.take()
        return Fraction(self.argument(command), self.argument(command), small=command == r"\tfrac")

    def root(self) -> Node:
        command, index = self.take(), None
        if self.token == "[":
            self.take()
            index = _joined(self.row(until=("]",)))
            self.expect("]")
        return Root(self.argument(command), index)

    def accent(self) -> Node:
        command = self.take()
        return Accent(command[1:], self.argument(command))

    def underbrace(self) -> Node:
        return Underbrace(self.argument(self.take()))

    def boxed(self) -> Node:
        return Boxed(self.argument(self.take()))

    def text(self) -> Node:
        found = _WORDS.match(self.tex, self.end)
        if found is None:
            raise self.error(r"found \text, expected {words} right after it, without braces or $ inside")
        self.go_to(found.end())
        return Text(re.sub(r"\s+", " ", re.sub(r"\\(.)", r"\1", found[1].replace("~", "\N{NO-BREAK SPACE}"))))

    def styled(self) -> Node:
        r"""Read letters and digits in another alphabet; several upright ones are a name."""
        position, command = self.start, self.take()
        alphabet = ALPHABETS[command[1:]]
        items = items_of(self.argument(command))
        if alphabet == "upright" and len(items) > 1:
            return Name(self.spelt(items, command, position))
        return _joined(tuple(self.restyled(item, alphabet, command, position) for item in items))

    def restyled(self, node: Node, alphabet: str, command: str, position: int) -> Node:
        """Return a letter or a number in another alphabet."""
        if isinstance(node, Letter) and in_alphabet(node.character, alphabet) and node.character.isalpha():
            return Letter(node.character, alphabet)
        if isinstance(node, Number) and all(in_alphabet(digit, alphabet) for digit in node.digits):
            return Number(node.digits, alphabet)
        raise self.error(f"found {command} around something that this alphabet does not have", position)

    def operator_name(self) -> Node:
        r"""Read ``\operatorname{name}``, with a star for one with limits."""
        position, command = self.start, self.take()
        limits = self.token == "*"
        if limits:
            self.take()
        return Function(self.spelt(items_of(self.argument(command)), command, position), limits)

    def spelt(self, items: Iterable[Node], command: str, position: int) -> str:
        """Return letters, digits and thin spaces as one name."""
        name = ""
        for item in items:
            if isinstance(item, Letter) and item.character.isalpha() and item.character.isascii():
                name += item.character
            elif isinstance(item, Number):
                name += item.digits
            elif isinstance(item, Space):
                name += "\N{THIN SPACE}"
            else:
                raise self.error(f"found {command} around more than letters, digits and spaces", position)
        return name

    def fenced(self) -> Node:
        r"""Read ``\left( ... \right)``."""
        opening = self.fence()
        body = self.row(until=(r"\right",))
        return Fenced(opening, _joined(body), self.fence())

    def fence(self) -> str:
        r"""Read ``\left`` or ``\right`` and its delimiter."""
        command = self.take()
        if self.token not in FENCES:
            raise self.error(f"found {self.found()} after {command}, expected one of {' '.join(FENCES)}")
        return FENCES[self.take()]

    def dots(self) -> Node:
        r"""Read ``\dots``: in the middle between operators, on the line elsewhere."""
        self.take()
        following = SYMBOLS.get(self.token, Symbol("", ""))
        middle = following.role in ("binary", "relation") or self.token in (r"\sum", r"\prod")
        return Operator("⋯" if middle else "…", "ordinary")

    # Tables

    def table(self) -> Node:
        r"""Read ``\begin{...} ... \end{...}``."""
        self.take()
        position, kind = self.start, self.environment()
        if kind not in TABLES:
            raise self.error(f"found the environment {kind!r}; supported are {', '.join(TABLES)}", position)
        rows = self.rows(kind)
        self.expect(r"\end")
        position, end = self.start, self.environment()
        if end != kind:
            raise self.error(f"found \\end{{{end}}}, expected \\end{{{kind}}}", position)
        return Table(kind, tuple(map(tuple, rows)))

    def environment(self) -> str:
        """Read ``{name}``."""
        found = _ENVIRONMENT.match(self.tex, self.start)
        if found is None:
            raise self.error(f"found {self.found()}, expected the name of an environment in braces")
        self.go_to(found.end())
        return found[1]

    def rows(self, kind: str) -> list[list[Node]]:
        """Read cells up to the end of the environment, which stays."""
        rows: list[list[Node]] = [[]]
        while True:
            # TeX puts an empty atom before each second cell of aligned lines: a sign there has a left side
            after_mark = kind == "aligned" and len(rows[-1]) % 2 == 1
            cell = self.row(_CELL_ENDS, before="ordinary" if after_mark else "opening")
            rows[-1].append(_joined(cell))
            if self.token == r"\end":
                break
            if self.take() == "\\\\":
                rows.append([])
                if self.token in ("[", "*"):
                    raise self.error(
                        f"found {self.token} after \\\\, where LaTeX takes it for an option: write {{{self.token}}}"
                    )
        if rows[-1] == [_NOTHING]:  # a \\ after the last row starts no new one
            rows.pop()
        if not rows:
            raise self.error(f"found an empty {kind}, expected entries")
        if kind.endswith("matrix") and len({len(row) for row in rows}) > 1:
            lengths = ", ".join(str(len(row)) for row in rows)
            raise self.error(f"found rows of {lengths} entries, expected as many in each row of a {kind}")
        return rows


def _joined(items: tuple[Node, ...]) -> Node:
    return items[0] if len(items) == 1 else Row(items)


def _alone(node: Node) -> Node:
    """Return what stands alone in braces: a symbol there has no neighbours, and so no spaces."""
    if isinstance(node, Operator) and node.role != "large":
        return Operator(node.character, "ordinary")
    return node


def _number(written: str) -> Number:
    return Number(written.replace("{,}", ",").replace(r"\,", "\N{NARROW NO-BREAK SPACE}"))


_STARTS = {"opening", "binary", "prefix", "relation", "punctuation", "large", "function"}
_STOPS = {"relation", "closing", "punctuation"}


def _settled(items: list[Node], before: str) -> tuple[Node, ...]:
    """Tell signs from operations, as TeX does: a binary operator with nothing to one side of it is no such thing."""
    last = None  # the place of a binary operator or prefix that has nothing after it yet
    for i, item in enumerate(items):
        now = role(item)
        if now == "space":
            continue
        if last is not None and now in _STOPS:
            items[last] = _in_role(items[last], "ordinary")
        last = None
        if now == "binary":
            last = i
            if before in _STARTS:
                now = "prefix"
                items[i] = _in_role(item, now)
        elif (
            before in _STARTS and isinstance(item, Operator) and now == "ordinary" and item.character in BARS
        ):
            now = "opening"
            items[i] = _in_role(item, now)
        before = now
    if last is not None:
        items[last] = _in_role(items[last], "ordinary")
    return tuple(items)


def _in_role(node: Node, of: str) -> Node:
    """Return an operator, with or without scripts, in another role."""
    if isinstance(node, Scripts):
        return Scripts(_in_role(node.base, of), node.sub, node.sup)
    return Operator(node.character, of)


_NOTHING = Row(())
_SCRIPTS = {"^", "_", "'"}
_CLOSERS = {_END, "}", "&", "\\\\", r"\end", r"\right"}
_CELL_ENDS = ("&", "\\\\", r"\end")
_HINTS = {
    "%": r"\% (in LaTeX % starts a comment)",
    "#": r"\#",
    "$": "a formula without dollar signs",
    r"\argmax": r"\operatorname*{arg\,max}",
    r"\argmin": r"\operatorname*{arg\,min}",
    **{character: tex for tex, (character, _) in SYMBOLS.items() if not character.isascii()},
}


def _simple() -> dict[str, Node]:
    """Return every token that is a node by itself."""
    nodes: dict[str, Node] = {letter: Letter(letter) for letter in ascii_letters}
    for tex, (character, of) in SYMBOLS.items():
        nodes[tex] = Letter(character, of) if of in ("italic", "upright") else Operator(character, of)
    nodes |= {f"\\{name}": Function(name, limits) for name, limits in FUNCTIONS.items()}
    return nodes | {command: Space(command) for command in SPACES}


_SIMPLE = _simple()
_READERS: dict[str, Callable[[_Reader], Node]] = {
    "{": _Reader.group,
    r"\frac": _Reader.fraction,
    r"\tfrac": _Reader.fraction,
    r"\sqrt": _Reader.root,
    r"\text": _Reader.text,
    **{f"\\{name}": _Reader.styled for name in ALPHABETS},
    r"\operatorname": _Reader.operator_name,
    **{f"\\{name}": _Reader.accent for name in ACCENTS},
    r"\underbrace": _Reader.underbrace,
    r"\boxed": _Reader.boxed,
    r"\left": _Reader.fenced,
    r"\dots": _Reader.dots,
    r"\begin": _Reader.table,
}
# What may stand without braces after a command, and what else after ^ and _, here and in LaTeX itself.
_ARGUMENTS = {
    token for token, node in _SIMPLE.items() if role(node) not in ("function", "large", "relation", "space")
}
_BARE = {r"\frac", r"\tfrac", r"\text", *(f"\\{name}" for name in ALPHABETS)}
_TOKENS = [*_SIMPLE, *_READERS, r"\right", r"\end"]
_COMMANDS = sorted((token for token in _TOKENS if token[0] == "\\"), key=str.casefold)
_CHARACTERS = [*(token for token in _SIMPLE if len(token) == 1 and not token.isalpha()), *"^_'{}"]
