"""Sizes against listing every window; receptive fields against tracing which pixels reach an output."""

import doctest
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlib import _checks, shapes
from cvlib.shapes import (
    conv_output_size,
    conv_transpose_output_size,
    interpolate_output_size,
    receptive_field,
    same_padding,
)


def windows(size, kernel_size, stride=1, padding=0, dilation=1):
    """The pixels under every tap of every window that lies within the padded line, the first window first."""
    starts = range(-padding, size + padding, stride)
    lists = [[start + dilation * tap for tap in range(kernel_size)] for start in starts]
    return [taps for taps in lists if taps[-1] < size + padding]


@pytest.mark.parametrize(
    ("size", "kernel_size", "options", "expected"),
    [
        (28, 3, {}, 26),  # A20
        (28, 2, {"stride": 2}, 14),  # A19
        (28, 3, {"stride": 2, "padding": 1}, 14),
        (21, 5, {"stride": 2}, 9),  # C3
        (9, 3, {"stride": 2}, 4),
        (227, 11, {"stride": 4}, 55),  # AlexNet
        (224, 7, {"stride": 2, "padding": 3}, 112),  # ResNet
        (5, 5, {}, 1),
        (1, 1, {}, 1),
    ],
)
def test_known_output_sizes(size, kernel_size, options, expected):
    assert conv_output_size(size, kernel_size, **options) == expected


def test_output_size_by_listing_the_windows():
    fitting = 0
    for size, k, s, p, d in product(range(1, 10), range(1, 5), range(1, 5), range(4), range(1, 4)):
        options = {"stride": s, "padding": p, "dilation": d}
        count = len(windows(size, k, **options))
        if count:
            fitting += 1
            assert conv_output_size(size, k, **options) == count
        else:
            with pytest.raises(ValueError, match=r"^kernel_size .* more than the padded input"):
                conv_output_size(size, k, **options)
    assert fitting > 1000


def test_same_padding_keeps_every_size():
    for k, d in product(range(1, 8), range(1, 4)):
        if (d * (k - 1)) % 2 == 0:
            padding = same_padding(k, dilation=d)
            assert len(windows(20, k, padding=padding, dilation=d)) == 20
        else:
            with pytest.raises(ValueError, match=r'^padding "same" needs an odd span'):
                same_padding(k, dilation=d)


def test_transposed_size_is_what_the_windows_cover():
    checked = 0
    for size, k, s, p, d, extra in product(
        range(1, 6), range(1, 5), range(1, 4), range(3), range(1, 3), range(3)
    ):
        if extra >= max(s, d):
            continue
        # Input pixel i paints the output pixels i*s + d*tap; the padding then cuts p pixels from both ends.
        painted = {i * s + d * tap for i in range(size) for tap in range(k)}
        expected = max(painted) + 1 + extra - 2 * p
        options = {"stride": s, "padding": p, "output_padding": extra, "dilation": d}
        if expected < 1:
            with pytest.raises(ValueError, match=r"^padding .* leaves nothing"):
                conv_transpose_output_size(size, k, **options)
        else:
            checked += 1
            assert conv_transpose_output_size(size, k, **options) == expected
    assert checked > 500


def test_transposed_size_undoes_the_convolution():
    for size, k, s, p in product(range(4, 12), range(1, 5), range(1, 4), range(2)):
        small = conv_output_size(size, k, stride=s, padding=p)
        lost = (size + 2 * p - k) % s  # pixels that the floor dropped
        assert conv_transpose_output_size(small, k, stride=s, padding=p, output_padding=lost) == size


@pytest.mark.parametrize(
    ("arguments", "scale_factor", "expected"),
    [
        ((14, 28), None, (28, 28)),
        (((4, 6), (3, 9)), None, (3, 9)),
        ((5,), 2, (10, 10)),
        (((5, 8),), (1.5, 0.25), (7, 2)),
        ((10,), (1.1, Fraction(1, 3)), (11, 3)),
        ((3,), Fraction(1, 3), (1, 1)),
    ],
)
def test_size_of_a_resized_map(arguments, scale_factor, expected):
    assert interpolate_output_size(*arguments, scale_factor=scale_factor) == expected


layer = st.fixed_dictionaries(
    {"kernel_size": st.integers(1, 4)},
    optional={"stride": st.integers(1, 3), "padding": st.integers(0, 2), "dilation": st.integers(1, 3)},
)


