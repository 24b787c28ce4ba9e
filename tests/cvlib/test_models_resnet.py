"""Residual networks: blocks against JAX, parameters against the paper, gradients by differences, and training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from slopes import check_gradients, shake
from strategies import normal

from cvlib import counting, nn
from cvlib.data import load_digits8
from cvlib.models import bottleneck_block, densenet, residual_block, resnet
from cvlib.optim import Adam, cosine
from cvlib.train import accuracy, fit

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)

F64 = {"dtype": np.float64}


def rng(seed=0):
    return np.random.default_rng(seed)


def size(model):
    return sum(p.size for p in model.parameters.values())


# One block


def jax_conv(x, w, stride=1):
    p = w.shape[2] // 2
    return jax.lax.conv_general_dilated(x, w, (stride, stride), [(p, p), (p, p)])


def jax_norm(x, p, name):
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    gamma, beta = (p[f"{name}.{key}"][:, None, None] for key in ("gamma", "beta"))
    return gamma * (x - mean) / jnp.sqrt(var + 1e-5) + beta


def jax_block(p, x, stride, convolutions):
    """Any block; it has a projection if its weights are there."""
    inside, y = ("sum.residual." if "sum.residual.conv1.weight" in p else ""), x
    for n in range(1, convolutions + 1):
        at = stride if n == (1 if convolutions == 2 else 2) else 1
        y = jax_norm(jax_conv(y, p[f"{inside}conv{n}.weight"], at), p, f"{inside}norm{n}")
        y = jnp.maximum(y, 0) if n < convolutions else y
    if "sum.skip.conv.weight" in p:
        x = jax_norm(jax_conv(x, p["sum.skip.conv.weight"], stride), p, "sum.skip.norm")
    return jnp.maximum(y + x if inside else y, 0)


@pytest.mark.parametrize(
    ("block", "channels", "options"),
    [
        (residual_block, (3, 3), {}),
        (residual_block, (3, 4), {"stride": 2}),
        (residual_block, (3, 4), {}),
        (residual_block, (3, 3), {"stride": 2}),
        (residual_block, (3, 4), {"stride": 2, "skip": False}),
        (bottleneck_block, (8, 8), {}),
        (bottleneck_block, (4, 8), {"stride": 2}),
    ],
)
def test_a_block_matches_jax(block, channels, options):
    model, x = shake(block(*channels, rng=rng(), **options, **F64)), normal(2, channels[0], 5, 6)
    depth, stride = (2 if block is residual_block else 3), options.get("stride", 1)
    dy = normal(2, *model.output_shape((channels[0], 5, 6)))

    @jax.jit
    def expected_results(p, x, dy):
        y, pull_back = jax.vjp(lambda p, x: jax_block(p, x, stride, depth), p, x)
        return y, *pull_back(dy)

    y, gradients, dx = expected_results(dict(model.parameters), x, dy)
    np.testing.assert_allclose(model.forward(x, training=True), y, atol=1e-12)
    np.testing.assert_allclose(model.backward(dy), dx, atol=1e-11)
    assert gradients.keys() == model.gradients.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(model.gradients[name], gradient, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("block", [residual_block, bottleneck_block])
def test_a_block_is_the_identity_where_f_is_0(block):
    """Coursework B11: for maps that a ReLU has made, as all that come here."""
    model, x = block(8, 8, rng=rng(), **F64), abs(normal(2, 8, 4, 4))
    last = "norm2" if block is residual_block else "norm3"
    model.parameters[f"sum.residual.{last}.gamma"][...] = 0
    for training in (False, True):
        np.testing.assert_array_equal(model.forward(x, training=training), x)


def test_a_gradient_passes_the_skip_unchanged():
    """Coursework B12: dL/dx = dL/dy (1 + dF/dx) where the sum is positive; with F = 0 it is dL/dy."""
    model, x, dy = residual_block(4, 4, rng=rng(), **F64), abs(normal(2, 4, 3, 3)), normal(2, 4, 3, 3)
    model.parameters["sum.residual.norm2.gamma"][...] = 0
    model(x)
    np.testing.assert_array_equal(model.backward(dy), dy)
    plain = residual_block(4, 4, skip=False, rng=rng(), **F64)
    plain.parameters["norm2.gamma"][...] = 0
    plain.parameters["norm2.beta"][...] = 1
    plain(x)
    assert not plain.backward(dy).any()


def test_a_projection_stands_where_the_shape_changes_alone():
    def has(*channels, **options):
        skip = residual_block(*channels, rng=rng(), **options)["sum"]["skip"]
        assert isinstance(skip, nn.Identity | nn.Chain)
        return isinstance(skip, nn.Chain)

    assert [has(4, 4), has(4, 4, stride=(1, 1)), has(4, 5), has(4, 4, stride=2), has(4, 4, stride=(1, 2))] == [
        False, False, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: residual_block(0, 4, rng=rng()), ValueError, "in_channels must be at least 1, got 0"),
        (lambda: residual_block(4, 4, stride=0, rng=rng()), ValueError, "stride must be at least 1, got 0"),
        (lambda: residual_block(4, 4, rng=1), TypeError, "rng must be a numpy Generator"),
        (
            lambda: bottleneck_block(4, 6, rng=rng()),
            ValueError,
            "out_channels must be a multiple of 4, got 6",
        ),
        (lambda: bottleneck_block(4, 0, rng=rng()), ValueError, "out_channels must be at least 1, got 0"),
        (lambda: bottleneck_block(4, 4.0, rng=rng()), TypeError, "out_channels must be an integer"),
        (lambda: bottleneck_block(4, 8, stride=0, rng=rng()), ValueError, "stride must be at least 1, got 0"),
    ],
)
def test_a_block_refuses(call, error, message):
    with pytest.raises(error, match=message):
        call()


# Nets


def plain_parameters(n):
    """Return the sum over the layers of the plain net with 6n + 2 of them; batch norm has two numbers a map."""
    convolution = lambda c, k: 9 * c * k + 2 * k  # noqa: E731
    first = convolution(3, 16)
    stage1 = 2 * n * convolution(16, 16)
    stage2 = convolution(16, 32) + (2 * n - 1) * convolution(32, 32)
    stage3 = convolution(32, 64) + (2 * n - 1) * convolution(64, 64)
    return first + stage1 + stage2 + stage3 + 64 * 10 + 10


@pytest.mark.parametrize(
    ("depth", "parameters", "millions"), [(20, 269_722, 0.27), (32, 464_154, 0.46), (56, 853_018, 0.85)]
)
def test_parameters_of_the_paper(depth, parameters, millions):
    """Table 6; with its option A a residual net has as many as the plain one, ours has two projections more."""
    plain, residual = (resnet(rng=rng(), depth=depth, in_channels=3, skips=skips) for skips in (False, True))
    assert size(plain) == plain_parameters((depth - 2) // 6) == parameters
    assert round(parameters / 1e6, 2) == millions
    projections = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert size(residual) == parameters + projections == parameters + 2752


def test_resnet_50_out_of_bottlenecks():
    """25,557,032 parameters, and the block of every stage but the first has a stride: 3, 4, 6 and 3 blocks of them."""
    total, channels = 64 * 3 * 49 + 2 * 64 + 2048 * 1000 + 1000, 64
    for blocks, out_channels in ((3, 256), (4, 512), (6, 1024), (3, 2048)):
        first = bottleneck_block(channels, out_channels, rng=rng())
        other = bottleneck_block(out_channels, out_channels, rng=rng())
        total, channels = total + size(first) + (blocks - 1) * size(other), out_channels
    assert total == 25_557_032


@pytest.mark.parametrize(("depth", "skips"), [(8, True), (14, False), (20, True)])
def test_depth_counts_the_layers_on_the_longest_way(depth, skips):
    table = nn.summary(resnet(rng=rng(), depth=depth, skips=skips), (1, 28, 28))
    names = [row.name.partition(":")[0] for row in table.rows if row.macs]
    assert len([name for name in names if ".skip." not in name]) == depth
    assert len([name for name in names if ".skip." in name]) == (2 if skips else 0)


def test_sizes_and_macs_of_the_stages():
    """28 x 28, 14 x 14 and 7 x 7, with twice the maps each time: a block costs the same in all stages."""
    model, shape = resnet(rng=rng(), depth=14), (1, 28, 28)
    shapes, macs = [], []
    for layer in model:
        macs.append(layer.macs(shape))
        shape = layer.output_shape(shape)
        shapes.append(shape)
    assert shapes == [(16, 28, 28)] * 4 + [(32, 14, 14), (64, 7, 7), (64,), (10,)]
    one = 28 * 28 * 9 * 16 * 16
    change = one // 2 + 28 * 28 * 16 * 16 // 2  # half the maps to read; the projection's one tap
    assert macs == [28 * 28 * 9 * 16, 0, 0, 4 * one, 3 * one + change - 28 * 28 * 16 * 8 + 14 * 14 * 16 * 32,
                    3 * one + one // 2 + 7 * 7 * 32 * 64, 0, 640]  # fmt: skip


def test_densenet_keeps_more_maps_with_fewer_parameters():
    """Coursework A26: DenseNet-BC of 100 layers against ResNet-56, both for 32 x 32 colour images."""
    dense = densenet(rng=rng(), depth=100, bottleneck=True, compression=0.5, first_channels=24, in_channels=3)
    dense, residual = (
        nn.summary(model, (3, 32, 32)) for model in (dense, resnet(rng=rng(), depth=56, in_channels=3))
    )
    assert dense.parameters < residual.parameters
    assert dense.memory > 2 * residual.memory


def test_alexnet_has_many_more_parameters():
    """Coursework A25: ResNet-50 is six times as deep, with fewer than half of AlexNet's parameters."""
    assert counting.layer_table(*counting.ALEXNET).parameters == 60_965_224 > 2 * 25_557_032


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("skips", [False, True])
def test_gradients_of_all_parameters(training, skips):
    model = resnet(rng=rng(), depth=14, width=2, num_classes=3, skips=skips, **F64)
    check_gradients(shake(model), normal(3, 1, 7, 6), training=training)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 8, 8), (1, 28, 28), (3, 13, 30)])
