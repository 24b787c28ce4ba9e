"""The definitions against the coursework's answers, SciPy, and differences that are exact in fractions."""

import doctest
import importlib
import math
import pkgutil
import subprocess
import sys
from fractions import Fraction
from numbers import Rational

import numpy as np
import pytest
import scipy.signal
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

import byhand._nested
from byhand import definitions as by

MODULES = [
    byhand._nested,
    *(importlib.import_module(m.name) for m in pkgutil.walk_packages(by.__path__, "byhand.definitions.")),
]

F = Fraction
few = settings(max_examples=40, deadline=None)


def dot(a, b):
    """The scalar product of two nested lists of one shape, exact in exact numbers."""
    a, b = np.array(a, dtype=object), np.array(b, dtype=object)
    assert a.shape == b.shape
    return sum((a * b).ravel().tolist())


def gradient(loss, x, step):
    """Central differences of ``loss`` for every entry of ``x``: exact for polynomials up to degree two."""
    x = np.array(x, dtype=object)
    result = np.empty_like(x)
    for index in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            ends.append(loss(moved.tolist()))
        result[index] = (ends[0] - ends[1]) / (2 * step)
    return result.tolist()


def fractions(rng, *shape):
    """Random fractions with small numerators and denominators."""
    tops, bottoms = rng.integers(-9, 10, shape), rng.integers(1, 7, shape)
    return np.frompyfunc(lambda a, b: F(int(a), int(b)), 2, 1)(tops, bottoms).tolist()


def numbers(x):
    return np.array(x, dtype=object).ravel().tolist()


def close(got, expected, rtol=1e-12, atol=1e-12):
    np.testing.assert_allclose(
        np.array(got, dtype=float), np.array(expected, dtype=float), rtol=rtol, atol=atol
    )


# The coursework's numbers.

IMAGE = [[[[1, 3, 2, 4, 6, 4], [4, 8, 3, 1, 0, 2], [2, 1, 4, 3, 9, 1], [4, 7, 2, 3, 9, 2]]]]
FILTER = [[[[-1, 0, 1]] * 3]]


def test_a1_convolution_pooling_relu():
    J = by.conv2d(IMAGE, FILTER)
    K = by.max_pool2d(J, 2)
    assert J == [[[[2, -4, 6, -1], [-1, -9, 9, -2]]]]
    assert K == [[[[2, 9]]]]
    assert by.relu(K) == [[[[2, 9]]]]


def test_a2_backward_pass():
    J = by.conv2d(IMAGE, FILTER)
    K = by.max_pool2d(J, 2)
    dO = by.squared_error_backward(by.relu(K), [[[[7, 10]]]])
    dK = by.relu_backward(dO, K)
    dJ = by.max_pool2d_backward(dK, J, 2)
    dI, dW, db = by.conv2d_backward(dJ, IMAGE, FILTER)
    assert dO == dK == [[[[-5, -1]]]]
    assert dJ == [[[[-5, 0, 0, 0], [0, 0, -1, 0]]]]
    assert dW == [[[[-8, -16, -10], [-24, -43, -24], [-12, -8, -29]]]]
    assert db is None
    flipped = np.flip(FILTER[0][0])
    assert dI[0][0] == scipy.signal.correlate2d(dJ[0][0], flipped, mode="full").tolist()


def test_a6_softmax_of_ten_logits():
    p = by.softmax([-0.1, 12, 3, -3.2, -8, 17, 1.9, 0.6, 4.9, -12])
    assert p[1] == pytest.approx(0.0066928058, abs=5e-11)
    assert p[5] == pytest.approx(0.99330046, abs=5e-9)
    assert max(p[:1] + p[2:5] + p[6:]) < 1e-5
    assert sum(p) == pytest.approx(1, abs=1e-15)


def test_a7_cross_entropy_in_nats_and_bits():
    logits = [[-0.1, 12, 3, -3.2, -8, 17, 1.9, 0.6, 4.9, -12]]
    assert by.cross_entropy(logits, [1]) == pytest.approx(5.0067221, abs=5e-8)
    assert by.cross_entropy(logits, [1], base=2) == pytest.approx(7.2231731, abs=5e-8)
    assert by.cross_entropy(logits, [1], base=10) == pytest.approx(2.17439, abs=5e-6)  # the solution's slip


