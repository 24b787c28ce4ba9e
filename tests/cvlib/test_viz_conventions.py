"""Pictures of the page on conventions: legible, and drawn from what they claim."""

from __future__ import annotations

import numpy as np
import pytest
from legible import check_apart, check_legible

from cvlib.shapes import conv_output_size
from cvlib.viz import conventions

CORNER = np.array([[1, 2, 0], [3, 0, 0], [0, 0, 0]])


def numbers(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("flip", [False, True])
def test_one_pixel_shows_the_kernel(flip: bool):
    """Convolution paints the kernel as it is; cross-correlation paints it turned."""
    figure = conventions.one_pixel_filtered(CORNER, flip=flip)
    check_legible(figure)
    shown = [word for word in numbers(figure) if word.isdigit()]
    applied, result = shown[25:34], shown[34:]
    turned = [str(value) for value in CORNER[::-1, ::-1].ravel()]
    upright = [str(value) for value in CORNER.ravel()]
    assert (applied, result) == ((turned, upright) if flip else (upright, turned))


@pytest.mark.parametrize("size", range(7, 13))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_windows(size: int, stride: int):
    """Rounded down there are as many as the library says; rounded up, no pixel is left unread."""
    down, up = (conventions.count_windows(size, stride, rounding) for rounding in ("down", "up"))
    assert down == conv_output_size(size, 3, stride=stride)
    assert up == down + ((size - 3) % stride > 0)
    for rounding in ("down", "up"):
        figure = conventions.windows_rounded(size, stride, rounding)
        check_legible(figure)
        check_apart(figure)
        unread = (size - 3) % stride if rounding == "down" else 0
        assert numbers(figure).count("unread") == unread


@pytest.mark.parametrize("unit", conventions.BASES)
def test_logarithms(unit: str):
    """The marked point lies on its curve, at the loss in that unit."""
    figure = conventions.logarithms(0.25, unit)
    check_legible(figure)
    (marked,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    expected = {"nats": 1.3862944, "bits": 2.0, "bans": 0.60206}[unit]
    np.testing.assert_allclose(marked.get_xydata(), [[0.25, expected]], rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conventions.one_pixel_filtered(np.ones((2, 2)), flip=True), "kernel must have shape"),
        (lambda: conventions.windows_rounded(2, 1, "down"), "size must be at least 3"),
        (lambda: conventions.count_windows(9, 2, "nearest"), "rounding must be"),
        (lambda: conventions.logarithms(1.5, "bits"), "probability must"),
        (lambda: conventions.logarithms(0.5, "shannons"), "unit must be"),
    ],
)
def test_errors(call, message: str):
    with pytest.raises(ValueError, match=message):
        call()
