"""Practice in a notebook: type an answer and have it understood, ask for a step, draw new numbers, play a solution.

The problems, their solutions and their checks are ``byhand``'s; this module only gives them buttons. On the published
page, where there is no kernel, a problem shows itself whole, its solution folded.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import byhand
from byhand.calculation import Calculation
from byhand.check import Feedback
from byhand.question import Problem
from byhand.render import html
from cvlib._checks import integer

NUMBERS = "such as 2.5, 1/3, [1, 2], [[1, 2], [3, 4]], 8 x 8 x 3, or J = 3; K = 1/2"
WORDS = "a few sentences, or the letter of an option"
__all__ = ["Player", "Practice", "play", "practise"]


def practise(problem: str | Problem) -> Practice:
    """Let the reader work on a problem.

    Parameters
    ----------
    problem : str or byhand Problem
        An id such as ``"A1"``, a variant's name such as ``"A1/7"``, or a problem.

    Returns
    -------
    Practice
        Shows itself as the last line of a notebook cell.

    Raises
    ------
    ValueError
        If there is no such problem.

    Examples
    --------
    >>> practice = practise("A20")
    >>> practice.check("20 x 20 x 10").mistake
    'filters_one_after_another'
    """
    return Practice(_problem(problem))


def play(problem: str | Problem) -> Player:
    """Let the reader go through a worked solution step by step, the cells of each step marked.

    Parameters
    ----------
    problem : str or byhand Problem
        An id such as ``"A1"``, a variant's name such as ``"A1/7"``, or a problem.

    Returns
    -------
    Player
        Shows itself as the last line of a notebook cell.

    Raises
    ------
    ValueError
        If there is no such problem.

    Examples
    --------
    >>> len(play("A20").problem.solution.steps)
    3
    """
    return Player(_problem(problem))


def _problem(problem: str | Problem) -> Problem:
    if isinstance(problem, Problem):
        return problem
    if not isinstance(problem, str):
        raise TypeError(f'problem must be an id such as "A1" or a byhand problem, got {problem!r}')
    return byhand.problem(problem)


class _Shown:
    """What shows itself as widgets with a kernel, and as plain HTML on the published page."""

    problem: Problem

    def widget(self) -> object:
        """Return the widgets."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self.problem)

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        if os.environ.get("CVLIB_EXPLORERS") == "static":
            return {"text/plain": repr(self), "text/html": html.problem(self.problem, level=4)}
        return {**self.widget()._repr_mimebundle_(), "text/plain": repr(self)}


class Practice(_Shown):
    """A problem to work on, with what the reader has asked for so far; made by :func:`practise`.

    Parameters
    ----------
    problem : byhand Problem
        The problem to begin with.

    Attributes
    ----------
    problem : byhand Problem
        The problem; :meth:`draw` replaces it.
    hints : int
        How many steps of the solution have been shown.

    Examples
    --------
    >>> practice = practise("A20")
    >>> practice.draw().id, practice.problem.seed
    ('A20', 0)
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.hints = 0

    def check(self, text: str) -> Feedback:
        """Return what is to be said about a typed answer."""
        return self.problem.check(text)

    def hint(self) -> str:
        """Return one more step of the solution as HTML; "" when there are no more."""
        if self.hints == len(self.problem.solution.steps):
            return ""
        self.hints += 1
        return html.line(self.problem.solution.steps[self.hints - 1], self.problem.solution.digits)

    def draw(self) -> Problem:
        """Go on to the next variant and return it."""
        seed = 0 if self.problem.seed is None else self.problem.seed + 1
        self.problem, self.hints = byhand.variant(self.problem.id, seed), 0
        return self.problem

    def widget(self) -> object:
        """Return the problem with a field for the answer and buttons."""
        import ipywidgets  # here, because the published page does without

        question, feedback, hints = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        answer = ipywidgets.Textarea(description="Your answer", rows=3)
        answer.layout.width = "auto"
        steps: list[str] = []

        def start() -> None:
            steps.clear()
            question.value = f"<style>{html.style()}</style>" + _section(html.question(self.problem))
            is_calculation = isinstance(self.problem, Calculation)
            answer.placeholder = NUMBERS if is_calculation else WORDS
            answer.value = feedback.value = hints.value = ""

        def check() -> None:
            result = self.check(answer.value)
            mark = "✓" if result.correct else "✗"
            feedback.value = f'<p role="status"><strong>{mark}</strong> {html.rich(result.message)}</p>'

        def hint() -> None:
            steps.append(self.hint() or "That was the last step.")
            hints.value = _section(f"<ol class='steps'>{''.join(f'<li>{step}</li>' for step in steps)}</ol>")

        def draw() -> None:
            self.draw()
            start()

        def show() -> None:
            hints.value = _section(html.solution(self.problem))

        start()
        buttons = _buttons({"Check": check, "One step": hint, "Show all": show, "New numbers": draw})
        return ipywidgets.VBox([question, answer, buttons, feedback, hints])


class Player(_Shown):
    """A worked solution, one step at a time; made by :func:`play`.

    Parameters
    ----------
    problem : byhand Problem
        The problem whose solution is played.

    Examples
    --------
    >>> player = play("A20")
    >>> "26" in player.frame(0)
    True
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def frame(self, number: int) -> str:
        """Return step ``number``, counted from 0, as HTML: what is done, and the arrays with its cells marked."""
        trace = self.problem.solution
        number = integer("number", number, minimum=0)
        if number >= len(trace.steps):
            raise ValueError(f"number must be below {len(trace.steps)}, the number of steps, got {number}")
        return f"<p>{html.line(trace.steps[number], trace.digits)}</p>{html.frame(trace, number)}"

    def widget(self) -> object:
        """Return the steps behind a slider."""
        import ipywidgets

        last = len(self.problem.solution.steps) - 1
        slider = ipywidgets.IntSlider(value=0, min=0, max=last, description="Step")
        question = ipywidgets.HTML(f"<style>{html.style()}</style>{_section(html.question(self.problem))}")
        view = ipywidgets.HTML()

        def update(_change: object = None) -> None:
            view.value = _section(self.frame(slider.value))

        slider.observe(update, "value")
        update()
        return ipywidgets.VBox([question, slider, view])


def _section(body: str) -> str:
    return f'<section class="problem">{body}</section>'


def _buttons(actions: dict[str, Callable[[], None]]) -> object:
    import ipywidgets

    buttons = []
    for name, action in actions.items():
        button = ipywidgets.Button(description=name)
        button.on_click(lambda _button, action=action: action())
        buttons.append(button)
    return ipywidgets.HBox(buttons)
