"""Generative adversarial nets: whole steps against JAX, gradients by differences, modes reached and modes lost."""

import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from slopes import check_gradients, shake
from strategies import normal

from cvlib import nn
from cvlib.data import ring_of_gaussians
from cvlib.models import (
    GAN,
    GANHistory,
    digit_discriminator,
    digit_gan,
    digit_generator,
    mode_coverage,
    point_discriminator,
    point_gan,
    point_generator,
    train_gan,
)
from cvlib.optim import SGD, Adam

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)

F64 = {"dtype": np.float64}
each_kind = pytest.mark.parametrize("kind", ["non-saturating", "minimax"])


def rng(seed=0):
    return np.random.default_rng(seed)


def small(**options):
    return shake(point_gan(rng=rng(), latent_size=3, hidden_size=6, **F64, **options))


def copies(arrays):
    return {name: array.copy() for name, array in arrays.items()}


# The game, against JAX


def jax_generator(p, noise):
    h = noise
    for name in ("linear1", "linear2"):
        h = jnp.maximum(h @ p[f"{name}.weight"].T + p[f"{name}.bias"], 0)
    return h @ p["point.weight"].T + p["point.bias"]


def jax_discriminator(p, x):
    h = x
    for name in ("linear1", "linear2"):
        h = jax.nn.leaky_relu(h @ p[f"{name}.weight"].T + p[f"{name}.bias"], 0.2)
    return h @ p["score.weight"].T + p["score.bias"]


@jax.jit
@jax.value_and_grad
def jax_discriminator_loss(d, g, real, noise):
    is_real = jax.nn.sigmoid(jax_discriminator(d, real))
    fooled = jax.nn.sigmoid(jax_discriminator(d, jax_generator(g, noise)))
    return -jnp.mean(jnp.log(is_real)) - jnp.mean(jnp.log(1 - fooled))


@partial(jax.jit, static_argnames="kind")
@jax.value_and_grad
def jax_generator_loss(g, d, noise, kind):
    fooled = jax.nn.sigmoid(jax_discriminator(d, jax_generator(g, noise)))
    return jnp.mean(jnp.log(1 - fooled)) if kind == "minimax" else -jnp.mean(jnp.log(fooled))


@pytest.mark.parametrize(("kind", "discriminator_steps"), [("non-saturating", 1), ("minimax", 3)])
def test_steps_follow_algorithm_1(kind, discriminator_steps):
    """Two rounds of plain descent: the discriminator first, against new noise each time; nobody moves the other."""
    gan, lr = small(), 0.3
    optimisers = SGD(gan["generator"].parameters, lr=lr), SGD(gan["discriminator"].parameters, lr=2 * lr)
    g, d = copies(gan["generator"].parameters), copies(gan["discriminator"].parameters)
    options = {"rng": rng(7), "kind": kind, "discriminator_steps": discriminator_steps}
    draws, got, expected = rng(7), [], []
    for real in (normal(8, 2), normal(8, 2, seed=1)):
        got.append(gan.step(real, optimisers, **options))
        for _ in range(discriminator_steps):
            of_d, gradients = jax_discriminator_loss(d, g, real, draws.standard_normal((8, 3)))
            d = {name: p - 2 * lr * gradients[name] for name, p in d.items()}
        of_g, gradients = jax_generator_loss(g, d, draws.standard_normal((8, 3)), kind)
        g = {name: p - lr * gradients[name] for name, p in g.items()}
        expected.append((float(of_d), float(of_g)))
    np.testing.assert_allclose(got, expected, rtol=1e-11)
    for player, arrays in (("generator", g), ("discriminator", d)):
        for name, p in arrays.items():
            np.testing.assert_allclose(gan[player].parameters[name], p, atol=1e-12, err_msg=name)


# Gradients of the whole


def slope(value, arrays, gradients, seed=3):
    """Return the slope of a function along random directions of all arrays, measured and expected."""
    directions = {name: rng(seed).standard_normal(p.shape) for name, p in arrays.items()}
    values = []
    for sign in (1, -1):
        for name, p in arrays.items():
            p += sign * 1e-6 * directions[name]
        values.append(value())
        for name, p in arrays.items():
            p -= sign * 1e-6 * directions[name]
    return (values[0] - values[1]) / 2e-6, sum(np.sum(gradients[name] * v) for name, v in directions.items())


@each_kind
@pytest.mark.parametrize("which", ["points", "digits"])
def test_the_generator_learns_through_the_discriminator(which, kind):
    """For digits through batch norm in training: a fake also depends on the other noise of its batch."""
    gan = small() if which == "points" else shake(digit_gan(rng=rng(), latent_size=3, width=2, **F64))
    noise, before = normal(4, 3), copies(gan.parameters)
    gan.generator_loss(noise, kind=kind)
    gradients = copies(gan["generator"].gradients)
    measured, expected = slope(
        lambda: gan.generator_loss(noise, kind=kind), gan["generator"].parameters, gradients
    )
    assert measured == pytest.approx(expected, rel=1e-5)
    assert abs(expected) > 1e-3
    for name, p in gan.parameters.items():
        np.testing.assert_allclose(p, before[name], atol=1e-14)