def test_images_of_any_size(shape):
    model = resnet(rng=rng(), depth=8, width=2, num_classes=4, in_channels=shape[0])
    logits = model(np.ones((2, *shape), np.float32))
    assert (
        (logits.shape, logits.dtype) == ((2, *model.output_shape(shape)), np.float32) == ((2, 4), np.float32)
    )
    model.backward(np.ones((2, 4), np.float32))
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(np.float32)}


def test_the_same_rng_gives_the_same_weights():
    one, two = (resnet(rng=rng(3), depth=8, width=4) for _ in range(2))
    for name, p in one.parameters.items():
        np.testing.assert_array_equal(p, two.parameters[name])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"depth": 10}, ValueError, r"depth must be 6n \+ 2, such as 8, 14 or 20, got 10"),
        ({"depth": 2}, ValueError, "depth must be at least 8, got 2"),
        ({"depth": 8.0}, TypeError, "depth must be an integer"),
        ({"width": 0}, ValueError, "width must be at least 1, got 0"),
        ({"num_classes": 0}, ValueError, "out_features must be at least 1, got 0"),
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1, got 0"),
        ({"rng": 0}, TypeError, "rng must be a numpy Generator"),
        ({"dtype": int}, TypeError, "dtype must be float32 or float64"),
    ],
)
def test_it_refuses(options, error, message):
    with pytest.raises(error, match=message):
        resnet(**({"rng": rng(), "depth": 8} | options))


def test_it_learns_digits():
    # Seeds 0 to 2 reach 97.5 to 98.3 %: the bar stands far enough below for another machine's rounding.
    data, generator = load_digits8(), rng(0)
    model = resnet(rng=generator, depth=8, width=8)
    steps = 4 * -(-len(data.train_images) // 32)
    fit(
        model, data.train_images, data.train_labels, optimiser=Adam(model.parameters, lr=0.01), num_epochs=4,
        batch_size=32, rng=generator, schedule=cosine(0.01, num_steps=steps),
    )  # fmt: skip
    assert accuracy(model, data.test_images, data.test_labels) >= 0.95
