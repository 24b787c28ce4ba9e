"""The two players' losses against JAX and their definitions; the theorems of the paper; saturation."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_loss
from scipy import special
from strategies import normal

from byhand import definitions
from cvlib import losses

DISCRIMINATOR = losses.discriminator_loss, losses.discriminator_loss_backward
GENERATOR = losses.generator_loss, losses.generator_loss_backward
DEFINED_DISCRIMINATOR = definitions.discriminator_loss, definitions.discriminator_loss_backward
DEFINED_GENERATOR = definitions.generator_loss, definitions.generator_loss_backward
KINDS = ["non-saturating", "minimax"]
shapes = st.sampled_from([(1,), (6,), (4, 1), (2, 1, 2, 2)])


@settings(max_examples=30, deadline=None)
@given(real=shapes, fake=shapes, scale=st.floats(0.1, 10), seed=st.integers(0, 99))
def test_discriminator_loss_agrees(real, fake, scale, seed):
    def oracle(real, fake):
        return -jnp.mean(jnp.log(jax.nn.sigmoid(real))) - jnp.mean(jnp.log(jax.nn.sigmoid(-fake)))

    logits = [scale * normal(*real, seed=seed), scale * normal(*fake, seed=seed + 100)]
    check_loss(*DISCRIMINATOR, oracle, logits, definition=DEFINED_DISCRIMINATOR)


@settings(max_examples=30, deadline=None)
@given(shape=shapes, kind=st.sampled_from(KINDS), scale=st.floats(0.1, 10), seed=st.integers(0, 99))
def test_generator_loss_agrees(shape, kind, scale, seed):
    def oracle(fake):
        if kind == "minimax":
            return jnp.mean(jax.nn.log_sigmoid(-fake))
        return jnp.mean(jnp.logaddexp(0, -fake))

    check_loss(
        *GENERATOR, oracle, [scale * normal(*shape, seed=seed)], definition=DEFINED_GENERATOR, kind=kind
    )


# What the paper proves


def played_by_the_best(p, q, samples):
    """Logits of D* on samples of p and of q, in exactly the shares that p and q say."""
    logits = special.logit(losses.optimal_discriminator(p, q))
    return [np.repeat(logits, np.rint(samples * shares).astype(int)) for shares in (p, q)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6).filter(
        lambda pairs: all(map(sum, zip(*pairs, strict=True)))
    )
)
def test_theorem_1_the_value_of_the_game_is_the_jensen_shannon_divergence(counts):
    """V(D*, G) = 2 JSD - log 4, on distributions over a few places with rational shares."""
    a, b = np.array(counts, float).T
    p, q = a / a.sum(), b / b.sum()
    real, fake = played_by_the_best(p, q, a.sum() * b.sum())
    keep_finite = [
        np.clip(logits, -800, 800) for logits in (real, fake)
    ]  # logit 1 = inf: as certain as can be
    value = -losses.discriminator_loss(*keep_finite)
    assert value == pytest.approx(2 * losses.jensen_shannon_divergence(p, q) - math.log(4), abs=1e-12)


def test_proposition_1_nobody_plays_better_than_the_optimal_discriminator():
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    real, fake = played_by_the_best(p, q, 4)
    best = losses.discriminator_loss(real, fake)
    dreal, dfake = losses.discriminator_loss_backward(real, fake)
    at_each_place = np.add.reduceat(dreal, [0, 2, 3]) + np.add.reduceat(dfake, [0, 1, 2])
    np.testing.assert_allclose(at_each_place, 0, atol=1e-15)
    rng = np.random.default_rng(0)
    for _ in range(20):
        others = special.logit(losses.optimal_discriminator(p, q)) + rng.normal(0, 0.5, 3)
        assert losses.discriminator_loss(np.repeat(others, [2, 1, 1]), np.repeat(others, [1, 1, 2])) > best


def test_who_cannot_tell_pays_log_4():
    assert losses.discriminator_loss(np.zeros(3), np.zeros((5, 1))) == pytest.approx(math.log(4), rel=1e-15)
    np.testing.assert_array_equal(losses.optimal_discriminator([0.2, 3.0], [0.2, 3.0]), [0.5, 0.5])


def test_the_minimax_loss_is_the_discriminators_with_the_opposite_sign():
    real, fake = normal(5), normal(7)
    total = losses.discriminator_loss(real, fake) + losses.generator_loss(fake, kind="minimax")
    assert total == pytest.approx(-np.mean(special.log_expit(real)), rel=1e-14)
    _, dfake = losses.discriminator_loss_backward(real, fake)
    np.testing.assert_array_equal(losses.generator_loss_backward(fake, kind="minimax"), -dfake)


def test_saturation():
    """Where the discriminator sees through the fake, minimax is flat and the other is steepest."""
    gradients = {kind: losses.generator_loss_backward([-20.0, 0.0, 20.0], 3.0, kind=kind) for kind in KINDS}
    np.testing.assert_allclose(gradients["non-saturating"], [-1, -0.5, 0], atol=1e-8)
    np.testing.assert_allclose(gradients["minimax"], [0, -0.5, -1], atol=1e-8)


# Numbers by hand


def test_odds_by_hand():
    """D = 3/4 on the real one and 1/4 on the fake: 2 log 4/3."""
    assert losses.discriminator_loss([math.log(3)], [-math.log(3)]) == pytest.approx(2 * math.log(4 / 3))
    dreal, dfake = losses.discriminator_loss_backward([math.log(3)], [-math.log(3)], 2.0)
    np.testing.assert_allclose([dreal, dfake], [[-0.5], [0.5]])
    assert losses.generator_loss([-math.log(3)]) == pytest.approx(math.log(4))
    assert losses.generator_loss([-math.log(3)], kind="minimax") == pytest.approx(math.log(3 / 4))


@pytest.mark.parametrize("size", [1e3, 1e30, 1e300])
def test_stable_for_logits_of_any_size(size):
    assert losses.discriminator_loss([size], [-size]) == 0
    assert losses.discriminator_loss([-size], [size]) == 2 * size
    assert losses.generator_loss([-size]) == size
    assert losses.generator_loss([size], kind="minimax") == -size
    np.testing.assert_array_equal(losses.generator_loss_backward([-size, size]), [-0.5, 0])


def test_nan_flows_through():
    assert math.isnan(losses.discriminator_loss([math.nan], [0.0]))
    assert math.isnan(losses.generator_loss([math.nan]))
    assert np.isnan(losses.generator_loss_backward([math.nan])).all()


def test_the_optimal_discriminator():
    p, q = [0.75, 0.25, 0.0, 0.0, 1e308], [0.25, 0.25, 2.0, 0.0, 1e307]
    expected = [0.75, 0.5, 0, 0.5, 10 / 11]
    np.testing.assert_allclose(losses.optimal_discriminator(p, q), expected)
    np.testing.assert_allclose(np.array(definitions.optimal_discriminator(p, q), float), expected)
    assert losses.optimal_discriminator(np.float32(p[:4]), np.float32(q[:4])).dtype == np.float32
    assert losses.optimal_discriminator(np.float32(p[:4]), q[:4]).dtype == np.float64


# Bad arguments


def test_refusals():
    for function in DISCRIMINATOR:
        with pytest.raises(ValueError, match=r"^real_logits must hold at least one number"):
            function([], [1.0])
        with pytest.raises(ValueError, match=r"^fake_logits must hold at least one number"):
            function([1.0], [])
    for function in (*DISCRIMINATOR, *DEFINED_DISCRIMINATOR):
        with pytest.raises(TypeError, match=r"^fake_logits"):
            function([1.0], ["a"])
    for function in (*GENERATOR, *DEFINED_GENERATOR):
        with pytest.raises(
            ValueError, match=r"^kind must be one of 'non-saturating', 'minimax', got 'wasserstein'"
        ):
            function([1.0], kind="wasserstein")
        with pytest.raises(TypeError, match=r"^fake_logits"):
            function(["a"])
    with pytest.raises(TypeError, match=r"^dloss must be a number"):
        losses.generator_loss_backward([1.0], "1")


@pytest.mark.parametrize("module", [losses, definitions])
def test_optimal_discriminator_refuses(module):
    with pytest.raises(ValueError, match=r"^p_model must have"):
        module.optimal_discriminator([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match=r"^p_model must be at least 0, got -1"):
        module.optimal_discriminator([1.0], [-1.0])
    with pytest.raises(ValueError, match=r"^p_data must be at least 0, got -1"):
        module.optimal_discriminator([-1.0], [1.0])


def test_densities_must_be_finite():
    with pytest.raises(ValueError, match=r"^p_data must be finite, got nan"):
        losses.optimal_discriminator([math.nan], [1.0])
