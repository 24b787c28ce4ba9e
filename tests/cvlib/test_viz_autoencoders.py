"""The pictures of the chapter on autoencoders: right numbers in them, one size each, words that can be read."""

import numpy as np
import pytest
from legible import SINGLE, TALL, legible_size, texts
from matplotlib.patches import Circle, Rectangle

from cvlib.viz import autoencoders as draw
from cvlib.viz.style import INPUT, OUTPUT, WEIGHTS

MINUS = "\N{MINUS SIGN}"


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random((*shape, 14, 14))


def test_rows_have_their_names_and_stay_between_paper_and_ink():
    figure = draw.image_rows({"clean": images(8), "noisy": 3 * images(8) - 1, "cleaned": images(8)})
    assert legible_size(figure) == SINGLE
    assert {"clean", "noisy", "cleaned"} <= set(texts(figure))
    noisy = figure.axes[1].images[0].get_array()
    assert (np.nanmin(noisy), np.nanmax(noisy)) == (0, 1)
    assert noisy.shape == (14, 8 * 15 - 1)


def test_every_number_of_a_code_stands_below_its_image():
    codes = np.array([[0.12, -3.46], [1.0, 2.0], [-0.5, 10.04]])
    figure = draw.through_the_code(images(3), codes, images(3))
    assert legible_size(figure) == SINGLE
    assert {"0.1", f"{MINUS}3.5", "10.0", "image", "code", "rebuilt"} <= set(texts(figure))


def test_the_curves_of_the_widths_are_in_percent():
    figure = draw.error_by_width([1, 2, 4, 8, 16, 32], np.linspace(0.8, 0.1, 6), np.linspace(0.9, 0.16, 6))
    assert legible_size(figure) == SINGLE
    net = next(line for line in figure.axes[0].lines if line.get_color() == OUTPUT)
    np.testing.assert_allclose(net.get_ydata(), 100 * np.linspace(0.8, 0.1, 6))


def test_codes_are_drawn_as_their_digits():
    codes = np.random.default_rng(0).standard_normal((50, 2))
    labels = np.arange(50) % 10
    figure = draw.latent_walk(codes, labels, (1.2, -0.6), images()[()])
    assert legible_size(figure) == SINGLE
    numerals = {line.get_marker(): line for line in figure.axes[0].lines if "$" in str(line.get_marker())}
    assert set(numerals) == {f"${digit}$" for digit in range(10)}
    np.testing.assert_allclose(np.transpose(numerals["$3$"].get_data()), codes[labels == 3])
    here = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert np.ravel(here.get_data()).tolist() == [1.2, -0.6]


@pytest.mark.parametrize("position", [0, 0.5, 1])
def test_the_dot_stands_between_the_two_images(position):
    figure = draw.halfway(images(2), images()[()], images()[()], position)
    assert legible_size(figure) == SINGLE
    assert figure.axes[0].lines[-1].get_xdata()[0] == position


def test_classes_are_shares_of_a_hundred():
    counts = {"plain": [55, 9, 487, 117, 68, 3, 73, 154, 14, 20], "variational": [100] * 10}
    figure = draw.classes_drawn(counts)
    assert legible_size(figure) == SINGLE
    above, below = figure.axes
    bars = [bar.get_height() for bar in above.patches if isinstance(bar, Rectangle)]
    np.testing.assert_allclose(bars, np.array(counts["plain"]) / 10)
    assert {bar.get_height() for bar in below.patches} == {10}


@pytest.mark.parametrize(("mean", "spread"), [(0, 1.4), (0.8, 0.2), (1.6, 0.45)])
def test_the_two_costs_stand_end_to_end(mean, spread):
    figure = draw.bound_on_a_line((mean, spread), (0.8, 0.447), (2.5, 0.75), -2.12)
    assert legible_size(figure) == TALL
    first, second = figure.axes[1].patches
    assert (first.get_width(), second.get_x(), second.get_width()) == (2.5, 2.5, 0.75)
    assert first.get_facecolor() != second.get_facecolor()
    words = {"reconstruction 2.50", "divergence 0.75", f"{MINUS}ELBO = 3.25"}
    assert words <= set(texts(figure))
    guess = next(line for line in figure.axes[0].lines if line.get_color() == OUTPUT)
    z, density = guess.get_data()
    np.testing.assert_allclose((density * (z[1] - z[0])).sum(), 1, atol=0.1)
    assert {text.get_color() for text in figure.axes[1].texts} >= {INPUT, WEIGHTS}


def test_each_image_is_a_dot_below_the_diagonal():
    evidence = np.array([-20.0, -43.0])
    figure = draw.bound_by_image(evidence, evidence - 2)
    assert legible_size(figure) == SINGLE
    line, dots = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_xdata(), line.get_ydata())
    np.testing.assert_allclose(dots.get_ydata(), [-22, -45])
    assert figure.axes[0].get_xlim() == (-50, 0)


@pytest.mark.parametrize("spread", [0.02, 1.0])
def test_the_disc_is_as_wide_as_a_code(spread):
    codes = np.random.default_rng(0).standard_normal((50, 2))
    figure = draw.trade_off(images(8), images(8), images(8), codes, np.arange(50) % 10, spread)
    assert legible_size(figure) == TALL
    prior, disc = (patch for patch in figure.axes[0].patches if isinstance(patch, Circle))
    assert (prior.radius, disc.radius) == (2, spread)
    assert {"test digits", "rebuilt", "drawn"} <= set(texts(figure))
