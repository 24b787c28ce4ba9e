"""Dropout: numbers set to zero at random while learning, with the randomness in plain sight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import integer, number
from cvlib.ops._arrays import as_float
from cvlib.ops._elementwise import as_input, kept, upstream

__all__ = ["dropout", "dropout_backward", "dropout_mask"]


def dropout(x: ArrayLike, mask: ArrayLike, *, p: float = 0.5) -> np.ndarray:
    r"""Return ``x`` with the numbers outside the mask set to 0, and the survivors scaled up.

    .. math:: y = \frac{m\,x}{1 - p}, \qquad \Pr[m = 1] = 1 - p

    The scale keeps the expected value: E[y] = x. So nothing is left to do at test time.

    Parameters
    ----------
    x : array_like
        Activations of any shape.
    mask : array_like of bool, shape of ``x``
        True (or 1) where a number is kept; :func:`dropout_mask` draws one.
    p : float
        The probability of being dropped that the mask was drawn with, from 0 to 1. With 1 nothing survives, so y = 0.

    Returns
    -------
    ndarray
        Shape of ``x``. A dropped number is 0.0, even an infinite or NaN one.

    Raises
    ------
    TypeError
        If ``x`` or the mask does not hold real numbers, or ``p`` is not a number.
    ValueError
        If the mask has not the shape of ``x`` or holds something else than True and False, if p is not between 0 and
        1, or if it is 1 and the mask keeps something.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent neural networks
    from overfitting", Journal of Machine Learning Research 15, 2014; section 10 has this "inverted" scaling.

    Examples
    --------
    >>> dropout([1.0, 2.0, 3.0, 4.0], [True, False, True, True], p=0.5)
    array([2., 0., 6., 8.])
    """
    x = as_input(x)
    mask, scale = _checked(mask, x.shape, p)
    return scale * kept(x, mask)


def dropout_backward(dy: ArrayLike, x: ArrayLike, mask: ArrayLike, *, p: float = 0.5) -> np.ndarray:
    r"""Return dL/dx of :func:`dropout`: the same mask and the same scale.

    .. math:: dx = \frac{m\,dy}{1 - p}

    Parameters
    ----------
    dy : array_like
        Upstream gradient dL/dy, shape of ``x``.
    x, mask : array_like
        The forward's own arguments; of ``x`` only the shape and the type matter.
    p : float
        As in the forward.

    Returns
    -------
    ndarray
        dL/dx, shape of ``x``. The mask is given, not learned, and has no gradient.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or ``p`` is not a number.
    ValueError
        As in the forward, or if ``dy`` has not the shape of ``x``.

    Examples
    --------
    >>> dropout_backward([1.0, 1.0, 1.0], [5.0, 6.0, 7.0], [True, False, True], p=0.75)
    array([4., 0., 4.])
    """
    dy, x = upstream(dy, x)
    mask, scale = _checked(mask, x.shape, p)
    return scale * kept(dy, mask)  # y = scale * x where the mask is True


def dropout_mask(shape: int | Sequence[int], *, p: float = 0.5, rng: np.random.Generator) -> np.ndarray:
    """Draw a mask for :func:`dropout`: every number is dropped with probability ``p``, independently.

    Parameters
    ----------
    shape : int or sequence of int
        Shape of the activations. A shape such as (N, C, 1, 1), broadcast to theirs, drops whole channels.
    p : float
        Probability of being dropped, from 0 to 1.
    rng : numpy.random.Generator
        Source of the numbers.

    Returns
    -------
    ndarray of bool
        True where a number is kept.

    Raises
    ------
    TypeError
        If ``shape`` does not hold integers, ``p`` is not a number, or ``rng`` is not a Generator.
    ValueError
        If p is not between 0 and 1, or a size is negative.

    Examples
    --------
    >>> mask = dropout_mask((1000, 1000), p=0.2, rng=np.random.default_rng(0))
    >>> mask.dtype, round(float(mask.mean()), 2)
    (dtype('bool'), 0.8)
    """
    sizes = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    sizes = [integer(f"shape[{axis}]", size) for axis, size in enumerate(sizes)]
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator such as np.random.default_rng(0), got {rng!r}")
    return rng.random(sizes, dtype=np.float32) >= _probability(p)  # random is in [0, 1)


def _checked(mask: ArrayLike, shape: tuple[int, ...], p: float) -> tuple[np.ndarray, float]:
    """Return the mask as Booleans, and the scale of what it keeps."""
    p = _probability(p)
    if not isinstance(mask, np.ndarray) or mask.dtype != bool:
        numbers = as_float("mask", mask)
        mask = numbers == 1
        wrong = numbers[~mask & (numbers != 0)]
        if wrong.size:
            raise ValueError(f"mask must hold True and False only, got {wrong[0]}")
    if mask.shape != shape:
        raise ValueError(f"mask must have shape {shape}, got {mask.shape}")
    if p == 1 and mask.any():
        raise ValueError(f"p = 1 drops everything, but the mask keeps {mask.sum()} numbers")
    return mask, 1 / (1 - p) if p < 1 else 0.0


def _probability(p: float) -> float:
    """Return ``p`` if it is between 0 and 1."""
    p = number("p", p)
    if not 0 <= p <= 1:
        raise ValueError(f"p must be a probability between 0 and 1, got {p}")
    return p