@settings(max_examples=60, deadline=None)
@given(st.lists(layer, max_size=4))
def test_receptive_field_by_tracing(layers):
    """Follow outputs 0 and 1 back, set by set, over a line without ends: which inputs can reach them?"""

    def trace(output):
        reached = {output}
        for one in reversed(layers):
            s, p, d = one.get("stride", 1), one.get("padding", 0), one.get("dilation", 1)
            reached = {i * s - p + d * tap for i in reached for tap in range(one["kernel_size"])}
        return reached

    first, second = trace(0), trace(1)
    field = receptive_field(layers)
    assert field.size == max(first) - min(first) + 1
    assert field.jump == min(second) - min(first)
    assert field.start == (min(first) + max(first)) / 2


def test_receptive_field_of_vgg16():
    stages = (2, 2, 3, 3, 3)
    convolution, pooling = {"kernel_size": 3, "padding": 1}, {"kernel_size": 2, "stride": 2}
    layers = [one for depth in stages for one in [convolution] * depth + [pooling]]
    # Araujo, Norris and Sim, Distill 2019, table: VGG-16 has 212 and stride 32.
    assert receptive_field(layers)[:2] == (212, 32)


def test_receptive_field_of_nothing_is_one_pixel():
    assert receptive_field([]) == (1, 1, 0)


WRONG = [
    (lambda: conv_output_size(0, 1), ValueError, "^size must be at least 1, got 0"),
    (lambda: conv_output_size(4, 5), ValueError, "^kernel_size 5 .* spans 5 pixels, more than .* 4 \\+ 2\\*0 = 4"),
    (lambda: conv_output_size(4, 2, stride=0), ValueError, "^stride must be at least 1, got 0"),
    (lambda: conv_output_size(4, 2, padding=-1), ValueError, "^padding must be at least 0, got -1"),
    (lambda: conv_output_size(4, 2, dilation=0), ValueError, "^dilation must be at least 1, got 0"),
    (lambda: conv_output_size(4.0, 2), TypeError, "^size must be an integer, got 4.0 of type float"),
    (lambda: conv_output_size(4, True), TypeError, "^kernel_size must be an integer, got True of type bool"),
    (lambda: conv_transpose_output_size(4, 3, output_padding=1), ValueError, "^output_padding must be smaller"),
    (lambda: interpolate_output_size(4), ValueError, "^give either size or scale_factor, got size=None and"),
    (lambda: interpolate_output_size(4, 8, scale_factor=2), ValueError, "^give either size or .* scale_factor=2$"),
    (lambda: interpolate_output_size(0, 8), ValueError, "^input_size must be at least 1, got 0"),
    (lambda: interpolate_output_size(4, (8, 0)), ValueError, "^size must be at least 1, got 0"),
    (lambda: interpolate_output_size(4, 8.0), TypeError, "^size must be an integer, got 8.0"),
    (lambda: interpolate_output_size(4, scale_factor=0.2), ValueError, "^scale_factor 0.2 leaves nothing: .* 0"),
    (lambda: interpolate_output_size(4, scale_factor=-1), ValueError, "^scale_factor must be positive and finite"),
    (lambda: interpolate_output_size(4, scale_factor="2"), TypeError, "^scale_factor must be a number, got '2'"),
    (lambda: interpolate_output_size(4, scale_factor=(1, 2, 3)), ValueError, "^scale_factor must be one number or a"),
    (lambda: receptive_field([{"stride": 2}]), ValueError, r"^layers\[0\] must name kernel_size"),
    (lambda: receptive_field([{"kernel_size": 3, "pad": 1}]), ValueError, r"^layers\[0\] .* got .*'pad'"),
    (lambda: receptive_field([{"kernel_size": "3"}]), TypeError, "^kernel_size must be an integer, got '3'"),
    (lambda: _checks.pair("stride", (1, 2, 3)), ValueError, r"^stride must be one integer or a pair"),
    (lambda: _checks.choice("mode", "c", ("a", "b")), ValueError, "^mode must be one of 'a', 'b', got 'c'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_pairs():
    assert _checks.pair("stride", 2) == _checks.pair("stride", [2, 2]) == (2, 2)


def test_examples_in_the_docstrings():
    failed, attempted = doctest.testmod(shapes)
    assert attempted > 4
    assert failed == 0
