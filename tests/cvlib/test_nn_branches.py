"""Containers whose layers share one input: sums, concatenations, forks, and what is built of them."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracle import check_operation
from strategies import normal

from cvlib import nn


def rng(seed=0):
    return np.random.default_rng(seed)


def double(layer):
    """Return the layer with float64 noise in all its parameters, so that biases count as well."""
    noise = rng(7)
    for p in layer.parameters.values():
        p[...] += noise.standard_normal(p.shape)
    return layer


def conv(c_in, c_out, size, **options):
    return nn.Conv2d(c_in, c_out, size, rng=rng(c_in + c_out), dtype=np.float64, **options)


def as_pair(layer, names):
    """Return the layer as a pair of functions of x and its parameters, for the oracle helper."""

    def write(arrays):
        for name, array in zip(names, arrays, strict=True):
            layer.parameters[name][...] = array

    def forward(x, *arrays):
        write(arrays)
        return layer(x)

    def backward(dy, x, *arrays):
        write(arrays)
        layer(x)
        return layer.backward(dy), *(layer.gradients[name].copy() for name in names)

    return forward, backward


def jax_conv(x, w, b, padding=0):
    y = jax.lax.conv_general_dilated(x, w, (1, 1), [(padding, padding)] * 2)
    return y + b[:, None, None]


def check(layer, oracle, x):
    """Hold value and all gradients of a float64 layer against JAX and central differences."""
    names = list(layer.parameters)
    arrays = [x, *(p.copy() for p in layer.parameters.values())]
    forward, backward = as_pair(layer, names)
    y = forward(*arrays)
    dy = normal(*y.shape)
    expected, pull_back = jax.vjp(oracle, *arrays)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    for got, target in zip(backward(dy, *arrays), pull_back(jnp.asarray(dy)), strict=True):
        np.testing.assert_allclose(got, target, atol=1e-11)


def test_a_residual_block():
    block = double(
        nn.Chain(nn.Sum(main=nn.Chain(conv(2, 2, 3, padding=1), nn.Tanh()), skip=nn.Identity()), nn.Tanh())
    )
    check(block, lambda x, w, b: jnp.tanh(jnp.tanh(jax_conv(x, w, b, 1)) + x), normal(2, 2, 4, 5))


def test_an_inception_module():
    module = double(
        nn.Concat(
            one=conv(3, 2, 1),
            three=nn.Chain(reduce=conv(3, 1, 1), conv=conv(1, 4, 3, padding=1)),
            keep=nn.Identity(),
        )
    )

    def oracle(x, w1, b1, wr, br, w3, b3):
        return jnp.concatenate([jax_conv(x, w1, b1), jax_conv(jax_conv(x, wr, br), w3, b3, 1), x], axis=1)

    check(module, oracle, normal(2, 3, 4, 5))


def test_a_dense_block():
    """Every layer reads what all layers before it made: concatenations inside a chain."""
    block = double(
        nn.Chain(*(nn.Concat(nn.Identity(), nn.Chain(nn.Tanh(), conv(c, 2, 3, padding=1))) for c in (3, 5)))
    )

    def oracle(x, w1, b1, w2, b2):
        x = jnp.concatenate([x, jax_conv(jnp.tanh(x), w1, b1, 1)], axis=1)
        return jnp.concatenate([x, jax_conv(jnp.tanh(x), w2, b2, 1)], axis=1)

    check(block, oracle, normal(1, 3, 4, 4))


@pytest.mark.parametrize("container", [nn.Sum, nn.Concat])
def test_joins_are_operations(container):
    """New arrays, both precisions, any memory layout: what every operation is held to."""
    layer = container(nn.Identity(), nn.Tanh(), nn.ReLU())
    parts = {nn.Sum: sum, nn.Concat: lambda ys: jnp.concatenate(ys, axis=1)}

    def oracle(x):
        return parts[container]([x, jnp.tanh(x), jnp.maximum(x, 0)])

    check_operation(
        lambda x: layer(x), lambda dy, x: (layer(x), layer.backward(dy))[1], oracle, [normal(2, 3, 4)]
    )


def test_a_fork_gives_a_tuple_and_sums_what_comes_back():
    fork = nn.Fork(scores=nn.Linear(4, 3, rng=rng(), dtype=np.float64), same=nn.Identity())
    x, dscores, dsame = normal(5, 4), normal(5, 3), normal(5, 4)
    scores, same = fork(x)
    w = fork.parameters["scores.weight"]
    np.testing.assert_allclose(scores, x @ w.T, atol=1e-14)
    np.testing.assert_array_equal(same, x)
    np.testing.assert_allclose(fork.backward((dscores, dsame)), dscores @ w + dsame, atol=1e-14)
    np.testing.assert_allclose(fork.gradients["scores.weight"], dscores.T @ x, atol=1e-14)
    assert fork.output_shape((4,)) == ((3,), (4,))
    assert fork.macs((4,)) == 12


@pytest.mark.parametrize("container", [nn.Sum, nn.Concat])
def test_without_dx_the_parameters_learn_all_the_same(container):
    layer = container(conv(2, 2, 1), conv(2, 2, 3, padding=1))
    y = layer(normal(1, 2, 3, 3))
    layer.backward(y)
    full = {name: g.copy() for name, g in layer.gradients.items()}
    assert layer.backward(y, needs_dx=False) is None
    for name, g in layer.gradients.items():
        np.testing.assert_array_equal(g, full[name])


def test_the_identity_skip_carries_the_whole_gradient():
    """However small the other branch's slope: why deep residual networks can be trained."""
    layers = [
        nn.Sum(nn.Identity(), nn.Linear(3, 3, init=zeros, rng=rng(), dtype=np.float64)) for _ in range(50)
    ]
    deep = nn.Chain(*layers)
    dy = normal(2, 3)
    deep(normal(2, 3))
    np.testing.assert_array_equal(deep.backward(dy), dy)


