"""The gradient check itself: right where calculus knows the answer, and able to tell a wrong gradient."""

import math

import numpy as np
import pytest

from cvlib.gradcheck import gradient_error, numerical_gradient

X = np.random.default_rng(0).normal(0, 1, (3, 4))
A = np.random.default_rng(1).normal(0, 1, (3, 4))


def f(x):
    return np.sum(A * np.sin(x)) + x[0, 0] * x[2, 3]


def gradient_of_f(x):
    gradient = A * np.cos(x)
    gradient[0, 0] += x[2, 3]
    gradient[2, 3] += x[0, 0]
    return gradient


def test_numerical_gradient_of_a_smooth_function():
    numerical = numerical_gradient(f, X)
    assert numerical.dtype == np.float64
    np.testing.assert_allclose(numerical, gradient_of_f(X), atol=1e-8)


def test_differences_are_central():
    # for a parabola central differences are exact at any step; one-sided ones would be off by eps
    assert numerical_gradient(lambda x: float(x[0] ** 2), [3.0], eps=0.5) == pytest.approx(6.0, rel=1e-15)
    # for a cubic the error is eps^2: at 0, (h^3 + h^3) / 2h = h^2
    assert numerical_gradient(lambda x: float(x[0] ** 3), [0.0], eps=0.5) == pytest.approx(0.25)


def test_the_argument_comes_back_unchanged():
    x = X.copy()
    numerical_gradient(f, x)
    np.testing.assert_array_equal(x, X)


def test_the_step_is_divided_by_as_it_was_rounded():
    # near 1e6 a step of 1e-6 is rounded by up to 6e-11: 6e-5 of the slope if nobody looks
    assert numerical_gradient(lambda x: float(x[0]), [123456.789]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("x", [2.0, [2], [[2.0]], np.array([2], np.float32)])
def test_any_shape_and_type_of_number(x):
    numerical = numerical_gradient(lambda x: np.sum(x**3), x)
    assert numerical.shape == np.shape(x)
    assert numerical == pytest.approx(12, abs=1e-7)


def test_documented_limits():
    assert numerical_gradient(lambda x: np.abs(x).sum(), [0.0]) == 0
    assert numerical_gradient(lambda x: np.maximum(x, 0).sum(), [0.0]) == 0.5

    def in_float32(x):
        return float(np.float32(f(x)))

    assert gradient_error(gradient_of_f(X), numerical_gradient(in_float32, X)) > 1e-2
    assert gradient_error(gradient_of_f(X), numerical_gradient(in_float32, X, eps=1e-2)) < 1e-2


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g: -g,
        lambda g: g / g.size,
        lambda g: g.T.reshape(g.shape),
        lambda g: g * (np.arange(12).reshape(3, 4) != 7),
        lambda g: g + 1e-4 * np.abs(g).max() * (np.arange(12).reshape(3, 4) == 5),
    ],
    ids=["sign", "missing 1/N", "transposed", "an entry forgotten", "an entry slightly off"],
)
def test_a_wrong_gradient_is_told_from_a_right_one(wrong):
    numerical = numerical_gradient(f, X)
    assert gradient_error(gradient_of_f(X), numerical) < 1e-6
    assert gradient_error(wrong(gradient_of_f(X)), numerical) > 1e-5


def test_gradient_error_by_hand():
    assert gradient_error([1.0, 2.0], [1.0, 2.5]) == 0.2
    assert gradient_error([1.0, 2.5], [1.0, 2.0]) == 0.2
    assert gradient_error([1.0, -1.0], [1.0, 1.0]) == 2
    assert gradient_error([0.0, 0.0], [0.0, 0.0]) == 0
    assert gradient_error([0.0], [1e-9]) == pytest.approx(1e-6)
    assert gradient_error([0.0], [1e-9], floor=1e-9) == 1
    assert math.isnan(gradient_error([math.nan, 1.0], [1.0, 1.0]))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"f must return one number, got an array of shape \(3, 4\)"):
        numerical_gradient(lambda x: x, X)
    with pytest.raises(TypeError, match="f must be a function of an array, got float"):
        numerical_gradient(3.0, X)
    with pytest.raises(TypeError, match=r"f\(x\) must hold real numbers"):
        numerical_gradient(lambda x: None, X)
    for eps in (0, -1e-6, math.nan, "small"):
        with pytest.raises(ValueError, match="eps must be a number above 0"):
            numerical_gradient(f, X, eps=eps)
    with pytest.raises(ValueError, match=r"numerical must have shape \(2,\), got \(1, 2\)"):
        gradient_error([1.0, 2.0], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="gradient must hold at least one number"):
        gradient_error([], [])
    with pytest.raises(ValueError, match="floor must be above 0"):
        gradient_error([1.0], [1.0], floor=0)