def test_b1_softmax_of_three_logits():
    close(by.softmax([2.0, 1.0, 0.1]), [0.65900, 0.24243, 0.09857], atol=5e-6)


def test_b2_three_layers():
    x = [[F("0.5"), -1]]
    W1 = [[F("0.2"), F("-0.1")], [F("0.4"), F("0.3")]]
    W2 = [[F("0.1"), F("0.2")], [F("-0.3"), F("0.4")], [F("0.2"), F("-0.2")]]
    W3 = [[F("0.3"), F("-0.2"), F("0.1")], [F("-0.1"), F("0.2"), F("0.4")]]
    z1 = by.linear(x, W1)
    z2 = by.linear(by.relu(z1), W2)
    z3 = by.linear(by.relu(z2), W3)
    assert z1 == [[F("0.2"), F("-0.1")]]
    assert z2 == [[F("0.02"), F("-0.06"), F("0.04")]]
    assert z3 == [[F("0.010"), F("0.014")]]
    close(by.softmax(z3), [[0.499, 0.501]], atol=5e-4)


def test_b8_edge_filter():
    image = [[[[10] * 3 + [0] * 3] * 6]]
    assert by.conv2d(image, [[[[1, 0, -1]] * 3]]) == [[[[0, 30, 30, 0]] * 4]]


def test_c1_sigmoid_neuron():
    z = by.linear([[2, 1]], [[F("0.2"), F("0.3")]], [F("0.1")])
    assert z == [[F("0.8")]]
    assert by.sigmoid(z)[0][0] == pytest.approx(0.6899745, abs=5e-8)
    assert by.binary_cross_entropy(by.sigmoid(z), [[1]]) == pytest.approx(0.3711007, abs=5e-8)
    assert by.binary_cross_entropy_with_logits(z, [[1]]) == pytest.approx(0.3711007, abs=5e-8)


def test_c2a_valid_convolution():
    M = [[1, 0, 0, 2], [0, 1, 0, 1], [0, 0, 1, 2], [0, 0, 0, 1]]
    K = [[0, 0], [1, 1]]
    assert by.conv2d([[M]], [[K]]) == [[[[1, 1, 1], [0, 1, 3], [0, 0, 1]]]]


def test_d1_d2_pooling_forward_and_backward():
    half = F(1, 2)
    x = [[[[1, 8, half, 6], [3, -10, -1, -8], [-half, -6, -3, -10], [-1, -8, -half, -6]]]]
    assert by.max_pool2d(x, 2, stride=2) == [[[[8, 6], [-half, -half]]]]
    dU = [[[[2, 4], [2, F("0.8")]]]]
    expected = [[0, 2, 0, 4], [0, 0, 0, 0], [2, 0, 0, 0], [0, 0, F("0.8"), 0]]
    assert by.max_pool2d_backward(dU, x, 2, stride=2) == [[expected]]


def test_d4_softmax_far_out_equals_softmax_at_home():
    assert by.softmax([1000, 1001, 1002]) == by.softmax([0, 1, 2])
    assert by.log_softmax([-1000, -1001, -1002]) == by.log_softmax([2, 1, 0])


def test_d6_gradient_of_softmax_cross_entropy():
    p = scipy.special.softmax([2.0, 1.0, 0.1])
    close(by.cross_entropy_backward([[2.0, 1.0, 0.1]], [1]), [[p[0], p[1] - 1, p[2]]])


# Convolution and pooling against SciPy.


