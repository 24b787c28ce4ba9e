"""Initial weights: the spread measured on many draws, against the formulas."""

import math
import re

import numpy as np
import pytest

from cvlib import init
from cvlib.ops import conv_transpose2d, interpolate

LINEAR, CONV, GROUPED = (200, 500), (40, 30, 3, 5), (64, 8, 5, 5)
FANS = {LINEAR: (500, 200), CONV: (450, 600), GROUPED: (200, 1600)}
INITIALISERS = ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal"]


@pytest.mark.parametrize("shape", FANS)
def test_fan(shape):
    assert init.fan(shape) == FANS[shape]


@pytest.mark.parametrize("name", INITIALISERS)
@pytest.mark.parametrize("shape", FANS)
def test_mean_and_variance(name, shape):
    w = getattr(init, name)(shape, rng=np.random.default_rng(1))
    fan_in, fan_out = FANS[shape]
    variance = 2 / fan_in if name.startswith("he") else 2 / (fan_in + fan_out)
    assert w.shape == shape
    assert abs(w.mean()) < 5 * math.sqrt(variance / w.size)  # five standard errors
    assert w.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / w.size))


@pytest.mark.parametrize(("name", "squared_bound"), [("glorot_uniform", 6 / 700), ("he_uniform", 6 / 500)])
def test_uniform_weights_fill_their_bounds(name, squared_bound):
    w = getattr(init, name)(LINEAR, rng=np.random.default_rng(2), dtype=np.float64)
    bound = math.sqrt(squared_bound)
    assert 0.999 * bound < w.max() <= bound
    assert -bound <= w.min() < -0.999 * bound


@pytest.mark.parametrize("name", ["glorot_normal", "he_normal"])
def test_normal_weights_have_the_tails_of_a_normal(name):
    w = getattr(init, name)(LINEAR, rng=np.random.default_rng(3))
    beyond = [np.mean(np.abs(w) > k * w.std()) for k in (1, 2, 3)]
    np.testing.assert_allclose(beyond, [0.3173, 0.0455, 0.0027], atol=0.004)


def test_he_keeps_the_signal_through_ten_relu_layers_and_glorot_through_linear_ones():
    rng = np.random.default_rng(4)
    signal = plain = rng.standard_normal((50, 400))
    for _ in range(10):
        signal = np.maximum(signal, 0) @ init.he_normal((400, 400), rng=rng).T
        plain = plain @ init.glorot_normal((400, 400), rng=rng).T
    assert 0.5 < np.mean(signal**2) < 2
    assert 0.5 < np.mean(plain**2) < 2


@pytest.mark.parametrize("name", INITIALISERS)
def test_type_and_seed(name):
    initialise = getattr(init, name)
    default = initialise(CONV, rng=np.random.default_rng(5))
    double = initialise(CONV, rng=np.random.default_rng(5), dtype=np.float64)
    assert (default.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(default, double.astype(np.float32))
    assert (double != initialise(CONV, rng=np.random.default_rng(6), dtype=np.float64)).all()


@pytest.mark.parametrize("name", INITIALISERS)
def test_bad_arguments(name):
    initialise = getattr(init, name)
    for rng in (None, 0, np.random, np.random.RandomState(0)):
        with pytest.raises(
            TypeError, match=r"rng must be a numpy Generator such as np.random.default_rng\(0\)"
        ):
            initialise(LINEAR, rng=rng)
    with pytest.raises(ValueError, match=r"shape must be \(out, in\) or .*, got \(3,\)"):
        initialise((3,), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"shape\[1\] must be at least 1, got 0"):
        initialise((3, 0), rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"shape\[0\] must be an integer, got 2.5"):
        initialise((2.5, 3), rng=np.random.default_rng(0))


# Bilinear weights: nothing is drawn.


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("factors", [(2, 2), (3, 4), (1, 5), (8, 2)])
def test_bilinear_weights_upsample_like_interpolate(factors, groups):
    x = np.random.default_rng(7).standard_normal((2, 3, 6, 7))
    kernel = [2 * s - s % 2 for s in factors]
    w = init.bilinear((3, 3 // groups, *kernel), dtype=np.float64)
    y = conv_transpose2d(x, w, stride=factors, padding=tuple(s // 2 for s in factors), groups=groups)
    expected = interpolate(x, scale_factor=factors)
    assert y.shape == expected.shape
    inside = np.s_[:, :, factors[0] : -factors[0], factors[1] : -factors[1]]
    np.testing.assert_allclose(y[inside], expected[inside], atol=1e-12)


def test_bilinear_weights_by_hand():
    """upsample_filt of Long's code for a kernel of 5, and the weights of a kernel of 4."""
    np.testing.assert_array_equal(init.bilinear((1, 1, 1, 4))[0, 0, 0], [0.25, 0.75, 0.75, 0.25])
    rows = init.bilinear((1, 1, 5, 1), dtype=np.float64)[0, 0, :, 0] * 3
    np.testing.assert_allclose(rows, [1, 2, 3, 2, 1], rtol=1e-15)
    weights = init.bilinear((2, 2, 2, 2))
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, np.multiply.outer(np.eye(2), np.full((2, 2), 0.25)))
    grouped = init.bilinear((4, 2, 1, 1), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(grouped[:, :, 0, 0], [[1, 0], [0, 1], [1, 0], [0, 1]])


@pytest.mark.parametrize("shape", [(3, 2, 4, 4), (2, 3, 4, 4), (2, 2)])
def test_bilinear_refuses_other_shapes(shape):
    message = f"shape must be (C, C/groups, K_h, K_w), with as many outputs as inputs, got {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        init.bilinear(shape)
    with pytest.raises(ValueError, match=r"shape\[2\] must be at least 1, got 0"):
        init.bilinear((2, 2, 0, 2))
    with pytest.raises(TypeError, match="dtype must be float32 or float64"):
        init.bilinear((2, 2, 2, 2), dtype=int)


SWAPPED = np.dtype(np.float64).newbyteorder()
NO_FLOATS = [int, bool, object, np.float16, np.complex64, SWAPPED, None, "abc", 3]


@pytest.mark.parametrize("name", INITIALISERS)
@pytest.mark.parametrize("dtype", NO_FLOATS, ids=repr)
def test_only_two_types_are_drawn(name, dtype):
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="dtype must be float32 or float64, got " + re.escape(repr(dtype))):
        getattr(init, name)(LINEAR, rng=rng, dtype=dtype)
    assert rng.random() == np.random.default_rng(0).random()  # a refused call draws nothing


@pytest.mark.parametrize("dtype", [float, "float64", "d", np.dtype(np.float64)])
def test_a_type_may_be_written_in_every_way_of_numpy(dtype):
    assert init.float_dtype(dtype) == np.float64
