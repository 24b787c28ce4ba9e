"""The variational autoencoder: its loss against JAX, its gradients by differences, its bound against an integral."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special
from slopes import check_gradients, shake
from strategies import normal

from cvlib import nn
from cvlib.data import load_mnist5k
from cvlib.models import VAE, Reparameterise, vae, vae_loss
from cvlib.optim import Adam
from cvlib.train import fit

jax.config.update("jax_enable_x64", True)

F64 = {"dtype": np.float64}
each_kind = pytest.mark.parametrize("kind", ["dense", "convolutional"])


def rng(seed=0):
    return np.random.default_rng(seed)


def small(kind="dense", **options):
    return shake(vae(rng=rng(), image_size=4, latent_size=3, kind=kind, **F64, **options))


def images(n=3, size=4):
    return rng(9).uniform(size=(n, 1, size, size))


def with_steady_noise(model):
    """Return the model with the same noise in every forward pass."""
    forward = model.forward

    def again(x, *, training=False):
        model["draw"].rng = rng(5)
        return forward(x, training=training)

    model.forward = again
    return model


# The draw


def test_the_draw_is_the_reparameterisation_of_its_noise():
    layer, (mean, log_var) = Reparameterise(rng=rng(3)), (normal(4, 2), normal(4, 2, seed=1))
    noise = rng(3).standard_normal((4, 2))
    np.testing.assert_allclose(
        layer((mean, log_var), training=True), mean + np.exp(log_var / 2) * noise, rtol=1e-14
    )
    dmean, dlog_var = layer.backward(np.ones((4, 2)))
    np.testing.assert_array_equal(dmean, np.ones((4, 2)))
    np.testing.assert_allclose(dlog_var, np.exp(log_var / 2) * noise / 2, rtol=1e-14)
    assert layer.backward(np.ones((4, 2)), needs_dx=False) is None
    np.testing.assert_array_equal(layer((mean, log_var)), mean)
    np.testing.assert_array_equal(layer.backward(np.ones((4, 2)))[1], 0)
    assert repr(layer) == "Reparameterise()"


def test_the_draw_is_new_every_time_and_keeps_float32():
    layer, pair = Reparameterise(rng=rng()), (np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32))
    one, two = layer(pair, training=True), layer(pair, training=True)
    assert (one != two).all()
    assert one.dtype == np.float32
    many = Reparameterise(rng=rng())(
        (np.full((20000, 1), 5.0), np.full((20000, 1), np.log(4))), training=True
    )
    assert (many.mean(), many.std()) == (pytest.approx(5, abs=0.05), pytest.approx(2, abs=0.05))


# The loss


def jax_loss(logits, mean, log_var, x, beta):
    log_p = x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits)
    divergence = 0.5 * (jnp.exp(log_var) + mean**2 - 1 - log_var).sum(axis=1)
    return jnp.mean(-log_p.reshape(len(x), -1).sum(axis=1) + beta * divergence)


@pytest.mark.parametrize("beta", [0, 1, 4.5])
def test_the_loss_and_its_gradients_match_jax(beta):
    loss, loss_backward = vae_loss(beta)
    outputs = 3 * normal(3, 1, 4, 4), normal(3, 2), normal(3, 2, seed=1)
    expected, gradients = jax.value_and_grad(jax_loss, (0, 1, 2))(*outputs, images(), beta)
    assert loss(outputs, images()) == pytest.approx(float(expected), rel=1e-12)
    for got, gradient in zip(loss_backward(outputs, images(), 2.0), gradients, strict=True):
        np.testing.assert_allclose(got, 2 * gradient, atol=1e-13)


def test_the_loss_counts_pixels_and_images():
    """log 2 for each of 784 pixels, per image, however many images there are."""
    for n in (1, 5):
        outputs = np.zeros((n, 1, 28, 28)), np.full((n, 2), 3.0), np.zeros((n, 2))
        x = rng().uniform(size=(n, 1, 28, 28))
        assert vae_loss(2)[0](outputs, x) == pytest.approx(784 * np.log(2) + 2 * 9)
        assert vae_loss(0)[0](outputs, x) == pytest.approx(784 * np.log(2))


# The model


@each_kind
@pytest.mark.parametrize("training", [True, False])
def test_gradients(kind, training):
    """With fixed noise: through the code and through the divergence, into both heads."""
    check_gradients(with_steady_noise(small(kind)), images(), training=training)


def test_the_gradients_of_a_step():
    """All of it in one: loss, draw, heads. One number of each parameter is moved."""
    model, (loss, loss_backward) = with_steady_noise(small()), vae_loss(0.7)

    def value():
        return loss(model.forward(images(), training=True), images())

    outputs = model.forward(images(), training=True)
    assert model.backward(loss_backward(outputs, images()), needs_dx=False) is None
    gradients = {name: gradient.copy() for name, gradient in model.gradients.items()}
    for name, p in model.parameters.items():
        index, losses = np.unravel_index(np.argmax(np.abs(gradients[name])), p.shape), []
        centre = p[index]
        for moved in (centre + 1e-6, centre - 1e-6):
            p[index] = moved
            losses.append(value())
        p[index] = centre
        assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(gradients[name][index], rel=1e-5), name


def test_parameters_by_hand():
    model = vae(rng=rng())
    table = nn.summary(model, (1, 28, 28))
    encoder, heads = 785 * 256 + 257 * 64, 2 * 65 * 2
    assert table.parameters == encoder + heads + 3 * 64 + 65 * 256 + 257 * 784 == 435_988
    assert [row.name.partition(":")[0] for row in table.rows][5:8] == ["heads.mean", "heads.log_var", "draw"]
    assert table.macs == model.macs((1, 28, 28)) == 2 * (784 * 256 + 256 * 64) + 3 * 64 * 2
    assert model.output_shape((1, 28, 28)) == ((1, 28, 28), (2,), (2,))


@each_kind
def test_it_computes_in_float32(kind):
    model = vae(rng=rng(), kind=kind)
    outputs = model.forward(np.ones((2, 1, 28, 28), np.float32), training=True)
    assert [y.dtype for y in outputs] == [np.float32] * 3
    gradients = vae_loss()[1](outputs, np.ones((2, 1, 28, 28), np.float32))
    assert model.backward(gradients).dtype == np.float32
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(np.float32)}
    assert model.sample(3, rng=rng()).dtype == np.float32


def test_without_training_the_code_is_the_mean():
    model = small()
    (mean, log_var), outputs = model.encode(images()), model(images())
    np.testing.assert_array_equal(outputs[1], mean)
    np.testing.assert_array_equal(outputs[2], log_var)
    np.testing.assert_array_equal(special.expit(outputs[0]), special.expit(model["decoder"](mean)))
    np.testing.assert_allclose(model.decode(mean), special.expit(outputs[0]), rtol=1e-14)
    assert (model.forward(images(), training=True)[0] != outputs[0]).all()


def test_samples_decode_the_prior():
    model = small()
    z = rng(4).standard_normal((6, 3))
    np.testing.assert_array_equal(model.sample(6, rng=rng(4)), model.decode(z))


def test_the_bound_is_the_negative_loss_of_a_training_pass():
    model = with_steady_noise(small())
    outputs = model.forward(images(), training=True)
    assert model.elbo(images(), rng=rng(5)) == pytest.approx(-vae_loss()[0](outputs, images()), rel=1e-12)


def test_the_bound_lies_below_the_likelihood_by_a_divergence():
    r"""One pixel, one number in the code: log p(x) is an integral, and so is D(q(z|x) || p(z|x)), the gap."""
    chain = [nn.Chain(nn.Flatten(), nn.Linear(1, 1, rng=rng(), **F64)) for _ in range(2)]
    model = shake(VAE(*chain, num_features=1, latent_size=1, rng=rng(), **F64), 1.0)
    x = np.ones((1, 1))
    mean, log_var = (float(part[0, 0]) for part in model.encode(x))
    z = np.linspace(-12, 12, 20001)
    step = z[1] - z[0]
    log_joint = special.log_expit(model["decoder"](z[:, None])[:, 0]) - z**2 / 2 - np.log(2 * np.pi) / 2
    log_px = np.log(np.exp(log_joint).sum() * step)
    log_q = -((z - mean) ** 2) / (2 * np.exp(log_var)) - log_var / 2 - np.log(2 * np.pi) / 2
    gap = (np.exp(log_q) * (log_q - (log_joint - log_px))).sum() * step
    assert gap > 0.01
    assert model.elbo(x, rng=rng(), num_draws=20000) == pytest.approx(log_px - gap, abs=0.02)


def test_it_learns_digits_and_their_codes_stay_near_the_prior():
    """A threshold each: images per nat, samples like digits in ink and in variety; beta pulls the codes together."""
    data, results = load_mnist5k(), {}
    train, test = data.train_images[:1000], data.test_images[:200]
    for beta in (1, 20):
        model = vae(rng=rng(1), latent_size=4)
        adam, untrained = Adam(model.parameters, lr=2e-3), model.elbo(test, rng=rng(2))
        history = fit(
            model, train, train, optimiser=adam, num_epochs=8, batch_size=32, rng=rng(2), loss=vae_loss(beta)
        )
        assert history.loss[-1] < history.loss[0]
        mean, _ = model.encode(test)
        results[beta] = model.elbo(test, rng=rng(2)), float((mean**2).mean())
    assert untrained < -500
    # the best answer without a code is the mean of every pixel
    p = np.clip(train.mean(axis=0), 1e-3, 1 - 1e-3)
    without_code = float((test * np.log(p) + (1 - test) * np.log1p(-p)).sum(axis=(1, 2, 3)).mean())
    assert results[1][0] > without_code + 25
    assert 0.3 < results[1][1] < 3
    assert results[20][1] < 0.3 * results[1][1]


def test_the_same_seed_gives_the_same_training():
    losses = []
    for _ in range(2):
        model = vae(rng=rng(1), image_size=4)
        adam = Adam(model.parameters)
        options = {"num_epochs": 2, "batch_size": 4, "rng": rng(2), "loss": vae_loss()}
        losses.append(fit(model, images(9), images(9), optimiser=adam, **options).loss)
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: vae(rng=rng(), kind="deep"), ValueError, "kind must be one of 'dense', 'convolutional', got 'deep'"),
        (lambda: vae(rng=rng(), latent_size=0), ValueError, "latent_size must be at least 1, got 0"),
        (lambda: vae(rng=rng(), image_size=6, kind="convolutional"), ValueError, "must be a multiple of 4"),
        (lambda: vae(rng=1), TypeError, "rng must be a numpy Generator"),
        (lambda: vae(rng=rng(), dtype=np.float16), TypeError, "dtype must be float32 or float64"),
        (lambda: VAE(nn.ReLU(), None, num_features=1, latent_size=1, rng=rng()), TypeError, "'decoder' must be a cv"),
        (lambda: vae_loss(-1), ValueError, "beta must be at least 0 and finite, got -1"),
        (lambda: vae_loss("1"), TypeError, "beta must be a number"),
        (lambda: vae_loss()[0](np.ones((2, 4)), images()), TypeError, "outputs must be a tuple (logits, mean, log_v"),
        (lambda: vae_loss()[1]((1, 2), images()), TypeError, "outputs must be a tuple (logits, mean, log_var), got 2"),
        (lambda: vae_loss()[0](small()(images()), 2 * images() + 1), ValueError, "labels must lie in [0, 1]"),
        (lambda: small().sample(0, rng=rng()), ValueError, "n must be at least 1, got 0"),
        (lambda: small().sample(2, rng=7), TypeError, "rng must be a numpy Generator"),
        (lambda: small().elbo(images(), rng=7), TypeError, "rng must be a numpy Generator"),
        (lambda: small().elbo(images(), rng=rng(), num_draws=0), ValueError, "num_draws must be at least 1, got 0"),
        (lambda: small().backward(images()), TypeError, "dy must be a tuple (dlogits, dmean, dlog_var), got ndarray"),
        (lambda: small().output_shape((1, 5, 5)), ValueError, "input_shape must be (16,), got (25,)"),
        (lambda: Reparameterise(rng=None), TypeError, "rng must be a numpy Generator"),
        (lambda: Reparameterise(rng=rng())(images()), TypeError, "x must be a tuple (mean, log_var), got ndarray"),
        (lambda: Reparameterise(rng=rng())(([[1.0]], [[1.0, 2.0]])), ValueError, "log_var must have shape (1, 1)"),
        (lambda: Reparameterise(rng=rng()).output_shape(((2,), (3,))), ValueError, "must be two equal shapes, got ("),
        (lambda: Reparameterise(rng=rng()).backward([[1.0]]), RuntimeError, "call forward before backward"),
    ],
)  # fmt: skip
def test_it_refuses(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_an_error_names_the_layer():
    with pytest.raises(ValueError, match="x must") as caught:
        small().decode(np.ones((2, 4)))
    assert "in layer 'decoder'" in caught.value.__notes__[-1]
