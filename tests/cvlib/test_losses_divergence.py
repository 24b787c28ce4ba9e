"""The Jensen-Shannon divergence. The Kullback-Leibler divergence is in test_losses.py."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from scipy.spatial.distance import jensenshannon

from byhand import definitions
from cvlib import losses

PAIR = losses.jensen_shannon_divergence, losses.jensen_shannon_divergence_backward
DEFINED = definitions.jensen_shannon_divergence, definitions.jensen_shannon_divergence_backward


def distributions(*shape, seed=0):
    rng = np.random.default_rng([seed, *shape])
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1]), rng.dirichlet(np.ones(shape[-1]), shape[:-1])


@pytest.mark.parametrize("shape", [(1,), (4,), (3, 4), (2, 3, 2)])
@pytest.mark.parametrize("base", [None, 2])
def test_agrees(shape, base):
    p, q = distributions(*shape)

    def oracle(p, q):
        m = (p + q) / 2
        sums = jnp.sum(p * jnp.log(p / m) + q * jnp.log(q / m), axis=-1)
        return jnp.mean(sums) / 2 / math.log(base or math.e)

    # central differences leave the simplex: what is a distribution no longer is refused
    check_loss(*PAIR, oracle, [p, q], definition=DEFINED, central=False, base=base)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([(1,), (2,), (6,), (3, 4)]), st.integers(0, 10**6))
def test_matches_scipy_and_is_symmetric_and_at_most_one_bit(shape, seed):
    p, q = distributions(*shape, seed=seed)
    value = losses.jensen_shannon_divergence(p, q, base=2)
    assert value == pytest.approx(np.mean(jensenshannon(p, q, base=2, axis=-1) ** 2), abs=1e-14)
    assert value == losses.jensen_shannon_divergence(q, p, base=2)
    assert -1e-15 <= value <= 1
    np.testing.assert_allclose(value, DEFINED[0](p.tolist(), q.tolist(), base=2), atol=1e-14)


def test_gradient_along_the_simplex():
    """A step that keeps both sums: the change of the divergence is the gradient times the step."""
    p, q = distributions(3, 5)
    rng, eps = np.random.default_rng(0), 1e-6
    dp, dq = losses.jensen_shannon_divergence_backward(p, q)
    for _ in range(5):
        u, v = (step - step.mean(axis=1, keepdims=True) for step in rng.normal(size=(2, 3, 5)) * p.min())
        ends = [losses.jensen_shannon_divergence(p + s * eps * u, q + s * eps * v) for s in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * eps) == pytest.approx(np.sum(dp * u + dq * v), rel=1e-6)


def test_by_hand():
    """p = (1, 0) and q = (1/2, 1/2): m = (3/4, 1/4), and the divergence is log 4/3 / 2 + (log 2/3 + log 2) / 4."""
    expected = math.log(4 / 3) / 2 + math.log(4 / 3) / 4
    assert losses.jensen_shannon_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(expected, rel=1e-14)
    dp, dq = losses.jensen_shannon_divergence_backward([1.0, 0.0], [0.5, 0.5])
    np.testing.assert_allclose(dp, [math.log(4 / 3) / 2, -math.inf])
    np.testing.assert_allclose(dq, [math.log(2 / 3) / 2, math.log(2) / 2])


def test_at_the_edges():
    for divergence in (PAIR[0], DEFINED[0]):
        assert divergence([1.0, 0.0], [0.0, 1.0], base=2) == 1
        assert divergence([1.0, 0.0, 0.0], [1.0, 0.0, 0.0]) == 0
    for backward in (PAIR[1], DEFINED[1]):
        dp, dq = backward([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], 2.0, base=2)
        np.testing.assert_allclose(dp, [1, -math.inf, 0])
        np.testing.assert_allclose(dq, [-math.inf, 1, 0])
    tiny = [5e-324, 1.0]
    assert losses.jensen_shannon_divergence(tiny, [0.0, 1.0]) == 0


def test_refusals():
    for function in PAIR:
        with pytest.raises(ValueError, match=r"^every row of q must sum to 1"):
            function([0.5, 0.5], [0.5, 0.6])
        with pytest.raises(ValueError, match=r"^q must have shape \(2,\)"):
            function([0.5, 0.5], [1.0])
        with pytest.raises(ValueError, match=r"^base must be a finite number above 1"):
            function([0.5, 0.5], [0.5, 0.5], base=1)
