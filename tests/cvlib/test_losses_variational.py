"""The closed form of the VAE's divergence against JAX, its definition, and the integral itself."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from scipy import integrate, stats
from strategies import normal

from byhand import definitions
from cvlib import losses

PAIR = losses.gaussian_kl, losses.gaussian_kl_backward
DEFINED = definitions.gaussian_kl, definitions.gaussian_kl_backward


@settings(max_examples=30, deadline=None)
@given(
    shape=st.sampled_from([(1, 1), (3, 2), (2, 5), (2, 2, 1, 3)]),
    scale=st.floats(0.01, 3),
    seed=st.integers(0, 99),
)
def test_agrees(shape, scale, seed):
    def oracle(mean, log_var):
        return -jnp.sum(1 + log_var - jnp.square(mean) - jnp.exp(log_var)) / 2 / shape[0]

    check_loss(
        *PAIR, oracle, [scale * normal(*shape, seed=s) for s in (seed, seed + 100)], definition=DEFINED
    )


@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (1.5, 1.0), (0.0, 0.5), (-0.7, 2.0)])
def test_is_the_integral(mean, sigma):
    def integrand(z):
        return stats.norm.pdf(z, mean, sigma) * (stats.norm.logpdf(z, mean, sigma) - stats.norm.logpdf(z))

    expected, _ = integrate.quad(integrand, mean - 12 * sigma, mean + 12 * sigma)
    assert losses.gaussian_kl([[mean]], [[2 * math.log(sigma)]]) == pytest.approx(expected, abs=1e-9)


def test_by_hand():
    """Mean 2: 4/2. Variance e^2: (e^2 - 1 - 2)/2. Summed over the code, averaged over two examples."""
    value = losses.gaussian_kl([[2.0, 0.0], [0.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]])
    assert value == pytest.approx((2 + (math.e**2 - 3) / 2) / 2, rel=1e-15)
    dmean, dlog_var = losses.gaussian_kl_backward([[2.0, 0.0], [0.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]], 4.0)
    np.testing.assert_allclose(dmean, [[4, 0], [0, 0]])
    np.testing.assert_allclose(dlog_var, [[0, math.e**2 - 1], [0, 0]])


def test_is_zero_only_at_the_prior_and_keeps_its_digits_there():
    assert losses.gaussian_kl(np.zeros((3, 2)), np.zeros((3, 2))) == 0
    assert losses.gaussian_kl([[0.0]], [[1e-7]]) == pytest.approx(1e-14 / 4, rel=1e-6, abs=0)
    _, dlog_var = losses.gaussian_kl_backward([[0.0]], [[1e-12]])
    assert dlog_var[0, 0] == pytest.approx(5e-13, rel=1e-12, abs=0)


def test_a_variance_out_of_range_is_infinitely_far_away():
    for log_var in (1000.0, -math.inf):
        assert losses.gaussian_kl([[0.0]], [[log_var]]) == math.inf
    _, dlog_var = losses.gaussian_kl_backward([[0.0, 0.0]], [[1000.0, -math.inf]])
    np.testing.assert_array_equal(dlog_var, [[math.inf, -0.5]])
    assert math.isnan(losses.gaussian_kl([[math.nan]], [[0.0]]))


def test_the_wider_type_wins():
    gradients = losses.gaussian_kl_backward(np.ones((2, 3), np.float32), np.ones((2, 3)))
    assert [g.dtype for g in gradients] == [np.float64, np.float64]


@pytest.mark.parametrize(
    ("mean", "log_var", "error", "message"),
    [
        ([1.0, 2.0], [1.0, 2.0], ValueError, r"^mean must .* at least 2 axes \(N, D\), got shape \(2,\)"),
        ([[1.0, 2.0]], [[1.0]], ValueError, "^log_var must have"),
        ([["a"]], [[1.0]], TypeError, "^mean.* must "),
    ],
)
def test_refusals(mean, log_var, error, message):
    for function in (*PAIR, *DEFINED):
        with pytest.raises(error, match=message):
            function(mean, log_var)


def test_refuses_an_empty_batch():
    for function in PAIR:
        with pytest.raises(ValueError, match=r"^mean must hold at least one number, got shape \(0, 2\)"):
            function(np.zeros((0, 2)), np.zeros((0, 2)))
