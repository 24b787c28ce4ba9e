"""Transposed convolution against JAX, its definition, central differences, the convolution it transposes, and hands."""

import importlib
import math
import re
from fractions import Fraction

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_operation
from strategies import PAIRS_OF_ONE, Case, normal, pairs

from byhand import definitions
from cvlib.ops import _lowering, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward
from cvlib.shapes import conv_transpose_output_size

DEFINITION = definitions.conv_transpose2d, definitions.conv_transpose2d_backward
DEFAULTS = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


def check(arrays, *, definition=None, **options):
    """Check a transposed convolution against JAX: zeros between the pixels, then a convolution, kernels flipped."""
    given = {**DEFAULTS, **options}
    groups = given.pop("groups")
    stride, padding, extra, dilation = (as_pair(value) for value in given.values())
    reach = [d * (k - 1) for d, k in zip(dilation, arrays[1].shape[2:], strict=True)]
    around = [(r - p, r - p + e) for r, p, e in zip(reach, padding, extra, strict=True)]

    def oracle(x, w, b):
        c_in, c_out, *kernel = w.shape
        w = w[..., ::-1, ::-1].reshape(groups, c_in // groups, c_out, *kernel).swapaxes(1, 2)
        w = w.reshape(groups * c_out, c_in // groups, *kernel)
        y = jax.lax.conv_general_dilated(
            x, w, (1, 1), around, lhs_dilation=stride, rhs_dilation=dilation, feature_group_count=groups
        )
        return y if b is None else y + b[:, None, None]

    check_operation(
        conv_transpose2d, conv_transpose2d_backward, oracle, arrays, definition=definition, **options
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Strides that do and do not divide the kernel or exceed it, all output paddings, more padding than the kernel."""
    groups = draw(st.integers(1, 3))
    c_in, c_out = groups * draw(st.integers(1, 4)), draw(st.integers(1, 3))
    kernel, stride = draw(pairs(1, 5)), draw(pairs(1, 4))
    dilation = draw(st.just(PAIRS_OF_ONE) | pairs(1, 3))
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    size = draw(pairs(1, 5))
    sides = list(zip(size, kernel, stride, dilation, extra, strict=True))
    painted = [s * (n - 1) + d * (k - 1) + 1 + e for n, k, s, d, e in sides]
    padding = tuple(draw(st.integers(0, min(5, (length - 1) // 2))) for length in painted)
    seed = draw(st.integers(0, 99))
    x = normal(draw(st.integers(1, 3)), c_in, *size, seed=seed)
    w = normal(c_in, c_out, *kernel, seed=seed)
    b = normal(groups * c_out, seed=seed) if draw(st.booleans()) else None
    options = {
        "stride": stride,
        "padding": padding,
        "output_padding": extra,
        "dilation": dilation,
        "groups": groups,
    }
    return Case([x, w, b], options)


@settings(max_examples=30, deadline=None)
@given(cases())
def test_agrees_with_jax(case: Case):
    check(case.arrays, **case.options)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_agrees_with_its_definition_on_any_case(case: Case):
    """Without JAX, which compiles every shape anew: many more of them."""
    y = conv_transpose2d(*case.arrays, **case.options)
    lists = [None if array is None else array.tolist() for array in case.arrays]
    np.testing.assert_allclose(y, definitions.conv_transpose2d(*lists, **case.options), atol=1e-12)
    dy = normal(*y.shape, seed=1)
    results = conv_transpose2d_backward(dy, *case.arrays, **case.options)
    expected = definitions.conv_transpose2d_backward(dy.tolist(), *lists, **case.options)
    for result, target in zip(results, expected, strict=True):
        assert (result is None) == (target is None)
        if result is not None:
            np.testing.assert_allclose(result, target, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from([0, 300, 3000, 1 << 20]), st.booleans())
def test_blocks_change_nothing(case: Case, size: int, shared: bool):
    y = conv_transpose2d(*case.arrays, **case.options)
    expected = [y, *conv_transpose2d_backward(y, *case.arrays, **case.options)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lowering, "IMAGE_BYTES", size)
        patch.setattr(_lowering, "SHARED_BYTES", size)
        patch.setattr(_lowering, "SHARED_WEIGHTS", 0 if shared else math.inf)
        results = [conv_transpose2d(*case.arrays, **case.options)]
        results += conv_transpose2d_backward(y, *case.arrays, **case.options)
    for result, target in zip(results, expected, strict=True):
        if target is not None:
            np.testing.assert_allclose(result, target, rtol=0, atol=1e-12 * np.abs(target).max(initial=1))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_is_the_transpose_of_the_convolution(case: Case):
    """<conv(a), x> = <a, conv_transpose(x)>, where the convolution does not see the last pixels of a."""
    (x, w, _), options = case.arrays, dict(case.options)
    y = conv_transpose2d(x, w, **options)
    del options["output_padding"]
    a = normal(*y.shape, seed=2)
    convolved = conv2d(a, w, **options)[..., : x.shape[2], : x.shape[3]]
    np.testing.assert_allclose(np.vdot(convolved, x), np.vdot(a, y), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("x", "w", "options"),
    [
        ((1, 1, 3, 3), (1, 1, 3, 3), {}),
        ((2, 3, 4, 3), (3, 2, 4, 4), {"stride": 2, "padding": 1}),
        ((2, 2, 3, 4), (2, 3, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((2, 2, 3, 2), (2, 3, 2, 3), {"stride": (3, 2), "output_padding": (2, 0)}),  # stride above the kernel
        ((1, 4, 3, 3), (4, 3, 4, 2), {"stride": (3, 1), "groups": 2, "padding": (2, 0)}),
        ((2, 3, 3, 4), (3, 1, 3, 3), {"stride": 2, "groups": 3}),
        ((2, 2, 3, 3), (2, 2, 3, 2), {"dilation": (2, 3), "padding": (0, 1), "output_padding": (1, 2)}),
        ((2, 2, 3, 3), (2, 2, 3, 3), {"stride": (2, 3), "dilation": 2, "padding": 2}),
        ((1, 2, 5, 5), (2, 1, 2, 2), {"stride": 2, "padding": 3}),  # more padding than the kernel has taps
        ((2, 3, 4, 5), (3, 2, 1, 1), {}),
        ((2, 3, 2, 3), (3, 2, 1, 1), {"stride": 3, "output_padding": (2, 1)}),
        ((2, 3, 1, 1), (3, 2, 4, 4), {"stride": 4}),  # a single pixel
        ((1, 9, 3, 3), (9, 1, 4, 4), {"stride": 2, "padding": 1}),  # many channels to one
        ((1, 1, 3, 3), (1, 9, 4, 4), {"stride": 2, "padding": 1}),
    ],
)
def test_agrees_with_definition(x, w, options):
    bias = normal(w[1] * options.get("groups", 1))
    check([normal(*x), normal(*w), bias], definition=DEFINITION, **options)


# By hand.


def test_two_by_two_with_stride_one():
    """Four pictures of the kernel, one pixel apart: [[0, 1], [2, 3]] painting itself."""
    square = [[[[0, 1], [2, 3]]]]
    np.testing.assert_array_equal(conv_transpose2d(square, square), [[[[0, 0, 1], [0, 4, 6], [4, 12, 9]]]])


def test_overlapping_pictures_add_up():
    """A row of [1, 10, 100] painted with [1, 2, 3]: two apart they share a pixel, three apart they touch."""
    x, w = [[[[1, 10, 100]]]], [[[[1, 2, 3]]]]
    assert conv_transpose2d(x, w, stride=(1, 2)).tolist() == [[[[1, 2, 13, 20, 130, 200, 300]]]]
    assert conv_transpose2d(x, w, stride=(1, 3)).tolist() == [[[[1, 2, 3, 10, 20, 30, 100, 200, 300]]]]
    assert conv_transpose2d(x, w, stride=(1, 2), padding=(0, 1)).tolist() == [[[[2, 13, 20, 130, 200]]]]
    y = conv_transpose2d(x, w, [7], stride=(1, 4), output_padding=(0, 1))
    assert y.tolist() == [[[[8, 9, 10, 7, 17, 27, 37, 7, 107, 207, 307, 7]]]]


def test_definition_is_exact_in_fractions():
    half = Fraction(1, 2)
    y = definitions.conv_transpose2d([[[[half, 3]]]], [[[[half, 1]]]], [Fraction(1, 3)], stride=2)
    third = Fraction(1, 3)
    assert y == [[[[half / 2 + third, half + third, 3 * half + third, 3 + third]]]]
    dx, dw, db = definitions.conv_transpose2d_backward(
        [[[[1, half, 0, 2]]]], [[[[half, 3]]]], [[[[half, 1]]]], [third], stride=2
    )
    assert (dx, dw, db) == ([[[[1, 2]]]], [[[[half, half * half + 6]]]], [3 + half])


@pytest.mark.parametrize(
    "options", [{"stride": 2, "padding": 1}, {"dilation": 2}, {"stride": 3, "groups": 2}]
)
def test_gradient_of_the_convolution_is_a_transposed_convolution(options):
    """With the same weights, and sizes that the stride divides."""
    w = normal(4, 3, 4, 4)
    dy = normal(2, 4, 3, 3)
    dx = conv_transpose2d(dy, w, **options)
    expected, _, _ = conv2d_backward(dy, np.zeros(dx.shape), w, **options)
    np.testing.assert_allclose(dx, expected, atol=1e-12)


# The fast design: phases of the output.


@pytest.mark.parametrize(
    ("kernel", "stride", "convolutions"),
    [
        (4, 2, [(2, 2)]),  # each of the 4 phases sees 2 x 2 taps: one convolution for all
        (3, 2, [(1, 1), (1, 2), (2, 1), (2, 2)]),
        (2, 3, [(1, 1)]),  # one phase sees no tap
        (3, 1, [(3, 3)]),
        (1, 5, [(1, 1)]),
    ],
)
def test_phases_share_convolutions(monkeypatch, kernel, stride, convolutions):
    module = importlib.import_module("cvlib.ops.conv_transpose")
    seen = []

    def recorded(x, w, **options):
        seen.append((w.shape, options["padding"]))
        return conv2d(x, w, **options)

    monkeypatch.setattr(module, "conv2d", recorded)
    conv_transpose2d(normal(1, 2, 4, 4), normal(2, 3, kernel, kernel), stride=stride)
    assert sorted(shape[2:] for shape, _ in seen) == convolutions
    assert (
        sum(np.prod(shape) for shape, _ in seen) == 2 * 3 * kernel**2
    )  # no weight twice, none made of zeros


def test_needs_dx():
    x, w, b = normal(2, 3, 4, 4), normal(3, 2, 4, 4), normal(2)
    dy = normal(2, 2, 8, 8)
    options = {"stride": 2, "padding": 1}
    _, *expected = conv_transpose2d_backward(dy, x, w, b, **options)
    dx, *gradients = conv_transpose2d_backward(dy, x, w, b, needs_dx=False, **options)
    assert dx is None
    for gradient, target in zip(gradients, expected, strict=True):
        np.testing.assert_array_equal(gradient, target)


# Edges and bad arguments.


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"stride": 2, "dilation": 2}])
def test_empty_batch(options):
    x, w, b = np.ones((0, 3, 5, 5)), normal(3, 2, 3, 3), normal(2)
    y = conv_transpose2d(x, w, b, **options)
    assert y.shape == (0, *conv_transpose2d(np.ones((1, 3, 5, 5)), w, **options).shape[1:])
    dx, dw, db = conv_transpose2d_backward(y, x, w, b, **options)
    assert dx.shape == x.shape
    assert not dw.any()
    assert not db.any()


def test_precision_follows_the_widest():
    x, w = normal(1, 2, 4, 4).astype(np.float32), normal(2, 2, 3, 3).astype(np.float32)
    assert conv_transpose2d(x, w, np.zeros(2)).dtype == np.float64
    assert conv_transpose2d((x * 9).astype(np.uint8), (w * 9).astype(np.int8)).dtype == np.float64
    gradients = conv_transpose2d_backward(np.ones((1, 2, 6, 6)), x, w)
    assert [gradient.dtype for gradient in gradients[:2]] == [np.float64, np.float64]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 2, 1), (4, 2, 1), (2, 3, 1), (3, 1, 1), (2, 2, 3)]
)
def test_nan_reaches_only_what_its_pixel_paints(value, kernel, stride, dilation):
    x = np.ones((1, 2, 4, 5))
    x[0, 1, 2, 3] = value
    w = np.ones((2, 1, kernel, kernel))
    y = conv_transpose2d(x, w, stride=stride, dilation=dilation)
    reach = dilation * (kernel - 1) + 1
    painted = np.zeros(y.shape[2:], bool)
    rows, columns = (slice(stride * i, stride * i + reach, dilation) for i in (2, 3))
    painted[rows, columns] = True
    np.testing.assert_array_equal(~np.isfinite(y[0, 0]), painted)
    dy = np.ones(y.shape)
    dy[0, 0, 0, 0] = value
    dx, _, _ = conv_transpose2d_backward(dy, np.ones(x.shape), w, stride=stride, dilation=dilation)
    assert np.argwhere(~np.isfinite(dx[0, 0])).tolist() == [[0, 0]]


X, W, B = normal(2, 4, 3, 4), normal(4, 3, 3, 2), normal(6)
GOOD = {"x": X, "w": W, "b": B, "groups": 2, "stride": 2}


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[0]}, ValueError, "x must have 4 axes (N, C_in, H, W), got shape (4, 3, 4)"),
        ({"w": W[0]}, ValueError, "w must have 4 axes (C_in, C_out/groups, K_h, K_w), got shape (3, 3, 2)"),
        ({"b": B[:5]}, ValueError, "b must have shape (6,), got (5,)"),
        ({"x": "image"}, TypeError, "x must hold real numbers, got str"),
        ({"w": W.astype(object)}, TypeError, "w must hold real numbers, got ndarray of dtype object"),
        (
            {"w": W[:3]},
            ValueError,
            "w must have one kernel for each of the 4 channels of x, got shape (3, 3, 3, 2)",
        ),
        ({"groups": 3}, ValueError, "groups must divide the 4 channels of x, got 3"),
        ({"groups": 0}, ValueError, "groups must be at least 1, got 0"),
        ({"groups": 2.0}, TypeError, "groups must be an integer, got 2.0 of type float"),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1"),
        ({"padding": "same"}, TypeError, "padding must be an integer, got 'same' of type str"),
        (
            {"padding": (0, 5)},
            ValueError,
            "padding 5 leaves nothing: the output size would be -2, expected at least 1",
        ),
        ({"output_padding": 2}, ValueError, "output_padding must be smaller than stride or dilation, got 2"),
        (
            {"output_padding": (1, 2)},
            ValueError,
            "output_padding must be smaller than stride or dilation, got 2",
        ),
        ({"output_padding": -1}, ValueError, "output_padding must be at least 0, got -1"),
        (
            {"output_padding": (1, 1, 1)},
            ValueError,
            "output_padding must be one integer or a pair (height, width), got (1, 1, 1)",
        ),
        ({"dilation": 0}, ValueError, "dilation must be at least 1, got 0"),
        ({"x": X[..., :0]}, ValueError, "size must be at least 1, got 0"),
        ({"w": W[..., :0]}, ValueError, "w must hold at least one weight, got shape (4, 3, 3, 0)"),
    ],
)
def test_bad_arguments(bad, error, message):
    arguments = {**GOOD, **bad}
    with pytest.raises(error, match=re.escape(message)):
        conv_transpose2d(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        conv_transpose2d_backward(np.ones((2, 6, 7, 8)), **arguments)


@pytest.mark.parametrize("shape", [(2, 6, 7, 7), (1, 6, 7, 8), (6, 7, 8), (2, 6, 56)])
def test_bad_upstream_gradient(shape):
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (2, 6, 7, 8), got {shape}")):
        conv_transpose2d_backward(np.ones(shape), **GOOD)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"w": W[:3]}, "w must have one kernel for each of the 4 channels of x, got 3"),
        ({"groups": 3}, "groups must divide the 4 channels of x, got 3"),
        ({"b": B[:5]}, "b must have the shape of one bias for each output channel, (6,), got (5,)"),
        ({"output_padding": 2}, "output_padding must be smaller than stride or dilation, got 2"),
        ({"padding": (0, 5)}, "padding 5 leaves nothing"),
    ],
)
def test_the_definition_explains_itself_too(bad, message):
    arguments = {**GOOD, **bad}
    lists = {name: arguments[name].tolist() for name in ("x", "w", "b")}
    with pytest.raises(ValueError, match=re.escape(message)):
        definitions.conv_transpose2d(**{**arguments, **lists})
    dy = np.ones((2, 6, 7, 8)).tolist()
    with pytest.raises(ValueError, match=re.escape(message)):
        definitions.conv_transpose2d_backward(dy, **{**arguments, **lists})


@settings(max_examples=60, deadline=None)
@given(cases())
def test_sizes_are_those_of_the_shapes_module(case: Case):
    (x, w, _), o = case.arrays, case.options
    expected = [
        conv_transpose_output_size(n, k, stride=s, padding=p, output_padding=e, dilation=d)
        for n, k, s, p, e, d in zip(
            x.shape[2:],
            w.shape[2:],
            o["stride"],
            o["padding"],
            o["output_padding"],
            o["dilation"],
            strict=True,
        )
    ]
    assert list(conv_transpose2d(x, w, **o).shape[2:]) == expected
