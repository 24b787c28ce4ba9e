"""Explorers: a picture and the controls that change it, from one call, with a kernel and without.

With a kernel, ``explore`` shows ipywidgets and draws on demand. While the site is built (the environment variable
``CVLIB_EXPLORERS`` is ``static``), it draws every combination of values once and shows native HTML inputs; the page's
script (``_static/explorer.js``) then only switches pictures. Both faces offer the same values and the same pictures.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import product
from numbers import Real

from matplotlib.figure import Figure

from cvlib._checks import choice
from cvlib.viz import Picture, render

__all__ = ["Explorer", "explore"]

Value = bool | int | float | str
MOST_FRAMES = 300  # pictures of one explorer; more would make a page heavy and its build slow


def explore(
    draw: Callable[..., Figure],
    *,
    alt: str | Callable[..., str],
    start: Mapping[str, Value] | None = None,
    **parameters: Sequence[Value],
) -> Explorer:
    """Let the reader turn every parameter of a figure.

    Parameters
    ----------
    draw : callable
        Takes the parameters by name and returns a matplotlib figure, always of the same size.
    alt : str or callable
        A sentence that says what the picture shows; a callable takes the parameters and returns it, so that it can
        state the finding for exactly these values. It is the caption, and with the values the alternative text.
    start : mapping, optional
        The values shown first; the first of each sequence where not given.
    **parameters : sequence
        The values each parameter can take: numbers become a slider, strings a menu, ``(False, True)`` a check box.

    Returns
    -------
    Explorer
        Shows itself as the last line of a notebook cell.

    Raises
    ------
    ValueError
        If there is no parameter, a parameter has fewer than two values or repeats one, ``start`` names an unknown
        value, the combinations are more than 300, or ``alt`` is empty.

    Examples
    --------
    >>> from cvlib.viz import subplots
    >>> def line(slope):
    ...     figure, axes = subplots()
    ...     axes.plot([0, 1], [0, slope])
    ...     return figure
    >>> explore(line, alt=lambda slope: f"A line that rises by {slope}.", slope=[1, 2, 3])
    Explorer: A line that rises by 1.
      slope: 1, 2, 3
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function that returns a figure, got {draw!r}")
    if not callable(alt) and not (isinstance(alt, str) and alt.strip()):
        raise ValueError(
            f"alt must say in words what the picture shows, or be a function that does, got {alt!r}"
        )
    if not parameters:
        raise ValueError("explore needs at least one parameter with its values, such as stride=[1, 2, 3]")
    values = {name: _values(name, sequence) for name, sequence in parameters.items()}
    frames = math.prod(map(len, values.values()))
    if frames > MOST_FRAMES:
        raise ValueError(f"the parameters have {frames} combinations, expected at most {MOST_FRAMES}")
    first = {name: sequence[0] for name, sequence in values.items()}
    for name, value in (start or {}).items():
        choice("start's parameter", name, tuple(values))
        choice(f"start[{name!r}]", value, values[name])
        first[name] = values[name][
            values[name].index(value)
        ]  # the listed value: True == 1 must not make it a box
    return Explorer(draw, alt, values, first)