@st.composite
def geometries(draw):
    """A convolution that fits: even and odd kernels, strides that do not divide, dilation, groups."""
    kernel, stride, padding, dilation = (
        (draw(st.integers(low, high)), draw(st.integers(low, high)))
        for low, high in ((1, 3), (1, 3), (0, 2), (1, 2))
    )
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [max(1, s - 2 * p) + draw(st.integers(0, 3)) for s, p in zip(spans, padding, strict=True)]
    groups, in_group, out_group = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    images, seed = draw(st.integers(1, 2)), draw(st.integers(0, 2**32 - 1))
    x_shape = images, groups * in_group, *size
    w_shape = groups * out_group, in_group, *kernel
    return (
        x_shape,
        w_shape,
        {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
        seed,
    )


def scipy_conv2d(x, w, b, *, stride, padding, dilation, groups):
    """Every pair of maps by ``scipy.signal.correlate2d``: pad, spread the kernel, correlate, thin out."""
    (p_h, p_w), (d_h, d_w) = padding, dilation
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    spread = np.zeros((*w.shape[:2], d_h * (w.shape[2] - 1) + 1, d_w * (w.shape[3] - 1) + 1))
    spread[:, :, ::d_h, ::d_w] = w
    out_group, in_group = w.shape[0] // groups, w.shape[1]
    return np.array([
        [
            b[k]
            + sum(
                scipy.signal.correlate2d(image[k // out_group * in_group + c], spread[k, c], mode="valid")
                for c in range(in_group)
            )[:: stride[0], :: stride[1]]
            for k in range(w.shape[0])
        ]
        for image in x
    ])  # fmt: skip


@few
@given(geometries())
def test_conv2d_against_scipy(geometry):
    x_shape, w_shape, options, seed = geometry
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=x_shape), rng.normal(size=w_shape), rng.normal(size=w_shape[0])
    y = by.conv2d(x.tolist(), w.tolist(), b.tolist(), **options)
    close(y, scipy_conv2d(x, w, b, **options))


@few
@given(geometries())
def test_conv2d_gradients_are_exact_differences(geometry):
    x_shape, w_shape, options, seed = geometry
    rng = np.random.default_rng(seed)
    x, w, b = fractions(rng, *x_shape), fractions(rng, *w_shape), fractions(rng, w_shape[0])
    y = by.conv2d(x, w, b, **options)
    dy = fractions(rng, *np.shape(np.array(y, dtype=object)))
    # L = sum of dy * y is affine in each argument alone, so a step of any size gives its slope exactly.
    for place, gradient_ in enumerate(by.conv2d_backward(dy, x, w, b, **options)):
        arguments = [x, w, b]
        direction = fractions(rng, *np.array(arguments[place], dtype=object).shape)
        moved = np.array(arguments[place], dtype=object) + np.array(direction, dtype=object)
        arguments[place] = moved.tolist()
        rise = dot(dy, by.conv2d(*arguments, **options)) - dot(dy, y)
        assert rise == dot(gradient_, direction)


def test_conv2d_gradients_entry_by_entry():
    rng = np.random.default_rng(0)
    x, w, b = fractions(rng, 2, 2, 4, 5), fractions(rng, 4, 1, 2, 3), fractions(rng, 4)
    options = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}
    dy = fractions(rng, 2, 4, 3, 5)
    dx, dw, db = by.conv2d_backward(dy, x, w, b, **options)
    assert dx == gradient(lambda x: dot(dy, by.conv2d(x, w, b, **options)), x, F(1, 3))
    assert dw == gradient(lambda w: dot(dy, by.conv2d(x, w, b, **options)), w, F(1, 3))
    assert db == gradient(lambda b: dot(dy, by.conv2d(x, w, b, **options)), b, F(1, 3))


def test_conv2d_same_keeps_the_size():
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(1, 1, 5, 6)), rng.normal(size=(1, 1, 3, 5))
    y = by.conv2d(x.tolist(), w.tolist(), padding="same")
    close(y[0][0], scipy.signal.correlate2d(x[0, 0], w[0, 0], mode="same"))
    spread = by.conv2d(x.tolist(), w.tolist(), padding="same", dilation=2)
    assert np.shape(spread) == (1, 1, 5, 6)
    assert spread == by.conv2d(x.tolist(), w.tolist(), padding=(2, 4), dilation=2)


def test_integers_and_pairs_mean_the_same():
    x = np.arange(50).reshape(1, 2, 5, 5).tolist()
    w = np.arange(36).reshape(2, 2, 3, 3).tolist()
    one = by.conv2d(x, w, stride=2, padding=1, dilation=1)
    assert one == by.conv2d(x, w, stride=(2, 2), padding=[1, 1], dilation=(1, 1))
    assert by.max_pool2d(x, 3, stride=2, padding=1) == by.max_pool2d(x, (3, 3), stride=(2, 2), padding=(1, 1))


@st.composite
def poolings(draw):
    kernel, stride = ((draw(st.integers(1, 3)), draw(st.integers(1, 3))) for _ in range(2))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = [k + draw(st.integers(0, 4)) for k in kernel]
    shape = draw(st.integers(1, 2)), draw(st.integers(1, 2)), *size
    return shape, kernel, {"stride": stride, "padding": padding}, draw(st.integers(0, 2**32 - 1))


