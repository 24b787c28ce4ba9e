"""The reparameterisation trick against JAX, its definition and central differences; its mean and spread."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_operation
from strategies import normal

from byhand import definitions
from cvlib import ops

PAIR = ops.reparameterise, ops.reparameterise_backward
DEFINED = definitions.reparameterise, definitions.reparameterise_backward


@settings(max_examples=30, deadline=None)
@given(
    shape=st.sampled_from([(1,), (3, 2), (2, 5), (2, 2, 1, 3)]),
    scale=st.floats(0.1, 3),
    seed=st.integers(0, 99),
)
def test_agrees(shape, scale, seed):
    def oracle(mean, log_var, noise):
        return mean + jnp.sqrt(jnp.exp(log_var)) * noise

    arrays = [
        normal(*shape, seed=seed),
        scale * normal(*shape, seed=seed + 100),
        normal(*shape, seed=seed + 200),
    ]
    check_operation(*PAIR, oracle, arrays, definition=DEFINED, differentiate=(0, 1))


def test_by_hand():
    """Mean 3, variance 4, noise 1.5: 3 + 2 x 1.5. An upstream 10 gives 10 and 10 x 2 x 1.5 / 2."""
    arguments = [3.0], [math.log(4)], [1.5]
    np.testing.assert_allclose(ops.reparameterise(*arguments), [6], rtol=1e-15)
    np.testing.assert_allclose(ops.reparameterise_backward([10.0], *arguments), [[10], [15]], rtol=1e-15)


def test_draws_have_the_mean_and_the_variance():
    noise = np.random.default_rng(0).standard_normal(100_000)
    z = ops.reparameterise(np.full_like(noise, 2), np.full_like(noise, math.log(9)), noise)
    assert z.mean() == pytest.approx(2, abs=0.03)
    assert z.var() == pytest.approx(9, rel=0.01)


def test_empty_batches_and_single_numbers():
    empty = np.zeros((0, 2))
    assert ops.reparameterise(empty, empty, empty).shape == (0, 2)
    assert [d.shape for d in ops.reparameterise_backward(empty, empty, empty, empty)] == [(0, 2)] * 2
    assert ops.reparameterise(1.0, 0.0, 2.0) == 3


def test_the_wider_type_wins():
    one, wide = np.ones(2, np.float32), np.ones(2)
    assert ops.reparameterise(one, one, wide).dtype == np.float64
    assert [d.dtype for d in ops.reparameterise_backward(one, one, wide, one)] == [np.float64, np.float64]


def test_nan_flows_through():
    np.testing.assert_array_equal(
        ops.reparameterise([math.nan, 0.0], [0.0, -math.inf], [0.0, 1.0]), [math.nan, 0]
    )


@pytest.mark.parametrize("name", ["log_var", "noise"])
def test_refusals(name):
    good = {"mean": [1.0, 2.0], "log_var": [1.0, 2.0], "noise": [1.0, 2.0]}
    for wrong in ([1.0], [[1.0, 2.0]]):
        for forward, backward in (PAIR, DEFINED):
            with pytest.raises(ValueError, match=rf"^{name} must have "):
                forward(**(good | {name: wrong}))
            with pytest.raises(ValueError, match=rf"^{name} must have "):
                backward([1.0, 2.0], **(good | {name: wrong}))
    for _, backward in (PAIR, DEFINED):
        with pytest.raises(ValueError, match=r"^dy must have "):
            backward([1.0], **good)
    with pytest.raises(TypeError, match=f"^{name} must hold real numbers"):
        ops.reparameterise(**(good | {name: ["a", "b"]}))