@dataclass(frozen=True)
class Explorer:
    """A figure with parameters; made by :func:`explore`.

    Attributes
    ----------
    draw : callable
        Takes the parameters by name and returns the figure.
    alt : str or callable
        The sentence beside it.
    parameters : dict of str to tuple
        The values that each parameter can take.
    start : dict of str to value
        The values shown first.
    """

    draw: Callable[..., Figure]
    alt: str | Callable[..., str]
    parameters: dict[str, tuple[Value, ...]]
    start: dict[str, Value]
    _drawn: dict[tuple[Value, ...], Picture] = field(default_factory=dict, repr=False)

    def combinations(self) -> Iterator[dict[str, Value]]:
        """Yield every combination of values, the last parameter changing fastest."""
        for combination in product(*self.parameters.values()):
            yield dict(zip(self.parameters, combination, strict=True))

    def picture(self, **values: Value) -> Picture:
        """Return the picture for these values; drawn once."""
        key = tuple(values[name] for name in self.parameters)
        if key not in self._drawn:
            self._drawn[key] = render(self.draw(**values))
        return self._drawn[key]

    def caption(self, **values: Value) -> str:
        """Return the sentence for these values."""
        sentence = self.alt(**values) if callable(self.alt) else self.alt
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(f"alt must say in words what the picture shows for {values}, got {sentence!r}")
        return sentence

    def alternative_text(self, **values: Value) -> str:
        """Return the sentence and the values, for a reader who cannot see the picture."""
        settings = ", ".join(f"{_label(name)} {_readable(value)}" for name, value in values.items())
        return f"{self.caption(**values)} ({settings})"

    def __repr__(self) -> str:
        choices = (
            f"  {_label(name)}: {', '.join(map(_readable, vs))}" for name, vs in self.parameters.items()
        )
        return "\n".join([f"Explorer: {self.caption(**self.start)}", *choices])

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        if os.environ.get("CVLIB_EXPLORERS") == "static":
            return {"text/plain": repr(self), "text/html": self.static_html()}
        return {**self.widget()._repr_mimebundle_(), "text/plain": repr(self)}

    def widget(self) -> object:
        """Return the explorer as ipywidgets, which draw a picture when its values are first chosen."""
        import ipywidgets  # here, because the published page does without

        controls = {
            name: _control(ipywidgets, name, vs, self.start[name]) for name, vs in self.parameters.items()
        }
        view = ipywidgets.HTML()

        def update(_change: object = None) -> None:
            values = {name: control.value for name, control in controls.items()}
            image = self.picture(**values).img(self.alternative_text(**values))
            caption = f"<figcaption>{escape(self.caption(**values))}</figcaption>"
            view.value = f'<figure class="explorer">{image}{caption}</figure>'

        for control in controls.values():
            control.observe(update, "value")
        update()
        return ipywidgets.VBox([*controls.values(), view])

    def static_html(self) -> str:
        """Return the explorer as HTML that needs no kernel: inputs, the first picture, and all pictures as data."""
        combinations = list(self.combinations())
        pictures = [self.picture(**values) for values in combinations]
        if len({(picture.width, picture.height) for picture in pictures}) > 1:
            raise ValueError("draw must return figures of one size, so that the page does not jump")
        frames = [
            {
                "src": picture.data_uri,
                "alt": self.alternative_text(**values),
                "caption": self.caption(**values),
            }
            for picture, values in zip(pictures, combinations, strict=True)
        ]
        data = json.dumps(frames, ensure_ascii=False).replace("</", "<\\/")
        identity = "explorer-" + hashlib.sha256(data.encode()).hexdigest()[:8]
        controls = "".join(
            _native_control(f"{identity}-{name}", name, vs, self.start[name])
            for name, vs in self.parameters.items()
        )
        first = combinations.index(self.start)
        return (
            f'<figure class="explorer" data-explorer="{identity}">'
            f'<fieldset aria-describedby="caption-of-{identity}"><legend>Explore</legend>{controls}</fieldset>'
            f"{pictures[first].img(frames[first]['alt'])}"
            f'<figcaption id="caption-of-{identity}">{escape(frames[first]["caption"])}</figcaption>'
            '<p class="visually-hidden" role="status"></p>'
            f'<script type="application/json">{data}</script></figure>'
        )


def _values(name: str, sequence: Sequence[Value]) -> tuple[Value, ...]:
    if isinstance(sequence, str) or not isinstance(sequence, Sequence):
        raise TypeError(f"{name} must be a sequence of values, got {sequence!r}")
    values = tuple(sequence)
    usable = (isinstance(v, str) or (isinstance(v, Real) and math.isfinite(v)) for v in values)
    if not all(usable):
        raise TypeError(f"{name} must be finite numbers, strings or (False, True), got {values!r}")
    kinds = {"text" if isinstance(v, str) else "truth" if isinstance(v, bool) else "number" for v in values}
    if len(values) < 2 or len(set(values)) < len(values) or len(kinds) > 1:
        raise ValueError(f"{name} must have at least two different values of one kind, got {values!r}")
    if len(set(map(_readable, values))) < len(values):
        raise ValueError(f"{name} must have values that can be told apart in six digits, got {values!r}")
    return values


def _label(name: str) -> str:
    return name.replace("_", " ")


def _readable(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _control(ipywidgets: object, name: str, values: tuple[Value, ...], first: Value) -> object:
    """Return the ipywidgets control for one parameter."""
    options = {"description": _label(name), "style": {"description_width": "10em"}}
    if isinstance(values[0], bool):
        return ipywidgets.Checkbox(value=first, **options)
    kind = ipywidgets.Dropdown if isinstance(values[0], str) else ipywidgets.SelectionSlider
    return kind(options=[(_readable(value), value) for value in values], value=first, **options)


def _native_control(identity: str, name: str, values: tuple[Value, ...], first: Value) -> str:
    """Return the HTML control for one parameter; its value is the index among the parameter's values."""
    readable, index = [_readable(value) for value in values], values.index(first)
    label = f'<label for="{identity}">{escape(_label(name))}</label>'
    if isinstance(first, bool):
        checked = " checked" if first else ""
        order = int(values[1])  # 1 if checked means the second value
        control = f'<input type="checkbox" id="{identity}" data-checked="{order}" data-size="{len(values)}"{checked}>'
    elif isinstance(first, str):
        options = "".join(
            f'<option value="{i}"{" selected" if i == index else ""}>{escape(text)}</option>'
            for i, text in enumerate(readable)
        )
        control = f'<select id="{identity}" data-size="{len(values)}">{options}</select>'
    else:
        texts = escape(json.dumps(readable, ensure_ascii=False))
        control = (
            f'<input type="range" id="{identity}" min="0" max="{len(values) - 1}" step="1" value="{index}" '
            f'data-size="{len(values)}" data-values="{texts}" aria-valuetext="{escape(readable[index])}">'
            f'<output for="{identity}" aria-live="off">{escape(readable[index])}</output>'
        )
    return f"<div>{label}{control}</div>"
