"""Explorers: two faces, one set of values and pictures."""

import json
from html.parser import HTMLParser

import ipywidgets
import pytest

from cvlib.explore import explore
from cvlib.viz import subplots


def line(slope=1, kind="solid", grid=False):
    figure, axes = subplots()
    axes.plot([0, 1], [0, slope], linestyle=kind)
    axes.set(ylim=(-4, 4))
    axes.grid(grid)
    return figure


def sentence(slope, kind, grid):
    return f"A {kind} line that rises by {slope}."


@pytest.fixture
def explorer():
    return explore(
        line,
        alt=sentence,
        slope=[-3, 0.5, 2],
        kind=["solid", "dashed"],
        grid=(True, False),
        start={"slope": 2, "grid": False},
    )


class Page(HTMLParser):
    """The parts of the static face that a reader meets."""

    def __init__(self, html):
        super().__init__()
        self.controls, self.labels, self.options, self.images, self.frames = {}, {}, {}, [], None
        self._in = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in ("input", "select"):
            self.controls[attributes["id"]] = attributes
            self._select = attributes["id"]
        if tag == "option":
            self.options.setdefault(self._select, []).append("selected" in attributes)
        if tag == "img":
            self.images.append(attributes)
        self._in.append((tag, attributes))

    def handle_data(self, data):
        tag, attributes = self._in[-1]
        if tag == "label":
            self.labels[attributes["for"]] = data
        if tag == "script":
            self.frames = json.loads(data)


def test_both_faces_offer_the_same_values(explorer):
    page = Page(explorer.static_html())
    *controls, _ = explorer.widget().children
    assert (
        [control.description for control in controls]
        == list(page.labels.values())
        == ["slope", "kind", "grid"]
    )
    slider, menu, box = page.controls.values()
    assert (
        json.loads(slider["data-values"]) == [label for label, _ in controls[0].options] == ["−3", "0.5", "2"]
    )
    assert [int(c["data-size"]) for c in (slider, menu, box)] == [3, 2, 2]
    assert int(slider["value"]) == controls[0].index == 2
    assert page.options[menu["id"]] == [True, False]
    assert controls[1].value == "solid"
    assert ("checked" in box) is controls[2].value is False
    assert [type(control) for control in controls] == [
        ipywidgets.SelectionSlider,
        ipywidgets.Dropdown,
        ipywidgets.Checkbox,
    ]


def test_both_faces_show_the_same_pictures_and_words(explorer):
    frames = Page(explorer.static_html()).frames
    *controls, view = explorer.widget().children
    assert len(frames) == 12
    for values, frame in zip(explorer.combinations(), frames, strict=True):
        for control, value in zip(controls, values.values(), strict=True):
            control.value = value
        shown = Page(view.value).images[0]
        assert (shown["src"], shown["alt"]) == (frame["src"], frame["alt"])
        assert frame["caption"] == sentence(**values)
        assert frame["caption"] in view.value


def test_frames_count_as_the_script_counts(explorer):
    """The script finds a frame by mixed-radix counting, the last control fastest; a box counts as it is listed."""
    frames = Page(explorer.static_html()).frames
    for s, slope in enumerate((-3, 0.5, 2)):
        for k, kind in enumerate(("solid", "dashed")):
            for g, grid in enumerate((True, False)):
                text = frames[(s * 2 + k) * 2 + g]["alt"]
                assert text == explorer.alternative_text(slope=slope, kind=kind, grid=grid)
    assert Page(explorer.static_html()).controls.popitem()[1]["data-checked"] == "0"


def test_starts_where_it_was_told(explorer):
    page = Page(explorer.static_html())
    assert page.images[0]["alt"] == "A solid line that rises by 2. (slope 2, kind solid, grid off)"
    assert repr(explorer) == "\n".join(
        [
            "Explorer: A solid line that rises by 2.",
            "  slope: −3, 0.5, 2",
            "  kind: solid, dashed",
            "  grid: on, off",
        ]
    )


def test_words_and_names_are_escaped():
    html = explore(line, alt='x < 1 & "y"', kind=["solid", "dashed"]).static_html()
    assert 'alt="x &lt; 1 &amp; &quot;y&quot; (kind solid)"' in html
    assert Page(html).frames[1]["alt"] == 'x < 1 & "y" (kind dashed)'
    evil = explore(line, alt="</script><b>", kind=["solid", "dashed"]).static_html()
    assert evil.count("</script>") == 1
    assert "<b>" not in evil.split("<script")[0]


def test_the_environment_chooses_the_face(explorer, monkeypatch):
    monkeypatch.delenv("CVLIB_EXPLORERS", raising=False)
    live = explorer._repr_mimebundle_()
    monkeypatch.setenv("CVLIB_EXPLORERS", "static")
    static = explorer._repr_mimebundle_()
    assert set(live) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert set(static) == {"text/plain", "text/html"}
    assert live["text/plain"] == static["text/plain"]


def test_a_picture_is_drawn_once():
    calls = []

    def counted(slope):
        calls.append(slope)
        return line(slope)

    explorer = explore(counted, alt="A line.", slope=[1, 2])
    explorer.static_html()
    explorer.widget().children[0].value = 2
    assert calls == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "at least one parameter"),
        ({"slope": [1]}, "slope must have at least two different values"),
        ({"slope": [1, 1]}, "slope must have at least two different values"),
        ({"slope": [1, "a"]}, "of one kind"),
        ({"slope": [1.0000001, 1.0000002]}, "told apart in six digits"),
        ({"slope": range(301)}, "301 combinations, expected at most 300"),
        ({"slope": [1, 2], "start": {"slop": 1}}, "start's parameter must be one of 'slope', got 'slop'"),
        ({"slope": [1, 2], "start": {"slope": 3}}, r"start\['slope'\] must be one of 1, 2, got 3"),
    ],
)
def test_bad_values_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore(line, alt="A line.", **arguments)


@pytest.mark.parametrize("values", ["abc", 3, [None, 1j], [[1], [2]], [float("nan"), 1.0]])
def test_values_of_no_use_are_refused(values):
    with pytest.raises(TypeError, match="slope must be"):
        explore(line, alt="A line.", slope=values)


def test_a_picture_without_words_is_refused_at_once():
    for alt in ("", " ", None):
        with pytest.raises(ValueError, match="alt must say in words what the picture shows"):
            explore(line, alt=alt, slope=[1, 2])


def test_something_must_draw():
    with pytest.raises(TypeError, match="draw must be a function that returns a figure, got None"):
        explore(None, alt="A line.", slope=[1, 2])


def test_a_number_that_equals_true_stays_a_number():
    explorer = explore(line, alt="A line.", slope=[0, 1], start={"slope": True})
    assert "checkbox" not in explorer.static_html()


@pytest.mark.parametrize("alt", [lambda slope: "", lambda slope: None])
def test_a_picture_without_words_is_refused(alt):
    with pytest.raises(ValueError, match="alt must say in words what the picture shows"):
        explore(line, alt=alt, slope=[1, 2]).static_html()


def test_pictures_of_two_sizes_are_refused():
    def jumping(slope):
        return subplots(size="single" if slope == 1 else "wide")[0]

    with pytest.raises(ValueError, match="figures of one size"):
        explore(jumping, alt="Empty axes.", slope=[1, 2]).static_html()
