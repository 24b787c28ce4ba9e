"""Smooth activations against JAX, SciPy, their definitions and central differences; their tails and bad arguments."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from oracle import check_operation
from scipy import special
from strategies import normal

from byhand import definitions
from cvlib import ops
from cvlib.ops import _elementwise
from cvlib.ops._erf import normal_tail

ORACLES = {
    "elu": jax.nn.elu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "sigmoid": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "tanh": jnp.tanh,
}
NAMES = list(ORACLES)
OPTIONS = [
    ("elu", {"alpha": 0.3}),
    ("elu", {"alpha": -2.0}),
    ("gelu", {"approximate": "tanh"}),
    ("softplus", {"beta": 0.2}),
    ("softplus", {"beta": 5}),
]
# Every way to call an activation, for what must hold in general.
CALLS = [(name, {}) for name in NAMES] + OPTIONS


def pair_of(name, module=ops):
    return getattr(module, name), getattr(module, name + "_backward")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1,), (7,), (3, 4), (2, 3, 2, 3)])
def test_agrees_with_jax_definition_and_central_differences(name, shape):
    check_operation(
        *pair_of(name), ORACLES[name], [3 * normal(*shape)], definition=pair_of(name, definitions)
    )


def oracle_with(name, options):
    """Return the oracle with options: JAX itself where it has them."""
    if name == "elu":
        return lambda x: jax.nn.elu(x, **options)
    if name == "gelu":
        return lambda x: jax.nn.gelu(x, approximate=True)
    return lambda x: jax.nn.softplus(options["beta"] * x) / options["beta"]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
@pytest.mark.parametrize("shape", [(1,), (3, 4)])
def test_options_agree_with_jax_definition_and_central_differences(name, options, shape):
    check_operation(
        *pair_of(name), oracle_with(name, options), [3 * normal(*shape)],
        definition=pair_of(name, definitions), **options,
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    call=st.one_of(
        st.tuples(st.just("elu"), st.fixed_dictionaries({"alpha": st.floats(-3, 3)})),
        st.tuples(st.just("softplus"), st.fixed_dictionaries({"beta": st.floats(0.01, 50)})),
        st.tuples(st.just("gelu"), st.fixed_dictionaries({"approximate": st.just("tanh")})),
    ),
    scale=st.floats(0.01, 100),
    seed=st.integers(0, 99),
)
def test_options_agree_with_the_definition(call, scale, seed):
    name, options = call
    (forward, backward), (definition, definition_backward) = pair_of(name), pair_of(name, definitions)
    x, dy = scale * normal(2, 5, seed=seed), normal(2, 5, seed=seed + 1)
    expected = definition(x.tolist(), **options)
    np.testing.assert_allclose(forward(x, **options), expected, rtol=1e-12, atol=1e-12)
    expected = definition_backward(dy.tolist(), x.tolist(), **options)
    np.testing.assert_allclose(backward(dy, x, **options), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    shape=array_shapes(max_dims=4, max_side=5),
    scale=st.floats(0.01, 100),
    seed=st.integers(0, 99),
)
def test_agrees_with_jax_on_any_shape(name, shape, scale, seed):
    check_operation(*pair_of(name), ORACLES[name], [scale * normal(*shape, seed=seed)], central=False)


@pytest.mark.parametrize("name", NAMES)
def test_empty_arrays_and_single_numbers(name):
    forward, backward = pair_of(name)
    assert forward(np.zeros((0, 3))).shape == backward(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)
    assert forward(0.7) == forward([0.7])[0]
    assert backward(2.0, 0.7) == backward([2.0], [0.7])[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("given_types", "expected"),
    [
        ((np.float32, np.float32), np.float32),
        ((np.float64, np.float32), np.float64),
        ((np.float32, np.float64), np.float64),
        ((np.float16, np.float16), np.float32),
        ((np.int64, np.uint8), np.float64),
    ],
)
def test_floating_types(name, given_types, expected):
    forward, backward = pair_of(name)
    dy, x = (np.ones(3, dtype) for dtype in given_types)
    assert backward(dy, x).dtype == expected
    assert forward(dy).dtype == (np.float32 if dy.dtype.itemsize < 8 and dy.dtype.kind == "f" else np.float64)


# Sigmoid and tanh


def test_b5_values_and_slopes():
    np.testing.assert_array_equal(ops.sigmoid([0.0]), [0.5])
    np.testing.assert_array_equal(ops.sigmoid_backward([1.0], [0.0]), [0.25])
    np.testing.assert_array_equal(ops.tanh_backward([1.0], [0.0]), [1])
    x = np.linspace(-20, 20, 401)
    slopes = [pair_of(name)[1](np.ones_like(x), x) for name in ("sigmoid", "tanh")]
    assert [s.max() for s in slopes] == [0.25, 1]
    assert all((s > 0).all() for s in slopes)


def test_c1a_sigmoid_of_the_neuron():
    assert ops.sigmoid(0.8) == pytest.approx(0.6899745, abs=5e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_overflow_at_the_largest_numbers(dtype):
    x = np.array([-math.inf, -np.finfo(dtype).max, -1e4, 1e4, np.finfo(dtype).max, math.inf], dtype)
    one = np.ones(6, dtype)
    np.testing.assert_array_equal(ops.sigmoid(x), [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(ops.tanh(x), [-1, -1, -1, 1, 1, 1])
    np.testing.assert_array_equal(ops.sigmoid_backward(one, x), 0)
    np.testing.assert_array_equal(ops.tanh_backward(one, x), 0)
    assert np.isnan(ops.sigmoid(np.array([math.nan], dtype))).all()


def test_the_tails_keep_their_digits():
    x = np.array([-700.0, -300.0, -40.0, -5.0, 5.0, 40.0, 300.0, 700.0])
    np.testing.assert_allclose(ops.sigmoid(x), special.expit(x), rtol=1e-14)
    slope = special.expit(x) * special.expit(-x)
    np.testing.assert_allclose(ops.sigmoid_backward(np.ones(8), x), slope, rtol=1e-13)
    np.testing.assert_allclose(ops.tanh_backward(np.ones(8), x / 2), np.cosh(x / 2) ** -2.0, rtol=1e-13)


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e6, 1e6))
def test_symmetries(x):
    assert ops.sigmoid(x) + ops.sigmoid(-x) == pytest.approx(1, abs=1e-15)
    assert ops.sigmoid_backward(1.0, x) == ops.sigmoid_backward(1.0, -x)
    assert ops.tanh(-x) == -ops.tanh(x)
    assert ops.tanh(x) == pytest.approx(2 * ops.sigmoid(2 * x) - 1, abs=1e-15)


# Extreme numbers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CALLS)
def test_limits_without_warnings(name, options, dtype):
    """Where the function has a limit at infinity, that is the value, long before infinity too."""
    forward, backward = pair_of(name)
    huge = np.array([1e4, np.finfo(dtype).max, math.inf], dtype)
    left = {"elu": -options.get("alpha", 1), "tanh": -1}.get(name, 0)
    right = huge if name not in ("sigmoid", "tanh") else 1
    np.testing.assert_array_equal(forward(-huge, **options), dtype(left))
    np.testing.assert_array_equal(forward(huge, **options), right)
    dy = np.array([3, -2, 5], dtype)
    np.testing.assert_array_equal(backward(dy, -huge, **options), 0)
    np.testing.assert_array_equal(backward(dy, huge, **options), dy if name not in ("sigmoid", "tanh") else 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CALLS)
def test_nan_stays_nan(name, options, dtype):
    forward, backward = pair_of(name)
    x = np.array([math.nan, 1], dtype)
    np.testing.assert_array_equal(np.isnan(forward(x, **options)), [True, False])
    np.testing.assert_array_equal(np.isnan(backward(np.ones(2, dtype), x, **options)), [True, False])
    np.testing.assert_array_equal(np.isnan(backward(x, np.ones(2, dtype), **options)), [True, False])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CALLS)
def test_the_smallest_numbers_see_the_tangent_at_zero(name, options, dtype):
    forward, backward = pair_of(name)
    tiny = np.finfo(dtype).smallest_subnormal * np.array([-1, 0, 1], dtype)
    alpha = options.get("alpha", 1)
    value = {"sigmoid": 0.5, "softplus": math.log(2) / options.get("beta", 1)}.get(name, 0)
    slope = {"elu": [alpha, alpha, 1], "sigmoid": 0.25, "tanh": 1}.get(name, 0.5)
    rounding = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(forward(tiny, **options), value, rtol=rounding, atol=np.finfo(dtype).tiny)
    np.testing.assert_allclose(
        backward(np.full(3, 2, dtype), tiny, **options), 2 * np.array(slope), rtol=rounding
    )


@pytest.mark.parametrize(("name", "options"), CALLS)
def test_pieces_change_nothing(name, options, monkeypatch):
    """Long arrays are computed piece by piece."""
    forward, backward = pair_of(name)
    x, dy = 3 * normal(7, 11), normal(7, 11, seed=1)
    expected = forward(x, **options), backward(dy, x, **options)
    for size in (8, 80, 77 * 8):
        monkeypatch.setattr(_elementwise, "PIECE_BYTES", size)
        np.testing.assert_allclose(forward(x, **options), expected[0], rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(backward(dy, x, **options), expected[1], rtol=1e-14, atol=1e-15)


# ELU, GELU, SiLU, softplus: numbers that were there before this code


def test_elu_at_minus_one_is_one_over_e_less_one():
    assert ops.elu(-1.0) == pytest.approx(1 / math.e - 1, rel=1e-15)
    np.testing.assert_allclose(ops.elu(-1e-12), -1e-12 + 5e-25, rtol=1e-15)  # e^x - 1 would keep four digits


def test_the_corner_of_elu_has_the_slope_of_its_left_side():
    for backward in (ops.elu_backward, definitions.elu_backward):
        np.testing.assert_array_equal(backward([2, 2, 2], [-0.0, 0, 1e-300], alpha=3), [6, 6, 2])


def test_gelu_in_the_table_of_the_normal_distribution():
    """Phi(1) = 0.841344746, Phi(1.96) = 0.975002105, Phi(3) = 0.998650102; phi(1) = 0.241970725."""
    x = np.array([1, 1.96, 3])
    phi = np.array([0.841344746, 0.975002105, 0.998650102])
    np.testing.assert_allclose(ops.gelu(x), x * phi, rtol=1e-9)
    np.testing.assert_allclose(ops.gelu(-x), -x * (1 - phi), atol=2e-9)
    assert ops.gelu_backward(1.0, 1.0) == pytest.approx(0.841344746 + 0.241970725, abs=2e-9)


def test_gelu_is_lowest_where_its_slope_is_zero():
    x = -0.7517915246935645  # root of Phi(x) + x phi(x), found by mpmath
    assert ops.gelu_backward(1.0, x) == pytest.approx(0, abs=1e-15)
    assert ops.gelu(x) == pytest.approx(-0.1699712074799037, abs=1e-15)


def test_the_two_gelus_differ_by_half_a_thousandth():
    x = np.linspace(-8, 8, 20001)
    gap = np.abs(ops.gelu(x) - ops.gelu(x, approximate="tanh"))
    assert 0.0004 < gap.max() < 0.0005
    assert gap[np.abs(x) < 0.1].max() < 1e-5


def test_silu_and_softplus_by_the_sigmoid_of_one():
    """sigma(1) = 0.7310585786; softplus(1) = 1 - log sigma(1) = 1.3132616875."""
    np.testing.assert_allclose(ops.silu([1.0, -1.0]), [0.7310585786, -0.2689414214], atol=1e-10)
    np.testing.assert_allclose(ops.softplus([1.0, -1.0]), [1.3132616875, 0.3132616875], atol=1e-10)
    assert ops.softplus(0.0, beta=2) == pytest.approx(math.log(2) / 2, rel=1e-15)


def test_tails_of_silu_and_softplus_keep_their_digits():
    x = np.array([-700.0, -300.0, -40.0, -5.0, 5.0, 40.0])
    np.testing.assert_allclose(ops.silu(x), x * special.expit(x), rtol=1e-14)
    np.testing.assert_allclose(ops.softplus(x), -special.log_expit(-x), rtol=1e-14)
    np.testing.assert_allclose(ops.softplus_backward(np.ones(6), x), special.expit(x), rtol=1e-14)


# The normal tail, from which GELU is made


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 3e-16), (np.float32, 2e-7)])
def test_normal_tail_and_error_function(dtype, tolerance):
    """To a few units in the last place of 1, on a fine grid and at random places."""
    x = np.concatenate([np.linspace(-9, 9, 200_001), 3 * normal(100_000), [-1e30, 1e30]]).astype(dtype)
    tail, bell = normal_tail(x)
    assert tail.dtype == bell.dtype == dtype
    exact = x.astype(np.float64)
    np.testing.assert_allclose(tail, special.ndtr(-np.abs(exact)), rtol=0, atol=tolerance)
    np.testing.assert_allclose(bell, np.exp(-(np.clip(exact, -40, 40) ** 2) / 2), rtol=0, atol=tolerance)
    erf = np.copysign(1 - 2 * tail, x)
    np.testing.assert_allclose(erf, special.erf(exact / math.sqrt(2)), rtol=0, atol=2 * tolerance)


def test_normal_tail_against_the_standard_library():
    x = np.linspace(0, 8, 1001)
    expected = [math.erfc(a / math.sqrt(2)) / 2 for a in x.tolist()]
    np.testing.assert_allclose(normal_tail(x)[0], expected, rtol=0, atol=3e-16)
    near = x < 2
    np.testing.assert_allclose(normal_tail(x)[0][near], np.array(expected)[near], rtol=4e-15)


def test_normal_tail_far_out():
    tail, bell = normal_tail(np.array([40.0, -math.inf, math.nan, 0.0]))
    np.testing.assert_array_equal(tail[:3], [0, 0, math.nan])
    np.testing.assert_array_equal(bell, [0, 0, math.nan, 1])
    assert tail[3] == pytest.approx(0.5, abs=1e-16)


# Bad arguments


@pytest.mark.parametrize("name", NAMES)
def test_refusals(name):
    forward, backward = pair_of(name)
    for x in ("1.0", [1j], [None], [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match=r"^x must"):
            forward(x)
    with pytest.raises(TypeError, match=r"^dy must hold real numbers"):
        backward(["a"], [1.0])
    for dy in (np.ones((3, 1)), np.ones(1), 1.0):  # all of which NumPy would stretch
        with pytest.raises(ValueError, match=r"^dy must have shape \(3,\), got"):
            backward(dy, np.ones(3))


@pytest.mark.parametrize("module", [ops, definitions])
@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("elu", {"alpha": "1"}, TypeError, r"^alpha must be a "),
        (
            "gelu",
            {"approximate": "erf"},
            ValueError,
            r"^approximate must be one of 'none', 'tanh', got 'erf'",
        ),
        ("softplus", {"beta": None}, TypeError, r"^beta must be a "),
        ("softplus", {"beta": 0}, ValueError, r"^beta must be positive, got 0"),
        ("softplus", {"beta": -1.5}, ValueError, r"^beta must be positive, got -1.5"),
        ("softplus", {"beta": math.nan}, ValueError, r"^beta must be positive, got nan"),
    ],
)
def test_bad_options(module, name, options, error, message):
    forward, backward = pair_of(name, module)
    with pytest.raises(error, match=message):
        forward([1.0], **options)
    with pytest.raises(error, match=message):
        backward([1.0], [1.0], **options)
