"""The fully convolutional net against the same net written anew in JAX, and hand counts."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from slopes import check_gradients, shake

from cvlib import nn
from cvlib.data import make_scenes
from cvlib.losses import pixel_cross_entropy, pixel_cross_entropy_backward
from cvlib.metrics import mean_iou
from cvlib.models import fcn
from cvlib.ops import interpolate
from cvlib.optim import Adam
from cvlib.train import fit

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)

both = pytest.mark.parametrize("skips", [True, False])


def rng(seed=0):
    return np.random.default_rng(seed)


def jax_fcn(p, x, skips):
    """The net level by level, from the paper's figure: three poolings, then scores added on the way back."""
    prefixes = ["", "scores1.coarser.", "scores1.coarser.scores2.coarser."] if skips else [""] * 3

    def conv(x, name, padding):
        y = lax.conv_general_dilated(x, p[f"{name}.weight"], (1, 1), [(padding, padding)] * 2)
        return y + p[f"{name}.bias"][:, None, None]

    def up(x, w, factor):
        kernel = w.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
        edge = 2 * factor - 1 - factor // 2
        return lax.conv_general_dilated(x, kernel, (1, 1), [(edge, edge)] * 2, lhs_dilation=(factor, factor))

    maps = []
    for level, prefix in enumerate(prefixes, start=1):
        x = jax.nn.relu(conv(x, f"{prefix}stage{level}.conv", 1))
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        maps.append(x)
    deepest = f"{prefixes[2]}scores3"
    y = conv(jax.nn.relu(conv(x, f"{deepest}.conv", 1)), f"{deepest}.score", 0)
    if not skips:
        return up(y, p["up.weight"], 8)
    y = up(y, p[f"{prefixes[2]}up3.weight"], 2)
    for level in (2, 1):
        y = y + conv(maps[level - 1], f"{prefixes[level - 1]}scores{level}.skip", 0)
        y = up(y, p[f"{prefixes[level - 1]}up{level}.weight"], 2)
    return y


@both
def test_the_net_and_its_gradients_match_jax(skips):
    model = shake(fcn(rng=rng(1), num_classes=3, in_channels=2, width=2, skips=skips, dtype=np.float64))
    x, upstream = rng(2).normal(0, 1, (2, 2, 16, 8)), rng(3).normal(0, 1, (2, 3, 16, 8))
    y, pull = jax.vjp(lambda p, x: jax_fcn(p, x, skips), dict(model.parameters), jnp.asarray(x))
    gradients, dx = pull(jnp.asarray(upstream))
    np.testing.assert_allclose(model(x), y, rtol=0, atol=1e-12)
    np.testing.assert_allclose(model.backward(upstream), dx, rtol=0, atol=1e-11)
    assert gradients.keys() == model.gradients.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(model.gradients[name], gradient, rtol=0, atol=1e-11, err_msg=name)


@both
def test_gradients_fit_the_slopes(skips):
    model = shake(fcn(rng=rng(1), num_classes=3, in_channels=1, width=2, skips=skips, dtype=np.float64))
    check_gradients(model, rng(2).normal(0, 1, (1, 1, 8, 16)))


def test_the_net_by_its_numbers():
    stages = (3 * 9 * 16 + 16) + (16 * 9 * 32 + 32) + (32 * 9 * 64 + 64) + (64 * 9 * 64 + 64)
    table = nn.summary(fcn(rng=rng()), (3, 32, 32))
    assert table.parameters == stages + (64 + 32 + 16 + 3) * 4 + 3 * 4 * 4 * 16 == 61_740
    coarse = nn.summary(fcn(rng=rng(), skips=False), (3, 32, 32))
    assert coarse.parameters == stages + (64 + 1) * 4 + 4 * 4 * 256 == 64_868
    assert table.rows[-1].output_shape == coarse.rows[-1].output_shape == (4, 32, 32)
    joins = [row.output_shape for row in table.rows if row.name.endswith(": Sum")]
    assert joins == [(4, 8, 8), (4, 16, 16)]
    convs = 32**2 * 27 * 16 + 16**2 * 144 * 32 + 8**2 * 288 * 64 + 4**2 * 576 * 64
    scores, ups = 4 * (4**2 * 64 + 8**2 * 32 + 16**2 * 16), 16 * 16 * (4**2 + 8**2 + 16**2)
    assert table.macs == convs + scores + ups


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_types(skips, dtype):
    model = fcn(rng=rng(), num_classes=5, in_channels=1, width=3, skips=skips, dtype=dtype)
    y = model(np.ones((2, 1, 24, 40), dtype))
    assert (y.shape, y.dtype) == ((2, 5, 24, 40), dtype)
    model.backward(y)
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(dtype)}


@both
def test_an_untrained_net_has_no_opinion(skips):
    model = fcn(rng=rng(), skips=skips)
    logits = model(rng(1).random((2, 3, 16, 16), np.float32))
    assert pixel_cross_entropy(logits, np.zeros((2, 16, 16), int)) == pytest.approx(np.log(4))


def test_upsampling_starts_as_interpolation():
    """Away from the border, where the transposed convolution sees zeros."""
    scores = rng(1).normal(0, 1, (1, 4, 6, 6)).astype(np.float32)
    for factor, model in ((2, fcn(rng=rng())["up1"]), (8, fcn(rng=rng(), skips=False)["up"])):
        middle = (..., slice(factor, -factor), slice(factor, -factor))
        expected = interpolate(scores, scale_factor=factor)[middle]
        np.testing.assert_allclose(model(scores)[middle], expected, atol=1e-6)


def test_the_same_rng_gives_the_same_weights():
    one, two, other = (fcn(rng=rng(seed)).parameters for seed in (3, 3, 4))
    for name, p in one.items():
        np.testing.assert_array_equal(p, two[name])
    assert (one["stage1.conv.weight"] != other["stage1.conv.weight"]).all()


def test_skips_draw_finer_borders():
    """On scenes never seen; a net that calls everything background has a mean IoU of 0.2."""
    scenes, unseen = make_scenes(400, rng=rng(1)), make_scenes(100, rng=rng(2))
    quality = {}
    for skips in (True, False):
        model = fcn(rng=rng(3), width=8, skips=skips)
        fit(
            model, scenes.images, scenes.masks, optimiser=Adam(model.parameters, lr=0.005), num_epochs=16,
            batch_size=16, rng=rng(4), loss=(pixel_cross_entropy, pixel_cross_entropy_backward),
        )  # fmt: skip
        quality[skips] = mean_iou(unseen.masks, model(unseen.images).argmax(axis=1), 4)
    assert quality[True] > 0.65
    assert quality[True] > quality[False] + 0.08


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"num_classes": 0}, ValueError, "num_classes must be at least 1, got 0"),
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1, got 0"),
        ({"width": 0}, ValueError, "width must be at least 1, got 0"),
        ({"width": 2.0}, TypeError, "width must be an integer, got 2.0"),
        ({"rng": 0}, TypeError, "rng must be a numpy Generator"),
        ({"dtype": int}, TypeError, "dtype must be float32 or float64, got <class 'int'>"),
    ],
)
def test_it_refuses(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        fcn(**({"rng": rng()} | options))


def test_sizes_that_do_not_divide_are_refused():
    """20 -> 10 -> 5 -> 2 pixels, and 2 enlarged twice are not 5."""
    with pytest.raises(ValueError, match=re.escape("must be equal, got (1, 4, 5, 5), (1, 4, 4, 4)")):
        fcn(rng=rng())(np.ones((1, 3, 20, 20), np.float32))
