"""Layers over time, against their cells step by step, JAX without a scan, differences, and the coursework."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import normal

from cvlib import nn, ops
from cvlib.gradcheck import gradient_error, numerical_gradient

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)

F64 = {"dtype": np.float64}


def rng(seed=0):
    return np.random.default_rng(seed)


def rnn(D=3, H=4, **options):
    return with_bias(nn.RNN(D, H, rng=rng(), **F64, **options))


def lstm(D=3, H=4, **options):
    return with_bias(nn.LSTM(D, H, rng=rng(), **F64, **options))


def with_bias(layer):
    layer.parameters["bias"][...] = normal(len(layer.parameters["bias"]))
    return layer


LAYERS = {
    "tanh": rnn,
    "relu": lambda *size, **options: rnn(*size, nonlinearity="relu", **options),
    "lstm": lstm,
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def first_state(layer, N, seed=0):
    h, c = normal(N, layer.hidden_size, seed=seed), normal(N, layer.hidden_size, seed=seed + 1)
    return (h, c) if isinstance(layer, nn.LSTM) else h


def as_list(state):
    return list(state) if isinstance(state, tuple) else [state]


def jax_unrolled(layer):
    """Return the layer as a function of its input, first state and parameters: a loop, cut where it is cut."""
    f = jax.nn.relu if getattr(layer, "nonlinearity", "") == "relu" else jnp.tanh

    def run(x, state, p):
        outputs = []
        for t in range(x.shape[1]):
            if layer.truncation and t % layer.truncation == 0 and t > 0:
                state = [jax.lax.stop_gradient(part) for part in state]
            a = jnp.einsum("nd,kd->nk", x[:, t], p["weight_ih"]) + p["bias"]
            a = a + jnp.einsum("nj,kj->nk", state[0], p["weight_hh"])
            if len(state) == 1:
                state = [f(a)]
            else:
                i, forget, g, o = jnp.split(a, 4, axis=1)
                c = jax.nn.sigmoid(forget) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
                state = [jax.nn.sigmoid(o) * jnp.tanh(c), c]
            outputs.append(state[0])
        return jnp.stack(outputs, axis=1)

    return run


def check_against_jax(layer, x, state, dy):
    @jax.jit
    def expected_results(dy, *arguments):
        y, pull_back = jax.vjp(jax_unrolled(layer), *arguments)
        return y, *pull_back(dy)

    y, dx, dstate, gradients = expected_results(dy, x, as_list(state), dict(layer.parameters))
    pairs = [(layer.forward(x, state=state), y), (layer.backward(dy), dx)]
    pairs += zip(as_list(layer.dstate), dstate, strict=True)
    assert layer.gradients.keys() == gradients.keys() == layer.parameters.keys()
    pairs += [(layer.gradients[name], gradient) for name, gradient in gradients.items()]
    for result, expected in pairs:
        assert result.flags.c_contiguous
        assert result.flags.writeable
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12 * max(1, np.abs(expected).max()))


# Forward and backward


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(list(LAYERS)),
    st.tuples(*[st.integers(1, 3)] * 3),
    st.integers(1, 4),
    st.none() | st.integers(1, 5),
)
def test_agrees_with_jax(name, size, T, truncation):
    N, D, H = size
    layer = LAYERS[name](D, H, truncation=truncation)
    check_against_jax(layer, normal(N, T, D), first_state(layer, N), normal(N, T, H, seed=1))


@each_layer
def test_agrees_with_its_cell_step_by_step(make):
    """And the gradients of the shared weights are the sums over all steps."""
    layer, (N, T) = make(), (2, 5)
    x, dy, state = normal(N, T, 3), normal(N, T, 4), first_state(layer, N)
    p = list(layer.parameters.values())
    cell, backward, options = ops.lstm_cell, ops.lstm_cell_backward, {}
    if isinstance(layer, nn.RNN):
        cell, backward, options = ops.rnn_cell, ops.rnn_cell_backward, {"nonlinearity": layer.nonlinearity}

    y, states = layer.forward(x, state=state), [as_list(state)]
    for t in range(T):
        states.append(as_list(cell(x[:, t], *states[-1], *p, **options)))
        np.testing.assert_allclose(y[:, t], states[-1][0], rtol=1e-13, atol=1e-14)
    for got, expected in zip(as_list(layer.state), states[-1], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)

    dx, total, dstate = np.empty_like(x), [0, 0, 0], [np.zeros((N, 4)) for _ in states[0]]
    for t in reversed(range(T)):
        dstate[0] = dstate[0] + dy[:, t]
        upstream = dstate[0] if len(dstate) == 1 else tuple(dstate)
        dx[:, t], *rest = backward(upstream, x[:, t], *states[t], *p, **options)
        dstate, (*gradients, none) = rest[: len(dstate)], rest[len(dstate) :]
        assert none is None
        total = [a + b for a, b in zip(total, gradients, strict=True)]
    np.testing.assert_allclose(layer.backward(dy), dx, rtol=1e-12, atol=1e-13)
    for got, expected in zip(as_list(layer.dstate), dstate, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)
    for got, expected in zip(layer.gradients.values(), total, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


@each_layer
@pytest.mark.parametrize("name", ["x", "weight_ih", "weight_hh", "bias", "state"])
def test_central_differences(make, name):
    layer, x, upstream = make(2, 3), normal(2, 6, 2), normal(2, 6, 3, seed=4)
    state = np.array(as_list(first_state(layer, 2)))

    def as_state(array):
        return tuple(array) if len(array) == 2 else array[0]

    def loss(value):
        given = {"x": x, "state": state} | ({name: value} if name in ("x", "state") else {})
        if name in layer.parameters:
            layer.parameters[name][...] = value
        return np.vdot(upstream, layer.forward(given["x"], state=as_state(given["state"])))

    start = {"x": x, "state": state, **layer.parameters}[name].copy()
    numerical = numerical_gradient(loss, start)
    loss(start)
    dx = layer.backward(upstream)
    gradient = {"x": dx, "state": np.array(as_list(layer.dstate)), **layer.gradients}[name]
    assert np.abs(numerical).max() > 1e-2
    assert gradient_error(gradient, numerical) < 1e-6


def test_a_running_sum_by_hand():
    """With all weights 1 and a ReLU a state is the sum of the inputs so far; each input is seen from its step on."""
    layer = nn.RNN(1, 1, rng=rng(), nonlinearity="relu", **F64)
    for name in ("weight_ih", "weight_hh"):
        layer.parameters[name][...] = 1
    np.testing.assert_array_equal(layer([[[1], [2], [3], [4]]]).ravel(), [1, 3, 6, 10])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 4, 1))).ravel(), [4, 3, 2, 1])
    np.testing.assert_array_equal(layer.dstate, [[4]])
    # dL/dw_ih = 4*1 + 3*2 + 2*3 + 1*4, dL/dw_hh = 4*0 + 3*1 + 2*3 + 1*6, dL/db = 4 + 3 + 2 + 1
    assert [gradient.item() for gradient in layer.gradients.values()] == [20, 15, 10]


@each_layer
def test_without_a_first_state_it_is_zero(make):
    layer, x = make(), normal(2, 3, 3)
    zero = np.zeros((2, 4))
    expected = layer.forward(x, state=(zero, zero) if isinstance(layer, nn.LSTM) else zero)
    np.testing.assert_array_equal(layer(x), expected)


@each_layer
def test_states_go_on_from_where_they_were(make):
    """Two halves with the state handed over are one whole; what is changed outside changes nothing inside."""
    layer, x = make(), normal(2, 7, 3)
    whole, end = layer(x), layer.state
    first = layer(x[:, :3])
    handed = layer.state
    second = layer.forward(x[:, 3:], state=handed)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=1e-13, atol=1e-15)
    for got, expected in zip(as_list(layer.state), as_list(end), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-15)
    expected = layer.backward(np.ones_like(second))
    layer.forward(x[:, 3:], state=handed)
    for part in [second, *as_list(layer.state)]:
        part[...] = 9
    np.testing.assert_array_equal(layer.backward(np.ones_like(second)), expected)


@each_layer
def test_without_dx_the_rest_is_the_same(make):
    layer, x, dy = make(), normal(2, 3, 3), normal(2, 3, 4)
    layer(x)
    layer.backward(dy)
    expected, dstate = layer.gradients, layer.dstate
    assert layer.backward(dy, needs_dx=False) is None
    for name, gradient in layer.gradients.items():
        np.testing.assert_array_equal(gradient, expected[name])
    np.testing.assert_array_equal(layer.dstate, dstate)


@each_layer
def test_memory_layout_changes_nothing(make):
    layer, x, dy = make(), normal(2, 4, 3), normal(2, 4, 4)
    y, dx = layer(x), layer.backward(dy)
    apart = np.full((6, 8, 4), np.nan)[::2, ::-2, ::2].T
    x_apart, dy_apart = apart[:2, :, :3].copy("F"), np.asfortranarray(dy)
    x_apart[...] = x
    np.testing.assert_allclose(layer(x_apart), y, rtol=1e-13)
    np.testing.assert_allclose(layer.backward(dy_apart), dx, rtol=1e-12)


# Truncation


@each_layer
@pytest.mark.parametrize("truncation", [1, 2, 3, 5])
def test_truncation_is_the_gradient_of_the_cut_graph(make, truncation):
    """JAX with stop_gradient between the chunks of k; the last chunk may be shorter."""
    layer = make(truncation=truncation)
    check_against_jax(layer, normal(2, 7, 3), first_state(layer, 2), normal(2, 7, 4))


@each_layer
@pytest.mark.parametrize("truncation", [7, 8, 100])
def test_truncation_beyond_the_length_cuts_nothing(make, truncation):
    whole, cut, x, dy = make(), make(truncation=truncation), normal(2, 7, 3), normal(2, 7, 4)
    np.testing.assert_array_equal(cut(x), whole(x))
    np.testing.assert_array_equal(cut.backward(dy), whole.backward(dy))
    np.testing.assert_array_equal(cut.dstate, whole.dstate)
    for name in whole.gradients:
        np.testing.assert_array_equal(cut.gradients[name], whole.gradients[name])


@each_layer
def test_coursework_a40_two_chunks_of_three_steps(make):
    """The state runs from h_0 to h_6 without a break; the gradient of a loss on h_6 reaches x_4, x_5 and x_6 only."""
    layer, whole = make(truncation=3), make()
    x, dy = normal(1, 6, 3), np.zeros((1, 6, 4))
    dy[:, 5] = 1
    np.testing.assert_array_equal(layer(x), whole(x))
    assert np.abs(layer.backward(dy)).sum(axis=(0, 2)).astype(bool).tolist() == [False] * 3 + [True] * 3
    assert np.abs(whole.backward(dy)).sum(axis=(0, 2)).all()
    assert not np.any(layer.dstate)
    assert np.any(whole.dstate)


@each_layer
def test_coursework_a40_chunk_by_chunk(make):
    """Truncation in one call is what one gets by hand: each chunk on its own, the state carried into the next."""
    layer, chunk = make(truncation=3), make()
    x, dy, state = normal(2, 8, 3), normal(2, 8, 4), first_state(make(), 2)
    layer.forward(x, state=state)
    dx, total, dstates = layer.backward(dy), dict.fromkeys(layer.parameters, 0), []
    for steps in (slice(0, 3), slice(3, 6), slice(6, 8)):
        chunk.forward(x[:, steps], state=state)
        state = chunk.state
        np.testing.assert_allclose(chunk.backward(dy[:, steps]), dx[:, steps], rtol=1e-12, atol=1e-14)
        dstates.append(chunk.dstate)
        total = {name: total[name] + gradient for name, gradient in chunk.gradients.items()}
    np.testing.assert_allclose(layer.dstate, dstates[0], rtol=1e-12, atol=1e-14)
    for name, gradient in layer.gradients.items():
        np.testing.assert_allclose(gradient, total[name], rtol=1e-12, atol=1e-13)


# Vanishing and exploding, coursework A42


def norms_by_step(layer, T, features):
    """Return the norm of the gradient of the last state with respect to the input of every step."""
    layer(np.zeros((1, T, features), layer.parameters["bias"].dtype))
    dy = np.zeros((1, T, layer.hidden_size))
    dy[:, -1] = 1
    return np.linalg.norm(layer.backward(dy), axis=2).ravel()


@pytest.mark.parametrize(("w", "T", "first"), [(0.8, 51, 0.8**50), (1.2, 51, 1.2**50), (0.5, 11, 0.5**10)])
def test_one_unit_multiplies_its_weight_at_every_step(w, T, first):
    """A ReLU that is always active: w^(T-1) on the way to the first step, 0.8^50 = 1.4e-5 or 1.2^50 = 9.1e3."""
    layer = nn.RNN(1, 1, rng=rng(), nonlinearity="relu", **F64)
    for name, value in (("weight_ih", 1), ("weight_hh", w), ("bias", 1)):
        layer.parameters[name][...] = value
    norms = norms_by_step(layer, T, 1)
    np.testing.assert_allclose(norms, w ** np.arange(T - 1, -1, -1.0), rtol=1e-12)
    assert norms[0] == pytest.approx(first)


def test_orthogonal_weights_keep_the_norm_and_smaller_ones_lose_it():
    """At h = 0 the slope of tanh is 1, so the factors are W itself: an orthogonal W, or 0.9 of it."""
    layer = nn.RNN(4, 4, rng=rng(), **F64)
    layer.parameters["weight_ih"][...] = np.eye(4)
    np.testing.assert_allclose(norms_by_step(layer, 30, 4), 2, rtol=1e-12)
    layer.parameters["weight_hh"] *= 0.9
    np.testing.assert_allclose(norms_by_step(layer, 30, 4), 2 * 0.9 ** np.arange(29, -1, -1), rtol=1e-12)


def test_a_long_short_term_memory_remembers_where_a_plain_net_forgets():
    """With saturating inputs tanh stops the gradient within ten steps; an open forget gate lets it through fifty."""
    plain, gated = nn.RNN(4, 4, rng=rng(), **F64), nn.LSTM(4, 4, rng=rng(), forget_bias=5, **F64)
    plain.parameters["bias"][...] = 2
    fading, lasting = norms_by_step(plain, 50, 4), norms_by_step(gated, 50, 4)
    assert fading[40] < 1e-4 * fading[-1]
    assert lasting[0] > 0.1 * lasting[-1]


# What a layer is made of


@each_layer
def test_float32_stays_float32(make):
    x, dy = normal(3, 12, 5), normal(3, 12, 8)
    exact = make(5, 8)
    layer = type(exact)(5, 8, rng=rng(), **({"nonlinearity": "relu"} if "relu" in repr(exact) else {}))
    for name, p in layer.parameters.items():
        assert p.dtype == np.float32
        p[...] = exact.parameters[name]
    y = layer(x.astype(np.float32))
    dx = layer.backward(dy.astype(np.float32))
    results = [y, dx, *layer.gradients.values(), *as_list(layer.state), *as_list(layer.dstate)]
    targets = [exact(x), exact.backward(dy), *exact.gradients.values()]
    targets += [*as_list(exact.state), *as_list(exact.dstate)]
    for result, target in zip(results, targets, strict=True):
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, target, rtol=0, atol=2e-5 * max(1, np.abs(target).max()))
    assert layer(x).dtype == np.float64
    assert layer.backward(dy).dtype == np.float64


@each_layer
def test_empty_batch(make):
    layer = make()
    assert layer(np.ones((0, 5, 3))).shape == (0, 5, 4)
    assert layer.backward(np.ones((0, 5, 4))).shape == (0, 5, 3)
    assert {name: g.shape for name, g in layer.gradients.items()} == {
        name: p.shape for name, p in layer.parameters.items()
    }
    assert not any(gradient.any() for gradient in layer.gradients.values())


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.LSTM, 4)])
def test_new_parameters(kind, gates):
    layer = kind(30, 20, rng=rng())
    shapes = {name: p.shape for name, p in layer.parameters.items()}
    assert shapes == {"weight_ih": (20 * gates, 30), "weight_hh": (20 * gates, 20), "bias": (20 * gates,)}
    for block in np.split(layer.parameters["weight_hh"], gates):
        np.testing.assert_allclose(block.T @ block, np.eye(20), atol=1e-6)
    # Glorot, gate by gate: 2 / (30 + 20)
    assert layer.parameters["weight_ih"].var() == pytest.approx(2 / 50, rel=0.1)
    np.testing.assert_array_equal(
        kind(30, 20, rng=rng()).parameters["weight_hh"], layer.parameters["weight_hh"]
    )


def test_orthogonal_weights_prefer_no_direction():
    """The trace of a random rotation or reflection has mean 0 and variance 1; plain QR would give mean -2."""
    traces = [np.trace(nn.RNN(1, 5, rng=rng(seed)).parameters["weight_hh"]) for seed in range(400)]
    assert abs(np.mean(traces)) < 0.2
    assert np.var(traces) == pytest.approx(1, rel=0.25)


def test_the_forget_gate_starts_open():
    bias = nn.LSTM(3, 2, rng=rng()).parameters["bias"]
    np.testing.assert_array_equal(bias, [0, 0, 1, 1, 0, 0, 0, 0])
    assert not nn.LSTM(3, 2, rng=rng(), forget_bias=0).parameters["bias"].any()


@each_layer
def test_shapes_and_costs(make):
    """For T steps of D inputs and H units: T H (D + H) multiplications, four times that with four gates."""
    layer = make(3, 5)
    assert layer.output_shape((7, 3)) == (7, 5)
    gates = 4 if isinstance(layer, nn.LSTM) else 1
    assert layer.macs((7, 3)) == 7 * gates * 5 * (3 + 5)
    assert nn.summary(layer, (7, 3)).parameters == gates * (5 * (3 + 5) + 5)
    assert layer.windows() is None


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.RNN(3, 5, rng=rng()), "RNN(3, 5)"),
        (nn.RNN(3, 5, rng=rng(), nonlinearity="relu", truncation=4), "RNN(3, 5, nonlinearity='relu', truncation=4)"),
        (nn.LSTM(3, 5, rng=rng()), "LSTM(3, 5)"),
        (nn.LSTM(3, 5, rng=rng(), forget_bias=0, truncation=4), "LSTM(3, 5, forget_bias=0.0, truncation=4)"),
    ],
)  # fmt: skip
def test_a_layer_prints_as_it_was_written(layer, text):
    assert repr(layer) == text


X = np.ones((2, 5, 3))
GOOD = np.zeros((2, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.RNN(0, 3, rng=rng()), ValueError, "input_size must be at least 1, got 0"),
        (lambda: nn.LSTM(3, 2.0, rng=rng()), TypeError, "hidden_size must be an integer, got 2.0"),
        (lambda: nn.RNN(3, 3, rng=0), TypeError, "rng must be a numpy Generator"),
        (lambda: nn.LSTM(3, 3, rng=rng(), dtype=int), TypeError, "dtype must be float32 or float64"),
        (lambda: nn.RNN(3, 3, rng=rng(), truncation=0), ValueError, "truncation must be at least 1, got 0"),
        (lambda: nn.RNN(3, 3, rng=rng(), nonlinearity="elu"), ValueError, "nonlinearity must be one of 'tanh'"),
        (lambda: nn.LSTM(3, 3, rng=rng(), forget_bias="1"), TypeError, "forget_bias must be a number, got '1'"),
        (lambda: rnn()(X[0]), ValueError, "x must have 3 axes (N, T, D), got shape (5, 3)"),
        (lambda: rnn()(X[..., :2]), ValueError, "x must have shape (N, T, 3) with T at least 1, got (2, 5, 2)"),
        (lambda: lstm()(X[:, :0]), ValueError, "x must have shape (N, T, 3) with T at least 1, got (2, 0, 3)"),
        (lambda: rnn().forward(X, state=GOOD[:1]), ValueError, "state must have shape (2, 4), got (1, 4)"),
        (lambda: lstm().forward(X, state=GOOD), TypeError, "state must be a pair (h, c), got a ndarray of 2"),
        (lambda: lstm().forward(X, state=(GOOD, GOOD[0])), ValueError, "state[1] must have shape (2, 4), got (4,)"),
        (lambda: rnn().backward(X), RuntimeError, "RNN(3, 4) has no input to go back to: call forward before"),
        (lambda: rnn().output_shape((3,)), ValueError, "input_shape must be (T, D), without N, got (3,)"),
        (lambda: lstm().macs((5, 4)), ValueError, "input_shape must be (T, 3), got (5, 4)"),
    ],
)  # fmt: skip
def test_layers_refuse(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


@each_layer
def test_bad_upstream_gradient(make):
    layer = make()
    layer(X)
    with pytest.raises(ValueError, match=re.escape("dy must have shape (2, 5, 4), got (2, 4)")):
        layer.backward(np.ones((2, 4)))
