"""Practice in a notebook: what the buttons do, with and without a kernel."""

from __future__ import annotations

import re

import ipywidgets
import pytest

import byhand
from cvlib.practice import Player, Practice, play, practise


def parts(practice: Practice) -> tuple[dict[str, ipywidgets.Button], list[ipywidgets.Widget]]:
    """Return the buttons by name, and the question, answer, feedback and hints."""
    question, answer, buttons, feedback, hints = practice.widget().children
    return {button.description: button for button in buttons.children}, [question, answer, feedback, hints]


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", "", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


def test_an_answer_is_checked():
    buttons, (question, answer, feedback, _) = parts(practise("A20"))
    assert "A20" in text_of(question.value)
    answer.value = "20 x 20 x 10"
    buttons["Check"].click()
    assert "✗" in feedback.value
    assert "one after another" in feedback.value
    answer.value = "26 x 26 x 4"
    buttons["Check"].click()
    assert "✓" in feedback.value
    answer.value = "<b>$x"
    buttons["Check"].click()
    assert "<b>" not in feedback.value
    assert "Expected a shape of 3 sizes" in text_of(feedback.value)


def test_hints_come_one_step_at_a_time_and_end():
    practice = practise("A1")
    buttons, (*_, hints) = parts(practice)
    for number in range(1, len(practice.problem.solution.steps) + 1):
        buttons["One step"].click()
        assert hints.value.count("<li>") == number
    assert practice.hint() == ""
    buttons["One step"].click()
    assert "That was the last step." in hints.value


def test_new_numbers_start_afresh():
    practice = practise("A1")
    buttons, (question, answer, feedback, hints) = parts(practice)
    answer.value = "1"
    for button in ("Check", "One step", "New numbers"):
        buttons[button].click()
    assert practice.problem.name == "A1/0"
    assert practice.hints == 0
    assert (answer.value, feedback.value, hints.value) == ("", "", "")
    assert "variant 0" in text_of(question.value)
    buttons["New numbers"].click()
    assert practice.problem.name == "A1/1"
    buttons["Show all"].click()
    assert hints.value.count("data-step") == len(practice.problem.solution.steps)


def test_a_concept_becomes_a_choice():
    practice = practise("A9")
    practice.draw()
    assert practice.check(practice.problem.answer).correct


def test_the_player_shows_each_step_with_its_cells():
    player = play("A1")
    question, slider, view = player.widget().children
    assert "A1" in text_of(question.value)
    trace = player.problem.solution
    assert slider.max == len(trace.steps) - 1
    first = view.value
    slider.value = 1
    assert view.value != first
    assert 'data-array="J"' in view.value
    assert 'data-array="K"' not in view.value
    # In step 1, J has two values of eight; the window's nine cells, the filter's nine and the new value are marked.
    assert player.frame(1).count('class="unknown"') == 6
    assert player.frame(1).count('class="touched"') == 9 + 9 + 1
    for wrong in (-1, len(trace.steps)):
        with pytest.raises(ValueError, match="number must be"):
            player.frame(wrong)


def test_without_a_kernel_the_problem_is_shown_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CVLIB_EXPLORERS", "static")
    for shown in (practise("A1"), play("A1"), byhand.problem("A1")):
        bundle = shown._repr_mimebundle_()
        assert 'data-problem="A1"' in bundle["text/html"]
        assert "<style>" not in bundle["text/html"]
        assert bundle["text/plain"] == repr(byhand.problem("A1"))


def test_with_a_kernel_a_problem_brings_its_style(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CVLIB_EXPLORERS", raising=False)
    assert byhand.problem("A1")._repr_mimebundle_()["text/html"].startswith("<style>")
    assert "application/vnd.jupyter.widget-view+json" in practise("A1")._repr_mimebundle_()


def test_what_is_no_problem_is_named():
    assert isinstance(play(byhand.variant("A1", 3)), Player)
    assert practise("A1/3").problem.seed == 3
    with pytest.raises(ValueError, match="no problem 'Q1'"):
        practise("Q1")
    with pytest.raises(TypeError, match='an id such as "A1"'):
        practise(1)