def windows(x, kernel, stride, padding, fill):
    """Every window of a padded array, by NumPy: (N, C, H_out, W_out, K_h, K_w)."""
    (p_h, p_w), (s_h, s_w) = padding, stride
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))[:, :, ::s_h, ::s_w]


@few
@given(poolings())
def test_pooling_against_sliding_windows(pooling):
    shape, kernel, options, seed = pooling
    x = np.random.default_rng(seed).normal(size=shape) - 3  # mostly negative: a padded zero would win
    y = by.max_pool2d(x.tolist(), kernel, **options)
    assert y == windows(x, kernel, **options, fill=-np.inf).max(axis=(4, 5)).tolist()
    y = by.avg_pool2d(x.tolist(), kernel, **options)
    close(y, windows(x, kernel, **options, fill=0).mean(axis=(4, 5)))


@few
@given(poolings())
def test_pooling_gradients_are_exact_differences(pooling):
    shape, kernel, options, seed = pooling
    rng = np.random.default_rng(seed)
    x = rng.permutation(math.prod(shape)).reshape(shape).tolist()  # all different: no kink within a quarter
    for forward, backward in (
        (by.max_pool2d, by.max_pool2d_backward),
        (by.avg_pool2d, by.avg_pool2d_backward),
    ):
        dy = fractions(rng, *np.array(forward(x, kernel, **options), dtype=object).shape)
        numeric = gradient(lambda x, f=forward, dy=dy: dot(dy, f(x, kernel, **options)), x, F(1, 4))
        assert backward(dy, x, kernel, **options) == numeric


def test_max_pooling_ties_go_to_the_first_in_row_major_order():
    x = [[[[1, 7, 7], [7, 0, 7], [7, 7, 7]]]]
    assert by.max_pool2d_backward([[[[1]]]], x, 3) == [[[[0, 1, 0], [0, 0, 0], [0, 0, 0]]]]
    overlapping = by.max_pool2d_backward([[[[1, 10], [100, 1000]]]], x, 2, stride=1)
    assert overlapping == [[[[0, 11, 0], [100, 0, 1000], [0, 0, 0]]]]


def test_max_pooling_padding_never_wins():
    x = [[[[-5, -3], [-2, -9]]]]
    assert by.max_pool2d(x, 2, stride=2, padding=1) == [[[[-5, -3], [-2, -9]]]]
    assert by.max_pool2d_backward([[[[1, 2], [3, 4]]]], x, 2, stride=2, padding=1) == [[[[1, 2], [3, 4]]]]


def test_average_pooling_is_exact_and_counts_the_padding():
    assert by.avg_pool2d([[[[1, 2], [3, 5]]]], 2) == [[[[F(11, 4)]]]]
    assert by.avg_pool2d([[[[1, 2], [3, 5]]]], 2, padding=1) == [[[[F(1, 4), F(2, 4)], [F(3, 4), F(5, 4)]]]]


# Linear layer, activations, softmax.


def test_linear_gradients_are_exact_differences():
    rng = np.random.default_rng(2)
    x, w, b, dy = fractions(rng, 3, 4), fractions(rng, 2, 4), fractions(rng, 2), fractions(rng, 3, 2)
    dx, dw, db = by.linear_backward(dy, x, w, b)
    assert dx == gradient(lambda x: dot(dy, by.linear(x, w, b)), x, 1)
    assert dw == gradient(lambda w: dot(dy, by.linear(x, w, b)), w, 1)
    assert db == gradient(lambda b: dot(dy, by.linear(x, w, b)), b, 1)
    assert by.linear_backward(dy, x, w)[2] is None


def test_linear_against_numpy():
    rng = np.random.default_rng(3)
    x, w, b = rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=5)
    close(by.linear(x.tolist(), w.tolist(), b.tolist()), x @ w.T + b)


def test_relu_gradient_is_zero_at_the_kink():
    x, dy = [[-1.5, 0.0, 2.0]], [[3.0, 4.0, 5.0]]
    assert by.relu(x) == [[0.0, 0.0, 2.0]]
    assert by.relu_backward(dy, x) == [[0.0, 0.0, 5.0]]


