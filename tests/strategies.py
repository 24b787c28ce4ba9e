"""Shapes drawn by Hypothesis: the corners where operations with windows go wrong."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

PAIRS_OF_ONE = (1, 1)


class Case(NamedTuple):
    """Arguments of one call: the arrays and the keyword options."""

    arrays: list[np.ndarray | None]
    options: dict[str, object]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Return standard normal numbers in float64."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    """Return pairs (height, width), not square more often than square."""
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def linear_cases(draw: st.DrawFn) -> Case:
    """Rows with any number of leading axes, with and without bias."""
    lead = draw(st.lists(st.integers(1, 4), max_size=3))
    features, outputs, seed = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(0, 99))
    b = normal(outputs, seed=seed) if draw(st.booleans()) else None
    return Case([normal(*lead, features, seed=seed), normal(outputs, features, seed=seed), b], {})


@st.composite
def conv_cases(draw: st.DrawFn) -> Case:
    """Convolutions: strides that leave a rest, even and 1x1 kernels, more padding than needed, dilation, groups."""
    groups = draw(st.integers(1, 3))
    c_in, c_out = (groups * draw(st.integers(1, 5)) for _ in range(2))
    kernel, dilation = draw(pairs(1, 4)), draw(st.just(PAIRS_OF_ONE) | pairs(1, 3))
    stride = draw(st.just(PAIRS_OF_ONE) | pairs(1, 3))
    padding = draw(pairs(0, 4))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [max(1, s - 2 * p) + draw(st.integers(0, 5)) for s, p in zip(spans, padding, strict=True)]
    seed = draw(st.integers(0, 99))
    x, w = (
        normal(draw(st.integers(1, 3)), c_in, *size, seed=seed),
        normal(c_out, c_in // groups, *kernel, seed=seed),
    )
    b = normal(c_out, seed=seed) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return Case([x, w, b], options)


@st.composite
def pool_cases(draw: st.DrawFn, *, ties: bool) -> Case:
    """Poolings, overlapping or with holes between the windows; with ``ties``, of a few small integers."""
    kernel, stride = draw(pairs(1, 4)), draw(st.none() | pairs(1, 5))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = [max(1, k - 2 * p) + draw(st.integers(0, 5)) for k, p in zip(kernel, padding, strict=True)]
    x = normal(draw(st.integers(1, 3)), draw(st.integers(1, 3)), *size, seed=draw(st.integers(0, 99)))
    options = {"kernel_size": kernel, "stride": stride, "padding": padding}
    return Case([np.round(x) if ties else x], options)
