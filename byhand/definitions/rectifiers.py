"""Rectifiers, element by element: exact in exact numbers."""

from __future__ import annotations

from typing import Any

from byhand._nested import Nested, Number, Vector, each, flat, indices, same_shape, shape, zero_of, zeros


def relu(x: Nested) -> Any:
    """Return max(0, x) of every entry.

    Examples
    --------
    >>> relu([-2, 0, 3])
    [0, 0, 3]
    """
    shape("x", x)
    return each(lambda x: x if x > 0 else zero_of(x), x)


def relu_backward(dy: Nested, x: Nested) -> Any:
    """Return dx of :func:`relu`: dy where x > 0, and 0 elsewhere (at the kink too).

    Examples
    --------
    >>> relu_backward([5, 6, 7], [-2, 0, 3])
    [0, 0, 7]
    """
    same_shape("dy", dy, shape("x", x), "x")
    return each(lambda dy, x: dy if x > 0 else zero_of(dy), dy, x)


def leaky_relu(x: Nested, *, negative_slope: Number = 0.01) -> Any:
    """Return x where x > 0, and negative_slope x elsewhere.

    Examples
    --------
    >>> from fractions import Fraction
    >>> leaky_relu([-2, 0, 3], negative_slope=Fraction(1, 10))
    [Fraction(-1, 5), Fraction(0, 1), 3]
    """
    shape("x", x)
    same_shape("negative_slope", negative_slope, (), "a single number")
    return each(lambda x: x if x > 0 else negative_slope * x, x)


def leaky_relu_backward(dy: Nested, x: Nested, *, negative_slope: Number = 0.01) -> Any:
    """Return dx of :func:`leaky_relu`: dy where x > 0, and negative_slope dy elsewhere (at the kink too).

    Examples
    --------
    >>> leaky_relu_backward([5, 6, 7], [-2, 0, 3], negative_slope=0.5)
    [2.5, 3.0, 7]
    """
    same_shape("dy", dy, shape("x", x), "x")
    same_shape("negative_slope", negative_slope, (), "a single number")
    return each(lambda dy, x: dy if x > 0 else negative_slope * dy, dy, x)


def prelu(x: Nested, a: Vector) -> Any:
    r"""Return the leaky ReLU of every channel with a slope of its own: x where x > 0, and a_c x elsewhere.

    Parameters
    ----------
    x : nested lists (N, C, ...)
        With a single slope, of any shape.
    a : list (1,) or (C,)
        One slope for all, or one for each channel.

    Examples
    --------
    >>> prelu([[-2, -2, 3]], [5, 10, 0])
    [[-10, -20, 3]]
    """
    _check_slopes(x, a)
    if len(a) == 1:
        return leaky_relu(x, negative_slope=a[0])
    return [[leaky_relu(part, negative_slope=slope) for part, slope in zip(row, a, strict=True)] for row in x]


def prelu_backward(dy: Nested, x: Nested, a: Vector) -> tuple[Any, list[Number]]:
    """Return (dx, da) of :func:`prelu`: each negative entry adds dy x to the gradient of its slope.

    Examples
    --------
    >>> prelu_backward([[1, 1, 1], [1, 1, 1]], [[-2, -2, 3], [-5, 1, 1]], [5, 10, 0])
    ([[5, 10, 1], [5, 1, 1]], [-7, -2, 0])
    """
    _check_slopes(x, a)
    same_shape("dy", dy, shape("x", x), "x")
    da = zeros((len(a),), zero_of(dy, x, a))
    if len(a) == 1:
        da[0] += _share(dy, x)
        return leaky_relu_backward(dy, x, negative_slope=a[0]), da
    dx = zeros((len(x), len(a)))
    for n, c in indices(len(x), len(a)):
        # y[n][c] = leaky_relu(x[n][c], a[c])
        dx[n][c] = leaky_relu_backward(dy[n][c], x[n][c], negative_slope=a[c])
        da[c] += _share(dy[n][c], x[n][c])
    return dx, da


def _share(dy: Nested, x: Nested) -> Number:
    """Return what these entries give to the gradient of their slope: y = a x where x <= 0."""
    return sum(dy * x for dy, x in zip(flat(dy), flat(x), strict=True) if x <= 0)


def _check_slopes(x: Nested, a: Vector) -> None:
    """Check that ``a`` is one slope, or one for each channel of ``x``."""
    sizes, (count,) = shape("x", x), shape("a", a, "C")
    channels = sizes[1] if len(sizes) > 1 else 1
    if count not in (1, channels):
        raise ValueError(f"a must have one slope, or one for each of {channels} channels, got {count}")
