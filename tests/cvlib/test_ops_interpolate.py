"""Resizing against JAX, its definition, central differences, and numbers by hand."""

import importlib
import re
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.scipy.ndimage import map_coordinates
from oracle import check_operation
from strategies import Case, normal, pairs

from byhand import definitions
from cvlib.ops import interpolate, interpolate_backward

MODULE = importlib.import_module("cvlib.ops.interpolate")  # the package has the function under this name
DEFINITION = definitions.interpolate, definitions.interpolate_backward


def places(old, new, factor, mode, align_corners):
    """Where each new pixel lies on the old ones, as PyTorch counts."""
    if mode == "nearest":
        return np.array([min(int(i / factor if factor else i * old / new), old - 1) for i in range(new)])
    if align_corners:
        return np.linspace(0, old - 1, new)
    return (np.arange(new) + 0.5) * (1 / factor if factor else old / new) - 0.5


def check(x, *, definition=DEFINITION, **options):
    """Check a resizing against JAX: pixels taken, or the order-1 spline whose borders go on for ever."""
    size, factor = options.get("size"), options.get("scale_factor")
    mode, align = options.get("mode", "bilinear"), options.get("align_corners", False)
    size, factor = (v if isinstance(v, tuple) else (v, v) for v in (size, factor))
    if size == (None, None):
        size = [int(n * f) for n, f in zip(x.shape[2:], factor, strict=True)]
    rows, columns = (places(*side, mode, align) for side in zip(x.shape[2:], size, factor, strict=True))

    def oracle(x):
        if mode == "nearest":
            return x[:, :, rows][..., columns]
        at = jnp.meshgrid(rows, columns, indexing="ij")
        return jax.vmap(jax.vmap(lambda plane: map_coordinates(plane, at, order=1, mode="nearest")))(x)

    check_operation(interpolate, interpolate_backward, oracle, [x], definition=definition, **options)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Larger and smaller, both at once in two directions, by size and by factor, through several strips."""
    size = draw(pairs(1, 9))
    options = draw(st.sampled_from([{}, {"mode": "nearest"}, {"align_corners": True}]))
    if draw(st.booleans()):
        options = {**options, "size": draw(pairs(1, 35))}
    else:
        factor = st.sampled_from([1, 2, 3, 0.5, 1.5, 2.75, 0.7])
        pair = tuple(max(draw(factor), 1 / n) for n in size)
        options = {**options, "scale_factor": pair}
    shape = draw(st.integers(1, 3)), draw(st.integers(1, 3)), *size
    return Case([normal(*shape, seed=draw(st.integers(0, 99)))], options)


@settings(max_examples=12, deadline=None)
@given(cases())
def test_agrees_with_jax(case: Case):
    check(*case.arrays, definition=None, **case.options)


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from([0, 300, 3000]))
def test_agrees_with_its_definition_in_any_blocks(case: Case, size: int):
    (x,), options = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MODULE, "SHARED_BYTES", size)
        y = interpolate(x, **options)
        dy = normal(*y.shape, seed=1)
        dx = interpolate_backward(dy, x, **options)
    np.testing.assert_allclose(y, definitions.interpolate(x.tolist(), **options), atol=1e-12)
    expected = definitions.interpolate_backward(dy.tolist(), x.tolist(), **options)
    np.testing.assert_allclose(dx, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((2, 3, 4, 5), {"scale_factor": 2}),
        ((2, 3, 4, 5), {"scale_factor": 2, "mode": "nearest"}),
        ((2, 3, 4, 5), {"size": (7, 9), "align_corners": True}),
        ((1, 2, 9, 7), {"size": (4, 3)}),  # smaller
        ((1, 2, 9, 7), {"size": (4, 3), "mode": "nearest"}),
        ((1, 2, 9, 7), {"size": (4, 20), "align_corners": True}),
        ((1, 1, 40, 3), {"size": (2, 3)}),  # some pixels are not seen at all
        ((1, 1, 5, 7), {"scale_factor": (1.5, 0.6)}),  # sizes that are floored
        ((1, 1, 5, 7), {"scale_factor": (1.5, 0.6), "mode": "nearest"}),
        ((1, 1, 1, 1), {"size": (3, 2)}),
        ((1, 1, 1, 1), {"size": (3, 2), "align_corners": True}),
        ((1, 1, 4, 6), {"size": 1}),
        ((1, 1, 4, 6), {"size": 1, "align_corners": True}),
        ((1, 2, 3, 40), {"size": (50, 40)}),  # several strips; a side that stays as it is
        ((1, 1, 6, 4), {"size": (6, 4)}),
    ],
)
def test_agrees_with_definition(shape, options):
    check(normal(*shape), **options)


# By hand.


def test_twice_as_large():
    """The square [[1, 2], [3, 4]] of PyTorch's documentation of Upsample."""
    x = [[[[1, 2], [3, 4]]]]
    rows = [[1, 1.25, 1.75, 2], [1.5, 1.75, 2.25, 2.5], [2.5, 2.75, 3.25, 3.5], [3, 3.25, 3.75, 4]]
    np.testing.assert_array_equal(interpolate(x, scale_factor=2), [[rows]])
    corners = np.add.outer([0, 2 / 3, 4 / 3, 2], [1, 4 / 3, 5 / 3, 2])
    np.testing.assert_allclose(interpolate(x, scale_factor=2, align_corners=True)[0, 0], corners, rtol=1e-15)
    blocks = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    np.testing.assert_array_equal(interpolate(x, scale_factor=2, mode="nearest"), [[blocks]])


