"""Models, against their architecture written anew in JAX, and hand counts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from scipy import special

from cvlib import counting, nn
from cvlib.losses import cross_entropy_backward
from cvlib.models import lenet5, softmax_classifier

jax.config.update("jax_enable_x64", True)


def rng(seed=0):
    return np.random.default_rng(seed)


def jax_lenet5(p, x, activation, pooling):
    act = {"relu": jax.nn.relu, "tanh": jnp.tanh}[activation]

    def pool(x):
        if pooling == "max":
            return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return lax.reduce_window(x, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4

    def conv(x, name, padding):
        y = lax.conv(x, p[f"{name}.weight"], (1, 1), padding)
        return y + p[f"{name}.bias"][None, :, None, None]

    x = pool(act(conv(x, "conv1", "SAME")))
    x = pool(act(conv(x, "conv2", "VALID")))
    x = x.reshape(len(x), -1)
    for number in (1, 2, 3):
        x = x @ p[f"linear{number}.weight"].T + p[f"linear{number}.bias"]
        x = act(x) if number < 3 else x
    return x


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_lenet5_and_its_gradients_match_jax(activation, pooling):
    model = lenet5(rng=rng(1), activation=activation, pooling=pooling, dtype=np.float64)
    for name, p in model.parameters.items():
        if name.endswith("bias"):
            p[...] = rng(len(p)).normal(0, 0.1, p.shape)
    x, upstream = rng(2).normal(0, 1, (3, 1, 28, 28)), rng(3).normal(0, 1, (3, 10))
    logits, pull = jax.vjp(
        lambda p, x: jax_lenet5(p, x, activation, pooling), dict(model.parameters), jnp.asarray(x)
    )
    gradients, dx = pull(jnp.asarray(upstream))
    np.testing.assert_allclose(model(x), logits, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(model.backward(upstream), dx, rtol=1e-9, atol=1e-11)
    assert gradients.keys() == model.gradients.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(model.gradients[name], gradient, rtol=1e-9, atol=1e-11, err_msg=name)


def test_lenet5_has_61706_parameters():
    table = nn.summary(lenet5(rng=rng()), (1, 28, 28))
    counts = {row.name.partition(":")[0]: row.parameters for row in table.rows if row.parameters}
    assert counts == {"conv1": 156, "conv2": 2416, "linear1": 48120, "linear2": 10164, "linear3": 850}
    assert table.parameters == 61706
    # 28^2 * 6 * 25 + 10^2 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10
    assert table.macs == 117_600 + 240_000 + 48_000 + 10_080 + 840
    on_paper = counting.layer_table(*counting.LENET5)
    assert list(counts.values()) == [row.parameters for row in on_paper.rows if row.parameters]
    assert (table.parameters, table.macs) == (on_paper.parameters, on_paper.macs)
    shapes = [(6, 28, 28)] * 2 + [(6, 14, 14)] + [(16, 10, 10)] * 2 + [(16, 5, 5), (400,)]
    assert [row.output_shape for row in table.rows] == [*shapes, (120,), (120,), (84,), (84,), (10,)]


@pytest.mark.parametrize(("image_size", "side"), [(12, 1), (28, 5), (32, 6), (33, 6), (64, 14)])
def test_lenet5_takes_other_images_and_classes(image_size, side):
    model = lenet5(rng=rng(), num_classes=4, in_channels=3, image_size=image_size)
    assert model(np.zeros((2, 3, image_size, image_size), np.float32)).shape == (2, 4)
    assert model.parameters["linear1.weight"].shape == (120, 16 * side * side)


def test_lenet5_computes_in_float32_unless_asked():
    model = lenet5(rng=rng())
    assert {p.dtype for p in model.parameters.values()} == {np.dtype(np.float32)}
    model(np.ones((2, 1, 28, 28), np.float32))
    model.backward(np.ones((2, 10), np.float32))
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(np.float32)}


def test_lenet5_starts_with_weights_that_suit_the_activation():
    for activation, variance in (("relu", 2 / 400), ("tanh", 2 / 520)):
        model = lenet5(rng=rng(), activation=activation)
        assert model.parameters["linear1.weight"].var() == pytest.approx(variance, rel=0.03)
    assert (
        lenet5(rng=rng(1)).parameters["conv1.weight"] != lenet5(rng=rng(2)).parameters["conv1.weight"]
    ).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"image_size": 11}, ValueError, "image_size must be at least 12, got 11"),
        ({"image_size": 28.0}, TypeError, "image_size must be an integer"),
        ({"activation": "ReLU"}, ValueError, "activation must be one of 'relu', 'tanh', got 'ReLU'"),
        ({"pooling": "sum"}, ValueError, "pooling must be one of 'max', 'average', got 'sum'"),
        ({"num_classes": 0}, ValueError, "out_features must be at least 1, got 0"),
        ({"rng": 0}, TypeError, "rng must be a numpy Generator"),
        ({"dtype": np.float16}, TypeError, "dtype must be float32 or float64, got <class 'numpy.float16'>"),
    ],
)
def test_lenet5_refuses(options, error, message):
    with pytest.raises(error, match=message):
        lenet5(**({"rng": rng()} | options))


def test_softmax_classifier_refuses_other_types():
    with pytest.raises(TypeError, match="dtype must be float32 or float64, got <class 'int'>"):
        softmax_classifier(12, 5, rng=rng(), dtype=int)


def test_a3_gradient_of_the_softmax_classifier():
    model = softmax_classifier(12, 5, rng=rng(4), dtype=np.float64)
    w, b = model.parameters["linear.weight"], model.parameters["linear.bias"]
    b[...] = rng(5).normal(0, 1, 5)
    x, y = rng(6).normal(0, 1, (1, 3, 2, 2)), 3
    p = special.softmax([b[k] + sum(w[k] * x.ravel()) for k in range(5)])
    model.backward(cross_entropy_backward(model(x), [y]))
    for k in range(5):  # dL/dw_k = (p_k - y_k) x
        np.testing.assert_allclose(
            model.gradients["linear.weight"][k], (p[k] - (k == y)) * x.ravel(), rtol=1e-12
        )
    assert softmax_classifier(64, 10, rng=rng()).parameters["linear.weight"].dtype == np.float32
