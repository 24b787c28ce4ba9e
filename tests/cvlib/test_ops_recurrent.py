"""Recurrent cells against JAX, their definitions and central differences, and against numbers from other pens."""

import math
import re
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_operation
from strategies import normal

from byhand import definitions
from cvlib import ops
from cvlib.ops import lstm_cell, lstm_cell_backward, rnn_cell, rnn_cell_backward


def arguments(gates, N, D, H, *, b_ih=True, b_hh=True, seed=0):
    """Return x, h, (c,) and the parameters of a cell."""
    biases = [normal(gates * H, seed=seed + n) if given else None for n, given in enumerate((b_ih, b_hh))]
    states = [normal(N, H, seed=seed + n) for n in range(1 if gates == 1 else 2)]
    return [normal(N, D, seed=seed), *states, normal(gates * H, D, seed=seed), normal(gates * H, H), *biases]


def jax_sums(x, h, w_ih, w_hh, b_ih, b_hh):
    a = jnp.einsum("nd,kd->nk", x, w_ih) + jnp.einsum("nj,kj->nk", h, w_hh)
    return a + (0 if b_ih is None else b_ih) + (0 if b_hh is None else b_hh)


def jax_lstm(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = jnp.split(jax_sums(x, h, w_ih, w_hh, b_ih, b_hh), 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def side_by_side(state):
    """Return h and c as one array, the form in which the helper takes values."""
    return np.concatenate(state, axis=1)


def joined(lists):
    return [h + c for h, c in zip(*lists, strict=True)]


def halves(dy):
    """Return the upstream gradients of h and c."""
    half = len(dy[0]) // 2
    if isinstance(dy, list):
        return [row[:half] for row in dy], [row[half:] for row in dy]
    return dy[:, :half], dy[:, half:]


def check_rnn(arrays, nonlinearity):
    f = {"tanh": jnp.tanh, "relu": jax.nn.relu}[nonlinearity]
    check_operation(
        rnn_cell,
        rnn_cell_backward,
        lambda *arrays: f(jax_sums(*arrays)),
        arrays,
        definition=(definitions.rnn_cell, definitions.rnn_cell_backward),
        nonlinearity=nonlinearity,
    )


def check_lstm(arrays):
    check_operation(
        lambda *arrays: side_by_side(lstm_cell(*arrays)),
        lambda dy, *arrays: lstm_cell_backward(halves(dy), *arrays),
        lambda *arrays: jnp.concatenate(jax_lstm(*arrays), axis=1),
        arrays,
        definition=(
            lambda *lists: joined(definitions.lstm_cell(*lists)),
            lambda dy, *lists: definitions.lstm_cell_backward(halves(dy), *lists),
        ),
    )


sizes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
few = settings(max_examples=30, deadline=None)


@few
@given(sizes, st.booleans(), st.booleans(), st.sampled_from(["tanh", "relu"]), st.integers(0, 99))
def test_rnn_cell_agrees_with_jax_and_definition(size, b_ih, b_hh, nonlinearity, seed):
    check_rnn(arguments(1, *size, b_ih=b_ih, b_hh=b_hh, seed=seed), nonlinearity)


@few
@given(sizes, st.booleans(), st.booleans(), st.integers(0, 99))
def test_lstm_cell_agrees_with_jax_and_definition(size, b_ih, b_hh, seed):
    check_lstm(arguments(4, *size, b_ih=b_ih, b_hh=b_hh, seed=seed))


def test_lstm_results_are_arrays_of_their_own():
    """What the helper cannot see of two results side by side: each is new and lies row by row."""
    arrays = arguments(4, 3, 2, 5)
    arrays[2] = np.asfortranarray(arrays[2])
    for result in lstm_cell(*arrays):
        assert result.flags.c_contiguous
        assert result.flags.writeable
        assert not any(np.shares_memory(result, array) for array in arrays)


# Numbers by hand


def test_rnn_cell_by_hand():
    """tanh(1 * 0.5 + 2 * -0.25 + 3 * 0.5 + 0.25 - 0.75) = tanh(1)."""
    h = rnn_cell([[1, 2]], [[3]], [[0.5, -0.25]], [[0.5]], [0.25], [-0.75])
    np.testing.assert_allclose(h, [[0.7615941559557649]], rtol=1e-15)
    dx, dh, dw_ih, dw_hh, db_ih, db_hh = rnn_cell_backward(
        [[2.0]], [[1, 2]], [[3]], [[0.5, -0.25]], [[0.5]], [0.25], [-0.75]
    )
    da = 2 * 0.41997434161402614  # 1 / cosh(1)^2
    np.testing.assert_allclose(dx, [[0.5 * da, -0.25 * da]], rtol=1e-14)
    np.testing.assert_allclose(dh, [[0.5 * da]], rtol=1e-14)
    np.testing.assert_allclose(dw_ih, [[da, 2 * da]], rtol=1e-14)
    np.testing.assert_allclose(dw_hh, [[3 * da]], rtol=1e-14)
    np.testing.assert_allclose([db_ih, db_hh], [[da], [da]], rtol=1e-14)


def test_the_gates_stand_in_the_order_i_f_g_o():
    """A bias of +-1000 opens or closes a gate for good, whatever comes in."""

    def state(i, f, g, o, c):
        return lstm_cell([[0]], [[0]], [[c]], [[0]] * 4, [[0]] * 4, [i, f, g, o])

    open_, closed = 1000, -1000
    h, c = state(open_, closed, 1, open_, c=7)  # forget everything, write tanh(1)
    np.testing.assert_allclose([h, c], [[[math.tanh(math.tanh(1))]], [[math.tanh(1)]]], rtol=1e-15)
    h, c = state(closed, open_, 1, closed, c=7)  # keep everything, write and show nothing
    np.testing.assert_array_equal([h, c], [[[0]], [[7]]])
    h, c = state(open_, open_, -1000, open_, c=7)
    np.testing.assert_array_equal([h, c], [[[math.tanh(6)]], [[6]]])


def test_an_open_forget_gate_hands_the_gradient_on_unchanged():
    """c' = c + i g with i = 0: over a hundred steps dc is still what it was; with f = 1/2 it has vanished."""
    weights = [[0]] * 4, [[0]] * 4
    for forget, expected in ((1000, 1.0), (0, 0.5**100)):
        dh, dc = [[0.0]], [[1.0]]
        for _ in range(100):
            bias = [-1000, forget, 0, 0]
            _, dh, dc, *_ = lstm_cell_backward((dh, dc), [[0]], [[0]], [[0.3]], *weights, bias)
        assert dc.item() == expected


@pytest.mark.parametrize(
    ("w", "factor"),
    [(0.8, 1.4272476927059638e-05), (1.2, 9100.438150002112), (0.5, 8.881784197001252e-16)],
)
def test_fifty_steps_multiply_fifty_factors(w, factor):
    """Coursework A42: 0.8^50 vanishes and 1.2^50 explodes, where the sum 50 * 1.2 = 60 would not."""
    dh = np.array([[1.0]])
    for _ in range(50):
        _, dh, *_ = rnn_cell_backward(dh, [[0]], [[1]], [[1]], [[w]], nonlinearity="relu")
    np.testing.assert_allclose(dh, [[factor]], rtol=1e-12)


def test_the_definition_is_exact():
    """A third of the state, and of the gradient, without rounding."""
    third, relu = Fraction(1, 3), {"nonlinearity": "relu"}
    assert definitions.rnn_cell([[1]], [[5]], [[third]], [[third]], [1], **relu) == [[3]]
    gradients = definitions.rnn_cell_backward([[1]], [[1]], [[5]], [[third]], [[third]], [1], [0], **relu)
    assert gradients == ([[third]], [[third]], [[1]], [[5]], [1], [1])


# Edges


def test_the_kink_of_the_relu_has_slope_0():
    """As in relu_backward; the sum is exactly 0."""
    gradients = rnn_cell_backward([[1]], [[1]], [[1]], [[1]], [[-1]], nonlinearity="relu")
    assert not any(gradient.any() for gradient in gradients[:4])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_units_stay_finite_and_stop_learning(dtype):
    big = np.full((1, 1), 1e4, dtype)
    assert rnn_cell(big, big, big, big).dtype == dtype
    assert not any(gradient.any() for gradient in rnn_cell_backward(big, big, big, big, big)[:4])
    h, c = lstm_cell(big, big, big, np.tile(big, (4, 1)), np.tile(-big, (4, 1)))
    assert (h.dtype, c.dtype) == (dtype, dtype)
    gradients = lstm_cell_backward((big, big), big, big, big, np.tile(big, (4, 1)), np.tile(big, (4, 1)))
    assert gradients[2] == 1e4  # an open forget gate
    assert not any(gradients[n].any() for n in (0, 1, 3, 4))


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_nan_flows_through_its_own_row(nonlinearity):
    x, *others = arguments(1, 2, 3, 2)
    x[1, 0] = np.nan
    h = rnn_cell(x, *others, nonlinearity=nonlinearity)
    np.testing.assert_array_equal(np.isnan(h), [[False, False], [True, True]])
    x, *others = arguments(4, 2, 3, 2)
    x[1, 0] = np.nan
    for result in lstm_cell(x, *others):
        np.testing.assert_array_equal(np.isnan(result), [[False, False], [True, True]])


def test_empty_batch():
    for gates, cell, backward in ((1, rnn_cell, rnn_cell_backward), (4, lstm_cell, lstm_cell_backward)):
        arrays = arguments(gates, 0, 3, 2)
        y = cell(*arrays)
        gradients = backward(y, *arrays)
        assert np.shape(y)[-2:] == (0, 2)
        assert [gradient.shape for gradient in gradients] == [array.shape for array in arrays]
        assert not any(gradient.any() for gradient in gradients)


def test_precision_follows_the_widest():
    x, h, *parameters = (array.astype(np.float32) for array in arguments(1, 2, 3, 4))
    assert rnn_cell(x, h.astype(float), *parameters).dtype == np.float64
    assert {g.dtype for g in rnn_cell_backward(np.ones((2, 4)), x, h, *parameters)} == {np.dtype(float)}
    x, h, c, *parameters = (array.astype(np.float32) for array in arguments(4, 2, 3, 4))
    assert {y.dtype for y in lstm_cell(x, h, c.astype(float), *parameters)} == {np.dtype(float)}
    dy = np.ones((2, 4), np.float32), np.ones((2, 4))
    assert {g.dtype for g in lstm_cell_backward(dy, x, h, c, *parameters)} == {np.dtype(float)}


# Bad arguments

NAMES = {1: ("x", "h", "w_ih", "w_hh", "b_ih", "b_hh"), 4: ("x", "h", "c", "w_ih", "w_hh", "b_ih", "b_hh")}


def message_of(gates, module, bad):
    """Return how both functions of a cell refuse; they must agree."""
    cell, backward = (
        (module.rnn_cell, module.rnn_cell_backward)
        if gates == 1
        else (module.lstm_cell, module.lstm_cell_backward)
    )
    given = dict(zip(NAMES[gates], arguments(gates, 2, 3, 4), strict=True))
    upstream = given["h"] if gates == 1 else (given["h"], given["c"])
    given |= {name: value(given[name]) if callable(value) else value for name, value in bad.items()}
    if module is definitions:
        given = {name: np.asarray(v).tolist() if name in NAMES[gates] else v for name, v in given.items()}
        upstream = [part.tolist() for part in upstream]
    with pytest.raises((TypeError, ValueError)) as forward_says:
        cell(**given)
    with pytest.raises(forward_says.type, match=f"^{re.escape(str(forward_says.value))}$"):
        backward(upstream, **given)
    return f"{forward_says.type.__name__}: {forward_says.value}"


def first_row(array):
    return array[0]


def without_a_row(array):
    return array[:-1]


def without_a_column(array):
    return array[:, :-1]


@pytest.mark.parametrize("gates", [1, 4])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"x": first_row}, "ValueError: x must have 2 axes (N, D), got shape (3,)"),
        ({"h": first_row}, "ValueError: h must have 2 axes (N, H), got shape (4,)"),
        (
            {"h": without_a_row},
            "ValueError: h must have a state for each of the 2 rows of x, got shape (1, 4)",
        ),
        ({"x": without_a_column}, "ValueError: w_ih must have shape ({K}, 2), got ({K}, 3)"),
        ({"w_ih": first_row}, "ValueError: w_ih must have shape ({K}, 3), got (3,)"),
        ({"w_hh": without_a_row}, "ValueError: w_hh must have shape ({K}, 4), got ({K-1}, 4)"),
        ({"b_ih": without_a_row}, "ValueError: b_ih must have shape ({K},), got ({K-1},)"),
        ({"b_hh": 1.0}, "ValueError: b_hh must have shape ({K},), got ()"),
        ({"x": "word"}, "TypeError: x must hold real numbers, got str of dtype <U4"),
        ({"w_hh": None}, "TypeError: w_hh must hold real numbers, got NoneType of dtype object"),
        (
            {"x": np.ones((2, 0)), "w_ih": np.ones((4, 0))},
            "ValueError: x and h must have at least one feature each, got shapes (2, 0) and (2, 4)",
        ),
    ],
)
def test_bad_arguments(gates, bad, message):
    message = message.replace("{K}", str(4 * gates)).replace("{K-1}", str(4 * gates - 1))
    assert message_of(gates, ops, bad) == message