def test_half_as_large_is_the_mean_of_four():
    """Each new pixel has its middle in the corner of four old ones."""
    x = normal(2, 3, 6, 8)
    means = x.reshape(2, 3, 3, 2, 4, 2).mean((3, 5))
    np.testing.assert_allclose(interpolate(x, (3, 4)), means, atol=1e-15)
    np.testing.assert_array_equal(interpolate(x, (3, 4), mode="nearest"), x[:, :, ::2, ::2])


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(5, 7), (11, 30), (3, 2)])
def test_a_ramp_stays_a_ramp(size, align_corners):
    """Linear interpolation of a linear function is exact wherever it need not go beyond the border."""
    ramp = np.add.outer(10 * np.arange(5.0), np.arange(7.0))[None, None]
    rows, columns = (
        np.clip(places(n, m, None, "bilinear", align_corners), 0, n - 1)
        for n, m in zip((5, 7), size, strict=True)
    )
    y = interpolate(ramp, size, align_corners=align_corners)
    np.testing.assert_allclose(y[0, 0], np.add.outer(10 * rows, columns), atol=1e-12)


def test_floor_rule_of_nearest_is_exact():
    """Pixel 23 of 46 comes from 13 of 26, though 23 times the rounded ratio 26 / 46 is a little less."""
    x = np.arange(1000.0).reshape(1, 1, 1, 1000)
    for old, new in [(26, 46), (39, 33), (1000, 1), (1000, 49), (1000, 999), (1000, 1001), (1000, 3000)]:
        expected = [i * old // new for i in range(new)]
        y = interpolate(x[..., :old], (1, new), mode="nearest")
        np.testing.assert_array_equal(y[0, 0, 0], expected)
    tenth = interpolate(x[..., :10], scale_factor=(1, 1.1), mode="nearest")
    assert tenth.tolist() == [[[[0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]]]


def test_the_factor_and_not_the_ratio_of_sizes_sets_the_places():
    """5 pixels times 1.5 are 7, but the pixels stay 2/3 apart and not 5/7."""
    x = np.arange(5.0).reshape(1, 1, 1, 5)
    by_factor = interpolate(x, scale_factor=(1, 1.5))[0, 0, 0]
    np.testing.assert_allclose(by_factor, [0, 0.5, 7 / 6, 11 / 6, 2.5, 19 / 6, 23 / 6], rtol=1e-12)
    by_size = interpolate(x, (1, 7))[0, 0, 0]
    np.testing.assert_allclose(by_size, [0, 4 / 7, 9 / 7, 2, 19 / 7, 24 / 7, 4], rtol=1e-12)


def test_gradient_is_shared_out_and_nothing_is_lost():
    dy = normal(2, 3, 11, 9)
    for options in ({}, {"mode": "nearest"}, {"align_corners": True}):
        dx = interpolate_backward(dy, np.zeros((2, 3, 4, 5)), (11, 9), **options)
        np.testing.assert_allclose(dx.sum((2, 3)), dy.sum((2, 3)), atol=1e-12)


def test_definition_is_exact_in_fractions():
    x = [[[[Fraction(1, 3), 3, Fraction(5)]]]]
    assert definitions.interpolate(x, (1, 2)) == [[[[1, Fraction(9, 2)]]]]
    assert definitions.interpolate(x, (1, 5), align_corners=True)[0][0][0][1] == Fraction(5, 3)
    third = definitions.interpolate(x, scale_factor=(1, Fraction(2, 3)))
    assert third == [[[[1, Fraction(9, 2)]]]]
    np.testing.assert_allclose(
        interpolate(x_as_floats(x), scale_factor=(1, Fraction(2, 3))), x_as_floats(third)
    )
    assert definitions.interpolate(x, scale_factor=(2, 1), mode="nearest") == [[x[0][0] * 2]]


def x_as_floats(x):
    return np.array(x, dtype=float)


# Edges and bad arguments.


@pytest.mark.parametrize("shape", [(0, 3, 5, 5), (2, 0, 5, 5)])
def test_empty_batch(shape):
    x = np.ones(shape)
    y = interpolate(x, (7, 40))
    assert y.shape == (*shape[:2], 7, 40)
    assert interpolate_backward(y, x, (7, 40)).shape == shape


def test_precision_follows_the_widest():
    x = np.ones((1, 1, 2, 2), np.float32)
    assert interpolate(x, 4).dtype == np.float32
    assert interpolate(x.astype(np.uint8), 4).dtype == np.float64
    assert interpolate_backward(np.ones((1, 1, 4, 4)), x, 4).dtype == np.float64


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_reaches_only_the_pixels_that_see_it(value):
    """Though zeros are multiplied otherwise: a weight of 0 would not stop them."""
    x = np.ones((2, 2, 20, 25))
    x[1, 0, 7, 11] = value
    for options in (
        {"scale_factor": 2},
        {"size": (31, 50)},
        {"size": (9, 12)},
        {"scale_factor": 2, "mode": "nearest"},
    ):
        finite = np.where(np.isfinite(x), 0.0, 1.0)
        sees = interpolate(finite, **options) > 0
        y = interpolate(x, **options)
        assert sees.any()
        np.testing.assert_array_equal(~np.isfinite(y), sees)
        dy = np.where(sees, value, 1.0)
        reached = interpolate_backward(sees.astype(float), x, **options) > 0
        np.testing.assert_array_equal(~np.isfinite(interpolate_backward(dy, x, **options)), reached)


def test_blocks_are_cut_at_the_real_size():
    """More planes than fit into one block, each as if it were alone."""
    x = normal(9, 3, 64, 64)
    assert 2 * MODULE.SHARED_BYTES < 9 * 3 * 64 * 128 * 8
    y = interpolate(x, 128)
    dy = normal(9, 3, 128, 128)
    dx = interpolate_backward(dy, x, 128)
    for n in range(9):
        np.testing.assert_array_equal(interpolate(x[n : n + 1, 1:2], 128), y[n : n + 1, 1:2])
        one = interpolate_backward(dy[n : n + 1, 1:2], x[n : n + 1, 1:2], 128)
        np.testing.assert_array_equal(one, dx[n : n + 1, 1:2])


X = normal(2, 3, 4, 5)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[0]}, ValueError, "x must have 4 axes (N, C, H, W), got shape (3, 4, 5)"),
        ({"x": "image"}, TypeError, "x must hold real numbers, got str"),
        ({"x": X[..., :0]}, ValueError, "x must hold at least one pixel, got shape (2, 3, 4, 0)"),
        ({"size": None}, ValueError, "give either size or scale_factor, got size=None and scale_factor=None"),
        ({"scale_factor": 2}, ValueError, "give either size or scale_factor, got size=8 and scale_factor=2"),
        ({"size": 0}, ValueError, "size must be at least 1, got 0"),
        ({"size": 8.0}, TypeError, "size must be an integer, got 8.0 of type float"),
        (
            {"size": (8, 8, 8)},
            ValueError,
            "size must be one integer or a pair (height, width), got (8, 8, 8)",
        ),
        ({"size": None, "scale_factor": 0}, ValueError, "scale_factor must be positive and finite, got 0"),
        (
            {"size": None, "scale_factor": (1, -2.0)},
            ValueError,
            "scale_factor must be positive and finite, got -2.0",
        ),
        (
            {"size": None, "scale_factor": np.nan},
            ValueError,
            "scale_factor must be positive and finite, got nan",
        ),
        (
            {"size": None, "scale_factor": "2"},
            TypeError,
            "scale_factor must be a number, got '2' of type str",
        ),
        (
            {"size": None, "scale_factor": (2,)},
            ValueError,
            "scale_factor must be one number or a pair (height, width), got (2,)",
        ),
        (
            {"size": None, "scale_factor": 0.2},
            ValueError,
            "scale_factor 0.2 leaves nothing: (4, 5) would become (0, 1)",
        ),
        ({"mode": "cubic"}, ValueError, "mode must be one of 'bilinear', 'nearest', got 'cubic'"),
        ({"align_corners": "no"}, ValueError, "align_corners must be one of False, True, got 'no'"),
        (
            {"mode": "nearest", "align_corners": True},
            ValueError,
            'align_corners has no meaning for mode "nearest": it must be False',
        ),
    ],
)
def test_bad_arguments(bad, error, message):
    arguments = {"x": X, "size": 8, **bad}
    with pytest.raises(error, match=re.escape(message)):
        interpolate(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        interpolate_backward(np.ones((2, 3, 8, 8)), **arguments)
    if "x" not in bad:  # the definition has words of its own for lists
        with pytest.raises(error, match=re.escape(message)):
            definitions.interpolate(**{**arguments, "x": X.tolist()})


@pytest.mark.parametrize("shape", [(2, 3, 8, 9), (2, 3, 64), (1, 3, 8, 8)])
def test_bad_upstream_gradient(shape):
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (2, 3, 8, 8), got {shape}")):
        interpolate_backward(np.ones(shape), X, 8)