def zeros(shape, *, rng, dtype):
    return np.zeros(shape, dtype)


def test_containers_open_in_summaries():
    block = nn.Chain(
        body=nn.Sum(main=nn.Chain(conv(4, 4, 3, padding=1), conv(4, 4, 3, padding=1)), skip=nn.Identity()),
        split=nn.Concat(narrow=conv(4, 1, 1), wide=conv(4, 2, 5, padding=2)),
    )
    table = nn.summary(block, (4, 8, 8))
    pixels = 8 * 8 * 8  # bytes of one map in float64
    got = [
        (row.name.partition(":")[0], row.output_shape[0], row.memory // pixels, row.receptive_field[0])
        for row in table.rows
    ]
    assert got == [
        ("body.main.0", 4, 4, 3),
        ("body.main.1", 4, 4, 5),
        ("body.skip", 4, 0, 1),
        ("body", 4, 4, 5),
        ("split.narrow", 1, 1, 5),
        ("split.wide", 2, 2, 9),
        ("split", 3, 3, 9),
    ]
    assert table.rows[3].name == "body: Sum"
    assert table.parameters == sum(p.size for p in block.parameters.values())
    assert table.macs == block.macs((4, 8, 8)) == 64 * (2 * 144 + 4 + 200)
    assert table.memory == 22 * pixels
    assert [row.name for row in nn.summary(nn.Fork(a=nn.ReLU(), b=nn.Tanh()), (2,)).rows] == [
        "a: ReLU()",
        "b: Tanh()",
    ]


def test_after_a_branch_that_sees_everything_all_is_seen():
    table = nn.summary(nn.Sum(nn.Linear(3, 3, rng=rng()), nn.Identity()), (3,))
    assert [row.receptive_field for row in table.rows] == [None, (1, 1), None]


def test_names_and_looks():
    block = nn.Concat(a=nn.Sum(nn.ReLU(), nn.Identity()), b=nn.Linear(2, 2, rng=rng()))
    assert list(block.parameters) == ["b.weight", "b.bias"]
    assert repr(block) == ("Concat(\n  a: Sum(\n    0: ReLU()\n    1: Identity()\n  )\n  b: Linear(2, 2)\n)")


def test_buffers_are_gathered():
    layer = nn.ReLU()
    layer.buffers["mean"] = np.zeros(2)
    chain = nn.Chain(first=nn.Sum(a=layer, b=nn.Identity()))
    assert list(chain.buffers) == ["first.a.mean"]
    assert chain.buffers["first.a.mean"] is layer.buffers["mean"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Sum(nn.Linear(2, 3, rng=rng()), nn.Identity())(np.ones((1, 2))),
         "the branches' output shapes must be equal, got (1, 3), (1, 2)"),
        (lambda: nn.Sum(nn.Linear(2, 3, rng=rng()), nn.Identity()).output_shape((2,)),
         "the branches' output shapes must be equal, got (3,), (2,)"),
        (lambda: nn.Concat(conv(1, 1, 3), nn.Identity())(np.ones((1, 1, 4, 4))),
         "must agree but for the channels, got (1, 2, 2), (1, 4, 4)"),
        (lambda: nn.Concat(conv(1, 1, 3), nn.Identity()).output_shape((1, 4, 4)),
         "must agree but for the channels, got (2, 2), (4, 4)"),
        (lambda: after(nn.Concat(nn.Identity(), nn.ReLU())).backward(np.ones((1, 3))),
         "dy must have 4 channels in axis 1, got shape (1, 3)"),
        (lambda: after(nn.Fork(nn.Identity(), nn.ReLU())).backward((np.ones((1, 2)),)),
         "dy must hold one upstream gradient for each of 2 branches, got 1"),
        (lambda: after(nn.Fork(nn.Identity(), nn.ReLU())).backward(np.ones((1, 2))),
         "for each of 2 branches, got ndarray"),
    ],
)  # fmt: skip
def test_containers_refuse(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def after(layer):
    layer(np.ones((1, 2)))
    return layer


@pytest.mark.parametrize("container", [nn.Sum, nn.Concat])
def test_backward_before_forward_is_explained(container):
    with pytest.raises(RuntimeError, match="call forward before backward"):
        container(nn.Identity(), nn.ReLU()).backward(np.ones((1, 2)))


def test_one_layer_cannot_be_two_branches():
    shared = nn.ReLU()
    with pytest.raises(ValueError, match="must be different objects"):
        nn.Sum(nn.Chain(shared), shared)


def test_an_error_names_the_branch():
    with pytest.raises(ValueError, match="must") as caught:
        nn.Sum(left=nn.Identity(), right=nn.Linear(3, 2, rng=rng()))(np.ones((1, 2)))
    assert "in layer 'right': Linear(3, 2)" in caught.value.__notes__


# The layers between rows and maps


def test_unflatten_is_the_way_back_of_flatten():
    x = normal(2, 3, 4, 5)
    rows, maps = nn.Flatten(), nn.Unflatten((3, 4, 5))
    np.testing.assert_array_equal(maps(rows(x)), x)
    np.testing.assert_array_equal(maps.backward(x), rows(x))
    assert maps.output_shape((60,)) == (3, 4, 5)
    assert repr(maps) == "Unflatten((3, 4, 5))"
    assert maps.backward(x, needs_dx=False) is None


def test_unflatten_refuses():
    maps = nn.Unflatten((2, 3))
    with pytest.raises(ValueError, match=r"x must have 6 numbers for \(2, 3\), got 5"):
        maps(np.ones((1, 5)))
    with pytest.raises(ValueError, match=r"input_shape must be \(6,\), got \(5,\)"):
        maps.output_shape((5,))
    with pytest.raises(ValueError, match="must be at least 1"):
        nn.Unflatten((2, 0))
    maps(np.ones((1, 6)))
    with pytest.raises(ValueError, match=r"dy must have shape \(1, 2, 3\), got \(1, 6\)"):
        maps.backward(np.ones((1, 6)))


def test_global_average_pooling():
    layer = nn.GlobalAvgPool2d()
    check_operation(
        lambda x: layer(x),
        lambda dy, x: (layer(x), layer.backward(dy))[1],
        lambda x: x.mean((2, 3)),
        [normal(2, 3, 4, 5)],
    )
    assert layer.output_shape((3, 4, 5)) == (3,)
    with pytest.raises(ValueError, match="x must have 4 axes"):
        layer(np.ones((2, 3)))
