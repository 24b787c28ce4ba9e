"""Pictures: small, deterministic, described, and dark when the page is."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from cvlib.viz import INK, INPUT, render, show, subplots
from cvlib.viz.style import DARK, SETTINGS, SIZES


def line():
    figure, axes = subplots()
    axes.plot([0, 1], [0, 1])
    axes.set_xlabel("loss $L$ / nats")
    return figure


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def embedded_images(svg: str) -> list[tuple[str, np.ndarray]]:
    found = re.findall(r"data:image/(\w+);base64,([A-Za-z0-9+/=]+)", svg)
    return [
        (kind, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")))
        for kind, data in found
    ]


def test_same_figure_same_bytes():
    assert render(line()) == render(line())


@pytest.mark.parametrize("size", SIZES)
def test_size_in_css_pixels(size):
    figure, _ = subplots(size=size)
    picture = render(figure)
    assert (picture.width, picture.height) == tuple(round(96 * inches) for inches in SIZES[size])


def test_unknown_size_is_named():
    with pytest.raises(ValueError, match=r"size must be one of 'single', 'tall', 'wide', got 'huge'"):
        subplots(size="huge")


def test_book_colours_become_variables_with_two_values():
    svg = render(line()).svg
    style = svg[svg.index("<style>") : svg.index("</style>")]
    for light, dark in DARK.items():
        assert style.count(light) == 1
        assert style.count(dark) == 1
    assert INPUT not in svg.replace(style, "")
    assert INK not in svg.replace(style, "")


def test_dark_colours_keep_their_contrast():
    """Text at 4.5 to 1 and lines at 3 to 1 on the dark paper (WCAG 2.2, 1.4.3 and 1.4.11)."""
    *colours, rule, paper = DARK.values()
    ratios = [(luminance(colour) + 0.05) / (luminance(paper) + 0.05) for colour in colours]
    assert min(ratios) > 4.5
    assert luminance(rule) > luminance(paper)


def test_small_image_keeps_its_exact_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    figure, axes = subplots()
    axes.imshow(pixels)
    ((kind, stored),) = embedded_images(render(figure).svg)
    assert kind == "png"
    np.testing.assert_array_equal(stored, pixels)


def test_photograph_becomes_webp_at_its_own_resolution():
    rows, columns = np.mgrid[0:150, 0:120]
    pixels = np.stack([rows, columns, rows + columns], axis=-1).astype(np.uint8)
    figure, axes = subplots()
    axes.imshow(pixels)
    ((kind, stored),) = embedded_images(render(figure).svg)
    assert kind == "webp"
    assert stored.shape == pixels.shape
    assert np.abs(stored.astype(int) - pixels).mean() < 4


def test_rendering_does_not_depend_on_the_callers_settings():
    expected = render(line())
    figure = line()
    with plt.rc_context({"svg.fonttype": "none", "image.interpolation": "bilinear"}):
        assert render(figure) == expected


def test_importing_the_package_sets_the_style():
    assert {name: plt.rcParams[name] for name in ("axes.spines.top", "font.size", "axes.labelcolor")} == {
        name: SETTINGS[name] for name in ("axes.spines.top", "font.size", "axes.labelcolor")
    }


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_words_is_refused(alt):
    with pytest.raises(ValueError, match="alt must say in words what the figure shows"):
        show(line(), alt=alt)


def test_show_prints_the_words_where_nothing_can_be_drawn(capsys):
    show(line(), alt="A rising line.", caption="It rises.")
    assert capsys.readouterr().out == "Figure: A rising line.\nIt rises.\n"


def test_show_escapes_words(monkeypatch):
    shown = []
    monkeypatch.setattr("cvlib.viz.picture.display", shown.append)
    show(line(), alt='a < b & "c"', caption="<i>")
    html = shown[0]._repr_html_()
    assert 'alt="a &lt; b &amp; &quot;c&quot;"' in html
    assert "<figcaption>&lt;i&gt;</figcaption>" in html


def test_show_closes_a_pyplot_figure():
    figure, _ = plt.subplots()
    show(figure, alt="Empty axes.")
    assert not plt.fignum_exists(figure.number)