def test_bad_cell_state():
    expected = "ValueError: c must have shape (2, 4), got (2, 3)"
    assert message_of(4, ops, {"c": without_a_column}) == expected


def test_unknown_nonlinearity():
    expected = "ValueError: nonlinearity must be one of 'tanh', 'relu', got 'sigmoid'"
    for module in (ops, definitions):
        assert message_of(1, module, {"nonlinearity": "sigmoid"}) == expected


@pytest.mark.parametrize("gates", [1, 4])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"h": without_a_row}, "h must have the shape of one state for each row of x, (2, 4), got (1, 4)"),
        (
            {"w_ih": without_a_column},
            "w_ih must have the shape of the input's weights, ({K}, 3), got ({K}, 2)",
        ),
        (
            {"w_hh": without_a_row},
            "w_hh must have the shape of the state's weights, ({K}, 4), got ({K-1}, 4)",
        ),
        ({"b_hh": without_a_row}, "b_hh must have the shape of one bias for each sum, ({K},), got ({K-1},)"),
        ({"x": first_row}, "x must be nested lists with 2 axes (N, D), got shape (3,)"),
    ],
)
def test_the_definitions_say_what_is_wrong(gates, bad, message):
    message = message.replace("{K}", str(4 * gates)).replace("{K-1}", str(4 * gates - 1))
    assert message_of(gates, definitions, bad) == f"ValueError: {message}"


@pytest.mark.parametrize("shape", [(2, 3), (1, 4), (8,)])
def test_bad_upstream_gradient(shape):
    rnn, lstm, good = arguments(1, 2, 3, 4), arguments(4, 2, 3, 4), np.ones((2, 4))
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (2, 4), got {shape}")):
        rnn_cell_backward(np.ones(shape), *rnn)
    with pytest.raises(ValueError, match=re.escape(f"dy[0] must have shape (2, 4), got {shape}")):
        lstm_cell_backward((np.ones(shape), good), *lstm)
    with pytest.raises(ValueError, match=re.escape(f"dy[1] must have shape (2, 4), got {shape}")):
        lstm_cell_backward((good, np.ones(shape)), *lstm)


@pytest.mark.parametrize(
    ("dy", "got"),
    [(np.ones((2, 4)), "a ndarray of 2"), (None, "None"), ((1, 2, 3), "a tuple of 3")],
)
def test_the_upstream_gradient_of_an_lstm_is_a_pair(dy, got):
    """An array of two rows would be taken apart into the gradients of two examples."""
    with pytest.raises(TypeError, match=re.escape(f"dy must be a pair (h, c), got {got}")):
        lstm_cell_backward(dy, *arguments(4, 2, 3, 4))
