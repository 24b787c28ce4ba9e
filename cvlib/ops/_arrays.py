"""What enters an operation: checks of arrays at the public boundary, shared by all operations and losses.

Two rules about numbers hold everywhere:

* *Precision.* float32 stays float32 and float64 stays float64; float16 is computed in float32; integers and
  Booleans become float64. Arrays that meet in one operation share the wider type.
* *NaN.* Operations let NaN and infinity flow through, as NumPy does, in inputs and weights alike: a diverged
  training run should be seen in its results, and looking at every number first would cost as much as a ReLU.
  Only where NaN has no meaning (labels, probabilities, targets) does the loss ask for :func:`finite`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

_KEPT = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
_LAYOUTS = {1: "(N,)", 2: "(N, D)", 3: "(C, H, W)", 4: "(N, C, H, W)"}


def as_float(name: str, x: ArrayLike, *, ndim: int | None = None, layout: str | None = None) -> np.ndarray:
    """Return ``x`` as a float32 or float64 array of ``ndim`` axes, without a copy where it is one already.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    x : array_like
        Numbers: an array, a scalar or nested lists.
    ndim : int, optional
        Expected number of axes; any number if not given.
    layout : str, optional
        The expected axes in letters, for the message; by default the usual one for ``ndim``.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers: strings, objects, complex numbers, lists of unequal lengths.
    ValueError
        If ``x`` has another number of axes.

    Examples
    --------
    >>> as_float("x", [1, 2]).dtype
    dtype('float64')
    >>> as_float("w", [1, 2], ndim=4)
    Traceback (most recent call last):
        ...
    ValueError: w must have 4 axes (N, C, H, W), got shape (2,)
    """
    if type(x) is not np.ndarray or x.dtype not in _KEPT:
        x = _converted(name, x)
    if ndim is not None and x.ndim != ndim:
        axes = "1 axis" if ndim == 1 else f"{ndim} axes"
        raise ValueError(f"{name} must have {axes} {layout or _LAYOUTS.get(ndim, '')}, got shape {x.shape}")
    return x


def _converted(name: str, x: ArrayLike) -> np.ndarray:
    """Return ``x`` as a float array, or say why it is not a rectangle of real numbers."""
    try:
        array = np.asarray(x)
    except ValueError:  # NumPy's word for lists of unequal lengths
        raise TypeError(f"{name} must be a rectangle of numbers, got lists of unequal lengths") from None
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must hold real numbers, got {type(x).__name__} of dtype {array.dtype}")
    narrow = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    return array.astype(np.float32 if narrow else np.float64, copy=False)


def same_shape(name: str, x: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Return ``x`` as a float array if it has exactly ``shape``: what an upstream gradient must have.

    Examples
    --------
    >>> same_shape("dy", [1.0, 2.0], (3,))
    Traceback (most recent call last):
        ...
    ValueError: dy must have shape (3,), got (2,)
    """
    x = as_float(name, x)
    if x.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {x.shape}")
    return x


def finite(name: str, x: np.ndarray) -> np.ndarray:
    """Return ``x`` if it holds neither NaN nor infinity: for labels, probabilities and targets.

    Examples
    --------
    >>> finite("target", np.array([0.5, np.nan]))
    Traceback (most recent call last):
        ...
    ValueError: target must be finite, got nan at index (1,)
    """
    fine = np.isfinite(x)
    if not fine.all():
        index = tuple(map(int, np.argwhere(~fine)[0]))
        raise ValueError(f"{name} must be finite, got {x[index]} at index {index}")
    return x


def common_float(*arrays: np.ndarray | None) -> tuple[np.ndarray | None, ...]:
    """Return float arrays in the widest type among them; None, for an absent bias, stays None.

    Examples
    --------
    >>> x, w, b = common_float(np.ones(2, np.float32), np.ones(2), None)
    >>> x.dtype, b
    (dtype('float64'), None)
    """
    dtypes = {array.dtype for array in arrays if array is not None}
    if len(dtypes) == 1:
        return arrays
    return tuple(None if array is None else array.astype(np.float64, copy=False) for array in arrays)


def indices_below(limit: int, name: str, x: ArrayLike) -> np.ndarray:
    """Return ``x`` as an array of indices if all are whole numbers in 0 ... limit - 1: classes, words, rows.

    Examples
    --------
    >>> indices_below(3, "labels", [0, 2, 3])
    Traceback (most recent call last):
        ...
    ValueError: labels must lie in 0 ... 2, got 3 at index (2,)
    """
    try:
        x = np.asarray(x)
    except ValueError:  # NumPy's word for lists of unequal lengths
        raise TypeError(f"{name} must be a rectangle of integers, got lists of unequal lengths") from None
    if x.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got an array of {x.dtype}")
    wrong = (x < 0) | (x >= limit)
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"{name} must lie in 0 ... {limit - 1}, got {x[index]} at index {index}")
    return x.astype(np.intp, copy=False)
