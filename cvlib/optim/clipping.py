"""Clipping: gradients that explode are cut down to a size that a step can take.

The functions return new arrays in a new dictionary; the gradients that they are given stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cvlib.ops._arrays import as_float
from cvlib.optim.optimiser import positive


def global_norm(gradients: Mapping[str, ArrayLike]) -> float:
    r"""Return the length of all gradients together, as if they were one long vector.

    .. math:: \lVert g \rVert = \sqrt{\textstyle\sum_k \sum_i g_{k,i}^2}

    Summed in float64: squares of float32 gradients that explode or vanish leave the range of float32.

    Parameters
    ----------
    gradients : mapping of str to array_like
        dL/dp under the name of each parameter p.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If the gradients are no mapping, or one does not hold real numbers.

    Examples
    --------
    >>> global_norm({"w": [[3.0, 0.0]], "b": [4.0]})
    5.0
    """
    return math.hypot(*norms(gradients).values())


def norms(gradients: Mapping[str, ArrayLike]) -> dict[str, float]:
    """Return the length of each gradient on its own.

    Examples
    --------
    >>> norms({"w": [[3.0, 4.0]], "b": [2.0]})
    {'w': 5.0, 'b': 2.0}
    """
    exact = {name: g.astype(np.float64, copy=False).ravel() for name, g in _arrays(gradients).items()}
    return {name: math.sqrt(np.dot(g, g)) for name, g in exact.items()}


def clip_by_global_norm(gradients: Mapping[str, ArrayLike], max_norm: float) -> dict[str, np.ndarray]:
    r"""Return the gradients, scaled down together if they are longer than ``max_norm``.

    .. math:: g \leftarrow g\, \min\!\left(1, \frac{c}{\lVert g \rVert}\right)

    The direction stays. Gradients with NaN or infinity come back as they are: no factor would mend them, and
    a diverged training run should be seen.

    Parameters
    ----------
    gradients : mapping of str to array_like
        dL/dp under the name of each parameter p.
    max_norm : float
        Largest length c of all gradients together, above 0.

    Returns
    -------
    dict of str to ndarray
        New arrays.

    Raises
    ------
    TypeError
        If the gradients are no mapping, one does not hold real numbers, or ``max_norm`` is no number.
    ValueError
        If ``max_norm`` is not above 0.

    References
    ----------
    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013,
    algorithm 1.

    Examples
    --------
    >>> clip_by_global_norm({"w": [30.0], "b": [40.0]}, max_norm=5.0)
    {'w': array([3.]), 'b': array([4.])}
    """
    max_norm = positive("max_norm", max_norm)
    norm = global_norm(gradients)
    factor = max_norm / norm if max_norm < norm < math.inf else 1.0
    return {name: np.asarray(g * factor, order="C") for name, g in _arrays(gradients).items()}


def clip_by_value(gradients: Mapping[str, ArrayLike], clip_value: float) -> dict[str, np.ndarray]:
    r"""Return the gradients with every entry cut to [-clip_value, clip_value].

    .. math:: g_i \leftarrow \min(\max(g_i, -c), c)

    Unlike :func:`clip_by_global_norm` this turns the direction. NaN stays NaN.

    Parameters
    ----------
    gradients : mapping of str to array_like
        dL/dp under the name of each parameter p.
    clip_value : float
        Largest size c of an entry, above 0.

    Returns
    -------
    dict of str to ndarray
        New arrays.

    Raises
    ------
    TypeError
        If the gradients are no mapping, one does not hold real numbers, or ``clip_value`` is no number.
    ValueError
        If ``clip_value`` is not above 0.

    Examples
    --------
    >>> clip_by_value({"w": [-30.0, 2.0, 7.0]}, clip_value=5.0)
    {'w': array([-5.,  2.,  5.])}
    """
    clip_value = positive("clip_value", clip_value)
    return {
        name: np.asarray(g.clip(-clip_value, clip_value), order="C") for name, g in _arrays(gradients).items()
    }


def _arrays(gradients: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    if not isinstance(gradients, Mapping):
        raise TypeError(f"gradients must map names to arrays, got {type(gradients).__name__}")
    return {name: as_float(f"gradient {name!r}", g) for name, g in gradients.items()}