@pytest.mark.parametrize("which", ["points", "digits"])
def test_the_discriminator_learns_from_both(which):
    gan = small() if which == "points" else shake(digit_gan(rng=rng(), latent_size=3, width=2, **F64))
    real, noise = (normal(5, 2) if which == "points" else normal(5, 1, 28, 28)), normal(4, 3)
    gan.discriminator_loss(real, noise)
    gradients = copies(gan["discriminator"].gradients)
    measured, expected = slope(
        lambda: gan.discriminator_loss(real, noise), gan["discriminator"].parameters, gradients
    )
    assert measured == pytest.approx(expected, rel=1e-5)
    assert abs(expected) > 1e-3


def test_the_chain_of_both():
    check_gradients(small(), normal(4, 3))
    check_gradients(
        shake(digit_gan(rng=rng(), latent_size=3, width=2, **F64)), normal(4, 3), training=True, eps=1e-7, rtol=1e-5
    )  # fmt: skip


def test_a_discriminators_step_leaves_the_generators_gradients_alone():
    gan = small()
    gan.generator_loss(normal(4, 3))
    before = copies(gan["generator"].gradients)
    gan.discriminator_loss(normal(4, 2), normal(4, 3, seed=1))
    for name, gradient in before.items():
        np.testing.assert_array_equal(gan["generator"].gradients[name], gradient)


@pytest.mark.parametrize("which", ["discriminator_loss", "generator_loss"])
def test_fakes_are_painted_in_training(which):
    """Normalised by the statistics of their own batch, in both steps, and the running ones move."""
    gan, noise, real = (
        digit_gan(rng=rng(), latent_size=3, width=2, **F64),
        normal(4, 3),
        np.zeros((4, 1, 28, 28)),
    )
    before = copies(gan.buffers)
    value = gan.generator_loss(noise) if which == "generator_loss" else gan.discriminator_loss(real, noise)
    assert all((buffer != before[name]).any() for name, buffer in gan.buffers.items())
    fake = gan["generator"].forward(noise, training=True)
    of_fake, of_real = (1 / (1 + np.exp(-gan["discriminator"](x))) for x in (fake, real))
    losses = {
        "generator_loss": -np.log(of_fake).mean(),
        "discriminator_loss": -np.log(of_real).mean() - np.log(1 - of_fake).mean(),
    }
    assert value == pytest.approx(losses[which], rel=1e-10)


# The nets


def test_digits_by_their_numbers():
    gan = digit_gan(rng=rng())
    table = nn.summary(gan, (64,))
    generator = 64 * 1568 + 2 * 32 + 32 * 16 * 16 + 2 * 16 + 16 * 16 + 1
    discriminator = 16 * (16 + 1) + 32 * (16 * 16 + 1) + 1568 + 1
    assert table.parameters == generator + discriminator == 118_962
    assert gan["generator"].output_shape((64,)) == (1, 28, 28)
    assert gan["discriminator"].output_shape((1, 28, 28)) == (1,)
    images = gan.sample(3, rng=rng())
    assert (images.shape, images.dtype) == ((3, 1, 28, 28), np.float32)
    assert ((images > 0) & (images < 1)).all()


def test_points_by_their_numbers():
    gan = point_gan(rng=rng(), latent_size=5, hidden_size=16)
    assert sum(p.size for p in gan["generator"].parameters.values()) == 6 * 16 + 17 * 16 + 17 * 2
    assert sum(p.size for p in gan["discriminator"].parameters.values()) == 3 * 16 + 17 * 16 + 17
    assert gan.output_shape((5,)) == (1,)
    assert nn.summary(gan, (5,)).parameters == sum(p.size for p in gan.parameters.values())


@pytest.mark.parametrize("build", [point_gan, digit_gan])
def test_everything_stays_in_float32(build):
    gan = build(rng=rng())
    gan.step(np.ones((4, *gan["generator"].output_shape((gan.latent_size,)))), gan.optimisers(), rng=rng())
    assert {g.dtype for g in gan.gradients.values()} == {np.dtype(np.float32)}
    assert {p.dtype for p in gan.parameters.values()} == {np.dtype(np.float32)}
    assert gan.noise(2, rng=rng()).dtype == np.float32


@pytest.mark.parametrize("build", [point_gan, digit_gan])
def test_the_same_rng_gives_the_same_weights_and_samples(build):
    one, two, other = build(rng=rng(1)), build(rng=rng(1)), build(rng=rng(2))
    np.testing.assert_array_equal(one.sample(2, rng=rng()), two.sample(2, rng=rng()))
    assert (one.sample(2, rng=rng()) != other.sample(2, rng=rng())).any()
    assert (one.sample(2, rng=rng()) != one.sample(2, rng=rng(1))).any()