@pytest.mark.parametrize(
    ("forward", "backward", "oracle"),
    [
        (by.sigmoid, by.sigmoid_backward, scipy.special.expit),
        (by.tanh, by.tanh_backward, np.tanh),
    ],
)
def test_smooth_activations(forward, backward, oracle):
    rng = np.random.default_rng(4)
    x, dy, h = rng.normal(size=(2, 3, 2)) * 3, rng.normal(size=(2, 3, 2)), 1e-5
    close(forward(x.tolist()), oracle(x))
    close(
        backward(dy.tolist(), x.tolist()),
        dy * (oracle(x + h) - oracle(x - h)) / (2 * h),
        rtol=1e-6,
        atol=1e-9,
    )
    far = [-800.0, -40.0, 40.0, 800.0]
    close(forward(far), oracle(np.array(far)))
    assert all(map(math.isfinite, backward([1.0] * 4, far)))


def test_activations_of_a_single_number():
    assert by.relu(-2) == 0
    assert by.sigmoid(0) == 0.5
    assert by.tanh(0) == 0


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize(
    ("forward", "backward", "oracle"),
    [
        (by.softmax, by.softmax_backward, scipy.special.softmax),
        (by.log_softmax, by.log_softmax_backward, scipy.special.log_softmax),
    ],
)
def test_softmax_along_every_axis(forward, backward, oracle, axis):
    rng = np.random.default_rng(5)
    x, dy, v = (rng.normal(size=(2, 3, 4)) for _ in range(3))
    close(forward(x.tolist(), axis=axis), oracle(x, axis=axis))
    dx, h = backward(dy.tolist(), x.tolist(), axis=axis), 1e-5
    slope = np.sum(dy * (oracle(x + h * v, axis=axis) - oracle(x - h * v, axis=axis))) / (2 * h)
    assert np.sum(np.array(dx) * v) == pytest.approx(slope, rel=1e-7)


# Losses against SciPy.


def test_squared_losses_are_exact():
    rng = np.random.default_rng(6)
    y, t = fractions(rng, 2, 3), fractions(rng, 2, 3)
    squares = sum((a - b) ** 2 for a, b in zip(numbers(y), numbers(t), strict=True))
    assert by.squared_error(y, t) == squares / 2
    assert by.mean_squared_error(y, t) == squares / 6
    # Quadratic: central differences are exact.
    assert by.squared_error_backward(y, t, 5) == gradient(lambda y: 5 * by.squared_error(y, t), y, F(1, 2))
    assert by.mean_squared_error_backward(y, t, 5) == gradient(
        lambda y: 5 * by.mean_squared_error(y, t), y, F(1, 2)
    )


def one_hot(labels, K):
    return np.eye(K)[labels]


def scipy_cross_entropy(z, t, base=np.e):
    return -np.mean(np.sum(t * scipy.special.log_softmax(z, axis=1), axis=1)) / np.log(base)


def scipy_binary_cross_entropy(p, y):
    return -np.mean(scipy.special.xlogy(y, p) + scipy.special.xlog1py(1 - y, -p))


def scipy_with_logits(z, y):
    return -np.mean(y * scipy.special.log_expit(z) + (1 - y) * scipy.special.log_expit(-z))


