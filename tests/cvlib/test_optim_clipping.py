"""Clipping against sums that Python works out one number at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlib.optim import clip_by_global_norm, clip_by_value, global_norm

SHAPES = [(2, 3), (4,), (), (1, 1, 2), (0, 3)]


def draw(seed, dtype=np.float64):
    """Return gradients of many sizes, spread out in memory and not to be written to."""
    rng = np.random.default_rng(seed)
    gradients = {}
    for number, shape in enumerate(SHAPES):
        memory = np.full([2 * n for n in reversed(shape)], np.nan, dtype)
        g = memory.T[(slice(None, None, -2),) * len(shape)]
        g = g if shape else np.zeros((), dtype)
        g[...] = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 3)
        g.flags.writeable = False
        gradients[f"p{number}"] = g
    return gradients


def length(gradients):
    return math.sqrt(math.fsum(float(entry) ** 2 for g in gradients.values() for entry in g.ravel()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), max_norm=st.floats(1e-3, 1e3))
def test_clipping_by_norm_keeps_the_direction_and_limits_the_length(dtype, seed, max_norm):
    gradients = draw(seed, dtype)
    norm = length(gradients)
    assert global_norm(gradients) == pytest.approx(norm, rel=1e-14)
    clipped = clip_by_global_norm(gradients, max_norm)
    assert list(clipped) == list(gradients)
    assert length(clipped) == pytest.approx(min(norm, max_norm), rel=1e-5 if dtype == np.float32 else 1e-14)
    for name, g in gradients.items():
        expected = g.astype(np.float64) * min(1, max_norm / norm)
        np.testing.assert_allclose(clipped[name], expected, rtol=1e-6 if dtype == np.float32 else 1e-14)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), clip_value=st.floats(1e-3, 1e3))
def test_clipping_by_value_cuts_each_entry(seed, clip_value):
    gradients = draw(seed)
    clipped = clip_by_value(gradients, clip_value)
    for name, g in gradients.items():
        expected = [max(-clip_value, min(clip_value, entry)) for entry in g.ravel().tolist()]
        assert clipped[name].ravel().tolist() == expected


@pytest.mark.parametrize("clip", [clip_by_global_norm, clip_by_value])
@pytest.mark.parametrize("limit", [1e-2, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_are_new_arrays_of_the_same_type(clip, limit, dtype):
    gradients = draw(0, dtype)
    kept = {name: g.copy() for name, g in gradients.items()}
    for name, g in clip(gradients, limit).items():
        assert type(g) is np.ndarray
        assert (g.dtype, g.shape) == (dtype, gradients[name].shape)
        assert g.flags.c_contiguous
        assert g.flags.writeable
        assert not np.shares_memory(g, gradients[name])
        np.testing.assert_array_equal(gradients[name], kept[name])


def test_short_gradients_are_not_stretched():
    assert clip_by_global_norm({"w": [0.3, 0.4]}, 0.5)["w"].tolist() == [0.3, 0.4]
    assert clip_by_global_norm({"w": [0.0, 0.0]}, 0.5)["w"].tolist() == [0.0, 0.0]
    assert clip_by_global_norm({}, 0.5) == {}
    assert global_norm({}) == 0.0


def test_squares_may_leave_the_range_of_float32():
    for size in (1e-30, 1e30):
        gradients = {"w": np.array([3, 4], np.float32) * np.float32(size)}
        assert global_norm(gradients) == pytest.approx(5 * size, rel=1e-6)
        np.testing.assert_allclose(
            clip_by_global_norm(gradients, size)["w"], [0.6 * size, 0.8 * size], rtol=1e-6
        )


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_seen(bad):
    gradients = {"w": np.array([bad, 100.0]), "b": np.array([7.0])}
    assert not math.isfinite(global_norm(gradients))
    for name, g in clip_by_global_norm(gradients, 1.0).items():
        np.testing.assert_array_equal(g, gradients[name])
    np.testing.assert_array_equal(
        clip_by_value(gradients, 2.0)["w"], [math.nan if math.isnan(bad) else math.copysign(2, bad), 2]
    )


@pytest.mark.parametrize("clip", [clip_by_global_norm, clip_by_value])
@pytest.mark.parametrize(
    ("gradients", "limit", "error", "message"),
    [
        ({"w": [1.0]}, 0, ValueError, "must be above 0, got 0"),
        ({"w": [1.0]}, -1, ValueError, r"must be in \[0, inf\), got -1"),
        ({"w": [1.0]}, None, TypeError, "must be a number, got None"),
        ([1.0], 1, TypeError, "gradients must map names to arrays, got list"),
        ({"w": ["a"]}, 1, TypeError, "gradient 'w' must hold real numbers"),
    ],
)
def test_arguments_are_checked(clip, gradients, limit, error, message):
    with pytest.raises(error, match=message):
        clip(gradients, limit)


def test_the_limit_is_named():
    with pytest.raises(ValueError, match="max_norm must be"):
        clip_by_global_norm({}, 0)
    with pytest.raises(ValueError, match="clip_value must be"):
        clip_by_value({}, 0)