def test_samples_are_the_generators_in_inference():
    gan = digit_gan(rng=rng(), latent_size=3, width=2)
    noise = rng(4).standard_normal((5, 3)).astype(np.float32)
    np.testing.assert_array_equal(gan.sample(5, rng=rng(4)), gan["generator"].forward(noise))
    buffers = copies(gan.buffers)
    gan.sample(5, rng=rng())
    for name, buffer in gan.buffers.items():
        np.testing.assert_array_equal(buffer, buffers[name])


def test_the_optimisers_are_adam_as_in_the_paper():
    gan = small()
    for optimiser, player in zip(gan.optimisers(), gan, strict=True):
        assert type(optimiser) is Adam
        assert (optimiser.lr, optimiser.betas) == (2e-4, (0.5, 0.999))
        assert all(optimiser.parameters[name] is p for name, p in player.parameters.items())
    assert gan.optimisers(lr=0.1, betas=(0.9, 0.9))[1].betas == (0.9, 0.9)


# Training


def test_training_shows_every_example_once_an_epoch():
    """What does not fill a batch is left out; the history holds the means of the steps."""
    gan, seen, steps = small(), [], []
    step = gan.step

    def watched(real, *arguments, **options):
        seen.append(real[:, 0].astype(int).tolist())
        steps.append(step(real, *arguments, **options))
        return steps[-1]

    gan.step = watched
    examples, calls = np.repeat(np.arange(10.0)[:, None], 2, axis=1), []
    history = train_gan(
        gan, examples, optimisers=gan.optimisers(), num_epochs=2, batch_size=4, rng=rng(),
        callback=lambda epoch, history: calls.append((epoch, len(history))),
    )  # fmt: skip
    assert [len(batch) for batch in seen] == [4] * 4
    first, second = ({n for batch in part for n in batch} for part in (seen[:2], seen[2:]))
    assert len(first) == len(second) == 8
    assert seen[:2] != seen[2:]
    assert calls == [(1, 1), (2, 2)]
    np.testing.assert_allclose(
        [history.discriminator_loss, history.generator_loss],
        np.reshape(steps, (2, 2, 2)).mean(axis=1).T,
        rtol=1e-14,
    )
    assert repr(history).startswith("GANHistory(2 epochs: discriminator ")
    assert repr(GANHistory()) == "GANHistory(0 epochs)"
    assert repr(GANHistory([1.0], [2.0])) == "GANHistory(1 epoch: discriminator 1, generator 2)"


def test_few_examples_are_one_batch_and_the_seed_decides_all():
    histories = []
    for _ in range(2):
        gan = small()
        options = {
            "num_epochs": 3,
            "batch_size": 99,
            "rng": rng(5),
            "kind": "minimax",
            "discriminator_steps": 2,
        }
        histories.append(train_gan(gan, normal(7, 2), optimisers=gan.optimisers(), **options))
    assert histories[0] == histories[1]
    assert len(histories[0]) == 3


# Modes


def test_mode_coverage_by_hand():
    centres = [[0, 0], [3, 0], [0, 3]]
    assert mode_coverage([[0, 1], [0, 1.01], [3, -1], [9, 9]], centres, distance=1) == (2, 0.5)
    assert mode_coverage([[9, 9]], centres, distance=1) == (0, 0.0)
    assert mode_coverage([[0, 0], [0, 3]], centres, distance=0) == (2, 1.0)
    assert mode_coverage([[1.5, 0]], centres, distance=1.5) == (2, 1.0)  # at both


def on_the_ring(latent_size, seed):
    """Return modes reached out of eight, and the share of points at one, after a short training."""
    points, labels = ring_of_gaussians(4000, rng=rng(seed))
    gan = point_gan(rng=rng(seed + 1), latent_size=latent_size, hidden_size=64)
    options = {"num_epochs": 10, "batch_size": 50, "discriminator_steps": 3, "rng": rng(seed + 2)}
    train_gan(gan, points, optimisers=gan.optimisers(lr=5e-3), **options)
    centres = [points[labels == mode].mean(axis=0) for mode in range(8)]
    return mode_coverage(gan.sample(1000, rng=rng(4)), centres, distance=0.3)


def test_modes_reached_and_modes_lost():
    """A plane of noise bends into the ring. In 32 dimensions all noise is equally far from 0, and one mode is left."""
    modes, share = on_the_ring(latent_size=2, seed=1)
    assert modes >= 7
    assert share > 0.5
    modes, share = on_the_ring(latent_size=32, seed=1)
    assert modes <= 3
    assert share > 0.6