def check_loss(forward, backward, oracle, first, *others, **options):
    """Hold a loss to SciPy's value and its gradient, times a dloss, to SciPy's differences."""
    lists = [np.asarray(array).tolist() for array in (first, *others)]
    loss = forward(*lists, **options)
    assert isinstance(loss, float)
    assert loss == pytest.approx(oracle(first), rel=1e-12)
    numeric = gradient(lambda x: oracle(np.array(x, dtype=float)), first, 1e-5)
    close(backward(*lists, dloss=3.0, **options), 3 * np.array(numeric, dtype=float), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("base", [None, 2, 10.0])
def test_cross_entropy_against_scipy(base):
    rng = np.random.default_rng(7)
    z, labels, soft = rng.normal(size=(4, 3)) * 4, np.array([2, 0, 1, 2]), rng.dirichlet(np.ones(3), size=4)
    loss = by.cross_entropy, by.cross_entropy_backward
    unit = base or np.e
    check_loss(*loss, lambda z: scipy_cross_entropy(z, one_hot(labels, 3), unit), z, labels, base=base)
    check_loss(*loss, lambda z: scipy_cross_entropy(z, soft, unit), z, soft, base=base)


def test_cross_entropy_of_certain_logits():
    assert by.cross_entropy([[1000, 0]], [0]) == 0
    assert by.cross_entropy([[1000, 0]], [1]) == 1000


def test_binary_cross_entropy_against_scipy():
    rng = np.random.default_rng(8)
    p, y, z = rng.uniform(0.05, 0.95, (3, 2)), rng.uniform(size=(3, 2)), rng.normal(size=(3, 2)) * 5
    y[0] = 0, 1
    plain = by.binary_cross_entropy, by.binary_cross_entropy_backward
    check_loss(*plain, lambda p: scipy_binary_cross_entropy(p, y), p, y)
    check_loss(*plain, lambda p: scipy_binary_cross_entropy(p, y) / np.log(2), p, y, base=2)
    logits = by.binary_cross_entropy_with_logits, by.binary_cross_entropy_with_logits_backward
    check_loss(*logits, lambda z: scipy_with_logits(z, y), z, y)
    check_loss(*logits, lambda z: scipy_with_logits(z, y) / np.log(2), z, y, base=2)


def test_binary_cross_entropy_at_the_ends():
    assert by.binary_cross_entropy([1, 0], [1, 0]) == 0
    assert by.binary_cross_entropy([0.0], [1]) == math.inf
    assert by.binary_cross_entropy_backward([1.0, 0.0], [1, 0]) == [-0.5, 0.5]
    assert by.binary_cross_entropy_backward([0], [1]) == [-math.inf]
    assert by.binary_cross_entropy_with_logits([800.0, -800.0], [0, 0]) == 400
    assert by.binary_cross_entropy_with_logits_backward([800.0, -800.0], [0, 0]) == [0.5, 0.0]


def test_kl_divergence_against_scipy():
    rng = np.random.default_rng(9)
    p, q = rng.dirichlet(np.ones(4), size=3), rng.dirichlet(np.ones(4), size=3)
    mean = scipy.special.rel_entr(p, q).sum(axis=1).mean()
    assert by.kl_divergence(p.tolist(), q.tolist()) == pytest.approx(mean, rel=1e-12)
    assert by.kl_divergence(p[0].tolist(), q[0].tolist()) == pytest.approx(
        scipy.special.rel_entr(p[0], q[0]).sum()
    )
    dp, dq = by.kl_divergence_backward(p.tolist(), q.tolist(), dloss=3.0 * np.log(2), base=2)
    for got, f, at in (
        (dp, lambda p: scipy.special.rel_entr(p, q), p),
        (dq, lambda q: scipy.special.rel_entr(p, q), q),
    ):
        h = 1e-6 * at
        close(got, 3 * (f(at + h) - f(at - h)) / (2 * h) / 3, rtol=1e-6)


def test_kl_divergence_at_the_ends():
    assert by.kl_divergence([0, 1], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert by.kl_divergence([0.5, 0.5], [0, 1]) == math.inf
    assert by.kl_divergence_backward([0.5, 0.5], [0, 1])[1] == [-math.inf, -0.5]
    assert by.kl_divergence_backward([0, 1], [0, 1]) == ([0, 1], [0, -1])
    assert by.kl_divergence([[[0, 1], [1, 0]]], [[[0.5, 0.5], [1, 0]]], base=2) == 0.5


# Kinds of numbers, and wrong arguments.


def results_of(kind):
    """Everything that is exact in exact numbers, from entries of one kind."""
    x = [[[[kind(v) for v in row] for row in ((1, -2, 3), (4, 5, -6), (7, 8, 9))]]]
    w, b = [[[[kind(2), kind(-1)], [kind(3), kind(1)]]]], [kind(1)]
    rows, weights = [[kind(1), kind(-2)]], [[kind(3), kind(4)]]
    dy = [[[[kind(1), kind(2)], [kind(3), kind(4)]]]]
    yield by.conv2d(x, w, b, padding=1)
    yield from by.conv2d_backward([[[[kind(1)]]]], x, w, b, stride=2)
    yield by.max_pool2d(x, 2, stride=1)
    yield by.max_pool2d_backward(dy, x, 2, stride=1)
    yield by.avg_pool2d(x, 2, stride=1)
    yield by.avg_pool2d_backward([[[[kind(1)]]]], x, 2)
    yield by.linear(rows, weights, [kind(5)])
    yield from by.linear_backward([[kind(1)]], rows, weights, [kind(5)])
    yield by.relu(x)
    yield by.relu_backward(x, x)
    yield by.squared_error(rows, weights)
    yield by.mean_squared_error_backward(rows, weights)


@pytest.mark.parametrize("kind", [int, Fraction])
def test_exact_numbers_stay_exact(kind):
    assert all(isinstance(number, Rational) for result in results_of(kind) for number in numbers(result))


def test_floats_stay_floats_and_agree():
    for real, exact in zip(results_of(float), results_of(int), strict=True):
        assert all(isinstance(number, float) for number in numbers(real))
        assert real == exact  # small integers and halves: floats hold them exactly


def test_arguments_are_left_alone():
    x, w, b = [[[[1, 2], [3, 4]]]], [[[[5, 6]]]], [7]
    by.conv2d_backward([[[[1], [2]]]], x, w, b)
    assert (x, w, b) == ([[[[1, 2], [3, 4]]]], [[[[5, 6]]]], [7])


X = [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]]
W = [[[[1, 2], [3, 4]]]]


WRONG_KINDS = [
    (lambda: by.conv2d([[[["1"]]]], W), r"^x\[0\]\[0\]\[0\]\[0\] must be a real number.*'1'"),
    (lambda: by.conv2d([[[[None]]]], W), r"^x\[0\].*None of type NoneType"),
    (lambda: by.conv2d([[[[1j]]]], W), r"^x\[0\].*1j of type complex"),
    (lambda: by.conv2d([[[[True]]]], W), r"^x\[0\].*True of type bool"),
    (lambda: by.conv2d(np.ones((1, 1, 3, 3)), W), r"^x must .*\.tolist\(\)"),
    (lambda: by.conv2d(X, W, stride=1.5), r"^stride must be an integer, got 1.5"),
    (lambda: by.relu("3"), r"^x must be a real number or nested lists of them, got '3'"),
    (lambda: by.squared_error_backward([1], [1], "2"), r"^dloss must be a real number, got '2'"),
    (lambda: by.cross_entropy([[1, 2]], [1.0]), r"^labels must be class indices .* got 1.0"),
]  # fmt: skip

WRONG_VALUES = [
    (lambda: by.conv2d([[[[1, 2], [3]]]], W), r"^x\[0\]\[0\] is ragged.*shape \(2,\).*\(1,\)"),
    (lambda: by.conv2d([[[[1, 2], 3]]], W), r"^x\[0\]\[0\] is ragged.*\[1\] is a number"),
    (lambda: by.conv2d([[[[1, 2], []]]], W), r"^x\[0\]\[0\]\[1\] must not be an empty list"),
    (lambda: by.conv2d(X[0], W), r"^x must be .* 4 axes \(N, C, H, W\), got shape \(1, 3, 3\)"),
    (lambda: by.conv2d(X, W[0]), r"^w must be .* 4 axes \(C_out, .*got shape \(1, 2, 2\)"),
    (lambda: by.conv2d([[X[0][0], X[0][0]]], W), r"^w must have 2 channels .* got 1"),
    (lambda: by.conv2d([[X[0][0]] * 3], W, groups=2), r"^groups must divide the 3 channels"),
    (lambda: by.conv2d(X, W, groups=0), r"^groups must be at least 1, got 0"),
    (lambda: by.conv2d(X, W, [1, 2]), r"^b must have the shape .* \(1,\), got \(2,\)"),
    (lambda: by.conv2d(X, W, stride=0), r"^stride must be at least 1, got 0"),
    (lambda: by.conv2d(X, W, stride=(1, 2, 3)), r"^stride must be one integer or a pair"),
    (lambda: by.conv2d(X, W, padding=-1), r"^padding must be at least 0, got -1"),
    (lambda: by.conv2d(X, W, padding="valid"), r"^padding must be one of 'same', got 'valid'"),
    (lambda: by.conv2d(X, W, padding="same"), r'^padding "same" needs an odd span'),
    (lambda: by.conv2d(X, [[[[1]]]], padding="same", stride=2), r'^padding "same" needs stride 1'),
    (lambda: by.conv2d(X, W, dilation=3), r"^kernel_size 2 with dilation 3 spans 4 pixels"),
    (lambda: by.conv2d_backward(X, X, W), r"^dy .* output, \(1, 1, 2, 2\), got \(1, 1, 3, 3\)"),
    (lambda: by.max_pool2d(X[0], 2), r"^x must be .* 4 axes"),
    (lambda: by.max_pool2d(X, 4), r"^kernel_size 4 .* more than the padded input of 3"),
    (lambda: by.max_pool2d(X, 0), r"^kernel_size must be at least 1, got 0"),
    (lambda: by.avg_pool2d(X, 2, padding=2), r"^padding must be at most half of kernel_size"),
    (lambda: by.max_pool2d_backward(X, X, 2), r"^dy must have the shape of the output"),
    (lambda: by.avg_pool2d_backward(X, X, 2), r"^dy must have the shape of the output"),
    (lambda: by.linear([1, 2], [[1, 2]]), r"^x must be .* 2 axes \(N, D\), got shape \(2,\)"),
    (lambda: by.linear([[1, 2]], [[1, 2, 3]]), r"^w must have one weight for each of the 2 .* 3"),
    (lambda: by.linear([[1, 2]], [[1, 2]], [1, 2]), r"^b must have the shape .* \(1,\)"),
    (lambda: by.linear_backward([[1, 2]], [[1, 2]], [[1, 2]]), r"^dy .* \(1, 1\), got \(1, 2\)"),
    (lambda: by.relu_backward([1, 2], [1]), r"^dy must have the shape of x, \(1,\), got \(2,\)"),
    (lambda: by.sigmoid([[1], [2, 3]]), r"^x is ragged"),
    (lambda: by.softmax([1, 2], axis=1), r"^axis must be less than the 1 axes of x, got 1"),
    (lambda: by.softmax([1, 2], axis=-2), r"^axis must be at least -1, got -2"),
    (lambda: by.softmax(3), r"^x must be a list of logits, got the single number 3"),
    (lambda: by.softmax_backward([1], [1, 2]), r"^dy must have the shape of x, \(2,\)"),
    (lambda: by.squared_error([1], [1, 2]), r"^target must have the shape of prediction"),
    (lambda: by.cross_entropy([[1, 2]], [2]), r"^labels .* from 0 to 1, got 2 at labels\[0\]"),
    (lambda: by.cross_entropy([[1, 2]], [-1]), r"^labels .* from 0 to 1, got -1"),
    (lambda: by.cross_entropy([[1, 2]], [0, 1]), r"^labels must have the shape .* \(1,\)"),
    (lambda: by.cross_entropy([[1, 2]], [[1, 1]]), r"^labels must hold probabilities .* \[1, 1\]"),
    (lambda: by.cross_entropy([[1, 2]], [[2, -1]]), r"^labels must hold probabilities"),
    (lambda: by.cross_entropy([1, 2], [0]), r"^logits must be .* 2 axes \(N, K\)"),
    (lambda: by.cross_entropy([[1, 2]], [0], base=1), r"^base must be a finite number above 1, got 1"),
    (lambda: by.binary_cross_entropy([1.5], [1]), r"^probabilities must lie .* got 1.5"),
    (lambda: by.binary_cross_entropy([0.5], [2]), r"^labels must lie between 0 and 1, got 2"),
    (lambda: by.binary_cross_entropy_with_logits([9], [-1]), r"^labels must lie between 0 and 1"),
    (lambda: by.kl_divergence([0.5, 0.6], [0.5, 0.5]), r"^p must hold probabilities"),
    (lambda: by.kl_divergence([0.5, 0.5], [1.0]), r"^q must have the shape of p, \(2,\)"),
    (lambda: by.kl_divergence(0.5, 0.5), r"^p must be a list of probabilities, got the single number 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG_KINDS)
def test_wrong_kinds_are_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize(("call", "message"), WRONG_VALUES)
def test_wrong_values_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_arrays_come_in_through_tolist():
    x = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    assert by.conv2d(x.tolist(), W) == [[[[27.0, 37.0], [57.0, 67.0]]]]


def test_the_standard_library_is_enough():
    code = (
        "import sys, byhand.definitions; print(sorted({'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_docstrings(module):
    failed, attempted = doctest.testmod(module)
    public = [name for name in vars(by) if getattr(getattr(by, name), "__module__", "") == module.__name__]
    assert attempted >= len(public)
    assert failed == 0
