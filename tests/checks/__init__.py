"""What is looked at on every page of the built site. One load of a page serves all of it.

A check is a function that takes a ``Visit`` (``visit.py``) and yields what is wrong: a sentence for each fault, none on
a good page. It is entered below, under the state of the page that it wants to see; the states follow one another on the
same page, so a check leaves the page as it found it. All faults of a page are collected and shown together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checks import accessible, arrival, content, explorers, problems, reading, weight
from checks.visit import Visit

Check = Callable[[Visit], Iterable[str]]

CHECKS: dict[str, list[Check]] = {
    # A laptop in light mode; the reader has touched nothing, and the network is quiet.
    "as it arrives": [
        arrival.nothing_went_wrong,
        arrival.has_a_title,
        weight.is_light,
        weight.waits_for_one_style_sheet_only,
        weight.pictures_have_a_size_and_wait,
        weight.keeps_still,
        content.mathematics_is_rendered,
        content.images_have_words_and_a_size,
        content.notebooks_open_in_binder,
        accessible.axe_without_contrast,
    ],
    # The same, with everything folded unfolded, as in the states that follow.
    "unfolded, light": [
        reading.text_stands_out,
        accessible.axe,
        accessible.ids_are_unique,
        explorers.are_all_there,
        explorers.are_complete_without_a_script,
        explorers.say_what_they_show,
        explorers.have_every_frame,
        explorers.answer_the_keyboard,
        problems.need_no_script,
        problems.mark_the_cells_at_hand,
        problems.play_to_the_last_step,
    ],
    "unfolded, dark": [
        reading.text_stands_out,
        reading.pictures_have_dark_paper,
        problems.mark_the_cells_at_hand,
        accessible.axe_contrast,
    ],
    # 360 pixels wide, dark.
    "on a phone": [
        reading.fits_the_screen,
        accessible.what_scrolls_takes_the_keyboard,
        weight.keeps_still_from_now_on,
        explorers.show_the_whole_picture,
        arrival.nothing_went_wrong,
    ],
}


def faults(visit: Visit) -> list[str]:
    """Return all that is wrong with a page, each fault with the state and the check that found it."""
    found = []
    for state, checks in CHECKS.items():
        visit.turn_to(state)
        for check in checks:
            found += [f"{state}: {check.__name__}: {words}" for words in _words(check, visit)]
    return found


def _words(check: Check, visit: Visit) -> list[str]:
    """Return what a check says; a check that breaks says so, and the others still run."""
    try:
        return list(check(visit))
    except Exception as error:
        return [f"could not finish: {error!r}"]