REFUSED = [
    (lambda: GAN(nn.ReLU(), 3, latent_size=2), TypeError, "layer 'discriminator' must be a cvlib.nn.Layer, got int"),
    (lambda: GAN(nn.ReLU(), nn.ReLU(), latent_size=0), ValueError, "latent_size must be at least 1, got 0"),
    (lambda: point_generator(0, rng=rng()), ValueError, "latent_size must be at least 1, got 0"),
    (lambda: point_discriminator(rng=rng(), hidden_size=0), ValueError, "must be at least 1, got 0"),
    (lambda: digit_generator(0, rng=rng()), ValueError, "latent_size must be at least 1, got 0"),
    (lambda: digit_generator(2, rng=rng(), width=0), ValueError, "width must be at least 1, got 0"),
    (lambda: digit_discriminator(rng=rng(), width=0), ValueError, "width must be at least 1, got 0"),
    (lambda: digit_gan(rng=1), TypeError, "rng must be a numpy Generator"),
    (lambda: point_gan(rng=rng(), dtype=int), TypeError, "dtype must be float32 or float64"),
    (lambda: small().sample(0, rng=rng()), ValueError, "n must be at least 1, got 0"),
    (lambda: small().sample(1, rng=0), TypeError, "rng must be a numpy Generator"),
    (lambda: step(real=np.ones((4, 3))), ValueError, "real must be examples like the generator's, (N, 2), got shape"),
    (lambda: step(real=[["a"]]), TypeError, "real must hold real numbers"),
    (lambda: step(kind="wasserstein"), ValueError, "kind must be one of 'non-saturating', 'minimax', got 'wasserste"),
    (lambda: step(discriminator_steps=0), ValueError, "discriminator_steps must be at least 1, got 0"),
    (lambda: step(rng=3), TypeError, "rng must be a numpy Generator"),
    (lambda: step(optimisers=3), TypeError, "optimisers must be a pair (generator's, discriminator's), got 3"),
    (lambda: step(optimisers=(3, 4)), TypeError, "the generator's optimiser must be a cvlib.optim.Optimiser, got int"),
    (lambda: step(optimisers=small().optimisers()), ValueError, "the generator's optimiser must hold its player's own"),
    (lambda: step(swap=True), ValueError, "the generator's optimiser must hold its player's own arrays"),
    (lambda: train(gan=nn.ReLU()), TypeError, "gan must be a cvlib.models.GAN, got ReLU"),
    (lambda: train(examples=np.ones((0, 2))), ValueError, "examples must be a batch (N, ...) of at least one, got s"),
    (lambda: train(examples=np.ones(3)), ValueError, "examples must be a batch (N, ...) of at least one, got shape"),
    (lambda: train(batch_size=0), ValueError, "batch_size must be at least 1, got 0"),
    (lambda: train(num_epochs=0), ValueError, "num_epochs must be at least 1, got 0"),
    (lambda: train(callback=3), TypeError, "callback must be a function, got 3"),
    (lambda: train(rng=3), TypeError, "rng must be a numpy Generator"),
    (lambda: mode_coverage([1.0], [[0.0]], distance=1), ValueError, "points must have 2 axes (N, D), got shape (1,)"),
    (lambda: mode_coverage([[1.0]], [0.0], distance=1), ValueError, "centres must have 2 axes (K, D), got shape (1,)"),
    (lambda: mode_coverage([[1.0]], [[0.0, 1.0]], distance=1), ValueError, "none empty, got (1, 1) and (1, 2)"),
    (lambda: mode_coverage(np.ones((0, 2)), [[0.0, 1.0]], distance=1), ValueError, "none empty, got (0, 2) and (1, 2)"),
    (lambda: mode_coverage([[1.0]], [[0.0]], distance=-1), ValueError, "distance must be at least 0 and finite, got"),
]  # fmt: skip


def step(*, real=None, optimisers=None, swap=False, **options):
    gan = small()
    optimisers = (gan.optimisers()[::-1] if swap else gan.optimisers()) if optimisers is None else optimisers
    return gan.step(np.ones((4, 2)) if real is None else real, optimisers, **({"rng": rng()} | options))


def train(*, gan=None, examples=None, **options):
    gan = small() if gan is None else gan
    optimisers = gan.optimisers() if isinstance(gan, GAN) else None
    defaults = {"num_epochs": 1, "batch_size": 2, "rng": rng(), "optimisers": optimisers}
    return train_gan(gan, np.ones((4, 2)) if examples is None else examples, **(defaults | options))


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_it_refuses(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_errors_name_the_player():
    gan = GAN(point_generator(3, rng=rng()), point_discriminator(rng=rng()), latent_size=4)
    with pytest.raises(ValueError, match="x must") as caught:
        gan.sample(2, rng=rng())
    assert "in layer 'generator'" in caught.value.__notes__[-1]
