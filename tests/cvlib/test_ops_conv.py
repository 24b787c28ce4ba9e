"""Convolution against JAX, its definition and central differences, on every branch of the fast design."""

import math
import re

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check_operation
from strategies import Case, conv_cases, normal

from byhand import definitions
from cvlib.ops import _lowering, conv, conv2d, conv2d_backward
from cvlib.shapes import conv_output_size

DEFINITION = definitions.conv2d, definitions.conv2d_backward


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


def check(arrays, *, definition=None, **options):
    """Check a convolution; JAX gets the padding in numbers."""
    padding = options.get("padding", 0)
    if padding == "same":
        spans = zip(arrays[1].shape[2:], as_pair(options.get("dilation", 1)), strict=True)
        padding = tuple(d * (k - 1) // 2 for k, d in spans)

    def oracle(x, w, b):
        y = jax.lax.conv_general_dilated(
            x,
            w,
            as_pair(options.get("stride", 1)),
            [(p, p) for p in as_pair(padding)],
            rhs_dilation=as_pair(options.get("dilation", 1)),
            feature_group_count=options.get("groups", 1),
        )
        return y if b is None else y + b[:, None, None]

    check_operation(conv2d, conv2d_backward, oracle, arrays, definition=definition, **options)


@settings(max_examples=30, deadline=None)
@given(conv_cases())
def test_agrees_with_jax(case: Case):
    check(case.arrays, **case.options)


@settings(max_examples=60, deadline=None)
@given(conv_cases(), st.sampled_from([0, 300, 3000, 1 << 20]), st.booleans())
def test_blocks_change_nothing(case: Case, size: int, shared: bool):
    """However few images or rows fit into a block, and whether images share a product or not, the result is that
    of one block of images with products of their own, which is held against JAX.
    """
    y = conv2d(*case.arrays, **case.options)
    expected = [y, *conv2d_backward(y, *case.arrays, **case.options)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lowering, "IMAGE_BYTES", size)
        patch.setattr(_lowering, "SHARED_BYTES", size)
        patch.setattr(_lowering, "SHARED_WEIGHTS", 0 if shared else math.inf)
        results = [conv2d(*case.arrays, **case.options), *conv2d_backward(y, *case.arrays, **case.options)]
    for result, target in zip(results, expected, strict=True):
        if target is not None:
            np.testing.assert_allclose(result, target, rtol=0, atol=1e-12 * np.abs(target).max(initial=1))


@pytest.mark.parametrize(
    ("x", "w", "options"),
    [
        ((1, 1, 6, 6), (1, 1, 3, 3), {}),
        ((2, 3, 7, 6), (4, 3, 3, 2), {"stride": (2, 3), "padding": (1, 0)}),
        ((2, 2, 5, 7), (3, 2, 2, 4), {"padding": (3, 2)}),
        ((1, 4, 6, 6), (6, 2, 2, 2), {"groups": 2, "dilation": (2, 3), "padding": 1}),
        ((3, 3, 4, 4), (3, 1, 3, 3), {"groups": 3, "padding": "same"}),
        ((2, 3, 5, 5), (2, 3, 3, 5), {"padding": "same", "dilation": (2, 1)}),
        ((2, 3, 4, 5), (2, 3, 1, 1), {}),
        ((2, 3, 4, 5), (2, 3, 1, 1), {"stride": 2}),
        ((1, 2, 1, 9), (2, 2, 1, 3), {"padding": (0, 1)}),
        ((2, 1, 4, 3), (2, 1, 4, 3), {}),
    ],
)
def test_agrees_with_definition(x, w, options):
    check([normal(*x), normal(*w), normal(w[0])], definition=DEFINITION, **options)


def test_exact_on_whole_numbers():
    """Question A1 of the coursework: a row [-1, 0, 1] three times over a 4x6 image."""
    image = [[1, 3, 2, 4, 6, 4], [4, 8, 3, 1, 0, 2], [2, 1, 4, 3, 9, 1], [4, 7, 2, 3, 9, 2]]
    y = conv2d([[image]], [[[[-1, 0, 1]] * 3]])
    np.testing.assert_array_equal(y[0, 0], [[2, -4, 6, -1], [-1, -9, 9, -2]])


# The fast design: which side is lowered, and how the work is cut.


@pytest.fixture
def route(monkeypatch):
    """Record, while a convolution runs, what is gathered or spread (as its channels), and in how many blocks."""
    seen = []

    def gather(x, *rest):
        count = 0
        for block in _lowering.gather(x, *rest):
            count += 1
            yield block
        seen.append(("gather", x.shape[1], count))

    def spread(dy, *rest):
        seen.append(("spread", dy.shape[1]))
        _lowering.spread(dy, *rest)

    monkeypatch.setattr(conv, "gather", gather)
    monkeypatch.setattr(conv, "spread", spread)
    return seen


@pytest.mark.parametrize(
    ("c_in", "c_out", "options", "forward", "backward"),
    [
        (2, 1, {}, [("gather", 2, 1)], [("gather", 1, 1)]),
        (3, 1, {}, [("spread", 3)], [("gather", 1, 1)]),
        (2, 3, {}, [("gather", 2, 1)], [("gather", 3, 1)]),
        (2, 4, {}, [("gather", 2, 1)], [("gather", 2, 1), ("spread", 4)]),
        (3, 1, {"padding": 3}, [("gather", 3, 1)], [("gather", 3, 1), ("spread", 1)]),
        (3, 1, {"stride": 2}, [("gather", 3, 1)], [("gather", 3, 1), ("spread", 1)]),
        (3, 1, {"stride": (1, 2)}, [("gather", 3, 1)], [("gather", 3, 1), ("spread", 1)]),
    ],
)
def test_smaller_side_is_lowered(route, c_in, c_out, options, forward, backward):
    x, w, b = normal(2, c_in, 6, 7), normal(c_out, c_in, 3, 3), normal(c_out)
    y = conv2d(x, w, b, **options)
    assert route == forward
    route.clear()
    conv2d_backward(y, x, w, b, **options)
    assert route == backward
    check([x, w, b], **options)


@pytest.mark.parametrize("c_out", [1, 9])
def test_pointwise_is_never_spread(route, c_out):
    """A 1x1 kernel needs no lowering, so there is no smaller side."""
    x, w = normal(2, 3, 4, 4), normal(c_out, 3, 1, 1)
    conv2d_backward(conv2d(x, w), x, w)
    assert route == [("gather", 3, 1), ("gather", c_out, 1)]
    (block,) = _lowering.gather(x, _lowering.Window((1, 1), (1, 1), (0, 0)), 1, (4, 4), w.size)
    assert np.shares_memory(block.columns, x)


@pytest.mark.parametrize(("c_in", "c_out", "lowered"), [(1, 1, 1), (2, 3, 2), (3, 2, 2), (1, 6, 1)])
def test_first_layer_needs_no_dx(route, c_in, c_out, lowered):
    """Then only dw is computed, from the side with fewer channels, and equals that of the whole backward."""
    x, w, b = normal(2, c_in, 6, 5), normal(c_out, c_in, 3, 3), normal(c_out)
    dy = normal(*conv2d(x, w, b).shape)
    _, *expected = conv2d_backward(dy, x, w, b)
    route.clear()
    dx, *gradients = conv2d_backward(dy, x, w, b, needs_dx=False)
    assert dx is None
    assert route == [("gather", lowered, 1)]
    for gradient, target in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, target, rtol=1e-12)


ROW = 2 * 3 * 3 * 9 * 8  # bytes of the columns of one output row: C * K_h * K_w * width in float64


@pytest.mark.parametrize(
    ("image_bytes", "shared_bytes", "blocks"),
    [
        (35 * ROW, 35 * ROW, 1),  # the whole batch
        (14 * ROW, 14 * ROW, 3),  # images: 2 + 2 + 1
        (7 * ROW, 0, 5),  # one image each
        (3 * ROW, 0, 5 * 3),  # rows of one image: 3 + 3 + 1
        (0, 0, 5 * 7),  # one row each, as nothing less can be lowered
    ],
)
def test_blocks_stay_within_memory(route, monkeypatch, image_bytes, shared_bytes, blocks):
    monkeypatch.setattr(_lowering, "IMAGE_BYTES", image_bytes)
    monkeypatch.setattr(_lowering, "SHARED_BYTES", shared_bytes)
    x, w, b = normal(5, 2, 9, 9), normal(9, 2, 3, 3), normal(9)
    dy = conv2d(x, w, b)
    assert route == [("gather", 2, blocks)]
    conv2d_backward(dy, x, w, b)
    assert route[1:] == [("gather", 2, blocks), ("spread", 9)]
    check([x, w, b])
    check([x, w, b], stride=2)
    check([x, w[:, :, :1, :1], b])


@pytest.mark.parametrize(("c_out", "blocks"), [(22, 2), (23, 1)])
def test_large_matrix_meets_more_images_at_once(route, c_out, blocks):
    """With 23 x 20 x 9 weights, more than 4096, the columns of all four images (570 kB) share a product."""
    x, w, b = normal(4, 20, 11, 11), normal(c_out, 20, 3, 3), normal(c_out)
    conv2d(x, w, b)
    assert route == [("gather", 20, blocks)]
    check([x, w, b])


@pytest.mark.parametrize(("stride", "width"), [((1, 1), 9), ((1, 2), 3), ((2, 1), 6)])
def test_flat_shifts(stride, width):
    """At stride 1 a tap sees one run of pixels, gaps of 9 - 6 included; otherwise rows apart, without gaps."""
    window = _lowering.Window((2, 4), stride, (0, 1))
    taps = _lowering.canvas((1, 2, 5, 7), window, window.output_size((5, 7)), np.dtype(np.float64), 0).taps
    assert taps.shape[-1] == width
    is_one_run = taps.strides[-1] == 8 and taps.strides[-2] == 8 * width
    assert is_one_run == (stride == (1, 1))


def test_large_image_is_split_at_the_real_size(route):
    """The columns of 3 x 3 x 3 taps on 160 x 160 pixels in float64 are 5.6 MB: three blocks of at most 2 MiB."""
    x, w = normal(1, 3, 160, 160), normal(4, 3, 3, 3)
    y = conv2d(x, w, padding=1)
    assert route == [("gather", 3, 3)]
    oracle = jax.lax.conv_general_dilated(x, w, (1, 1), [(1, 1), (1, 1)])
    np.testing.assert_allclose(y, oracle, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(conv_cases())
def test_mirrored_window_walks_back(case: Case):
    """It maps the output's size to the input's, and its mirror is the window itself."""
    x, w, _ = case.arrays
    options = {name: case.options[name] for name in ("stride", "padding", "dilation")}
    window = _lowering.Window(w.shape[2:], **options)
    output = window.output_size(x.shape[2:])
    assert output == tuple(
        conv_output_size(n, k, stride=s, padding=p, dilation=d)
        for n, k, s, p, d in zip(x.shape[2:], w.shape[2:], *options.values(), strict=True)
    )
    back = window.mirrored()
    if back is None:
        spans = [d * (k - 1) for k, d in zip(w.shape[2:], window.dilation, strict=True)]
        assert window.stride != (1, 1) or any(p > s for p, s in zip(window.padding, spans, strict=True))
    else:
        assert back.output_size(output) == x.shape[2:]
        assert back.mirrored() == window


# Edges and bad arguments.


@pytest.mark.parametrize("w", [(4, 3, 3, 3), (1, 3, 3, 3), (9, 3, 3, 3), (4, 3, 1, 1)])
def test_empty_batch(w):
    x, w, b = np.ones((0, 3, 5, 5)), normal(*w), normal(w[0])
    y = conv2d(x, w, b)
    assert y.shape == (0, *conv2d(np.ones((1, 3, 5, 5)), w).shape[1:])
    dx, dw, db = conv2d_backward(y, x, w, b)
    assert dx.shape == x.shape
    assert not dw.any()
    assert not db.any()


def test_precision_follows_the_widest():
    x, w = normal(1, 2, 4, 4).astype(np.float32), normal(2, 2, 3, 3).astype(np.float32)
    assert conv2d(x, w, np.zeros(2)).dtype == np.float64
    assert conv2d((x * 9).astype(np.uint8), (w * 9).astype(np.int8)).dtype == np.float64
    gradients = conv2d_backward(np.ones((1, 2, 2, 2)), x, w)
    assert [gradient.dtype for gradient in gradients[:2]] == [np.float64, np.float64]


@pytest.mark.parametrize("c_out", [1, 2])
def test_nan_reaches_only_the_windows_that_see_it(c_out):
    """Whether the image is lowered or the product is spread: gaps and padding carry nothing over."""
    x = np.ones((1, 4, 5, 6))
    x[0, 1, 2, 5] = np.nan
    y = conv2d(x, np.ones((c_out, 4, 3, 3)), padding=1)
    sees = np.zeros((5, 6), bool)
    sees[1:4, 4:] = True
    np.testing.assert_array_equal(np.isnan(y[0, 0]), sees)


X, W, B = normal(2, 4, 5, 6), normal(6, 2, 3, 3), normal(6)
GOOD = {"x": X, "w": W, "b": B, "groups": 2}


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[0]}, ValueError, "x must have 4 axes (N, C_in, H, W), got shape (4, 5, 6)"),
        ({"w": W[0]}, ValueError, "w must have 4 axes (C_out, C_in/groups, K_h, K_w), got shape (2, 3, 3)"),
        ({"b": B[:5]}, ValueError, "b must have shape (6,), got (5,)"),
        ({"b": B[:, None]}, ValueError, "b must have shape (6,), got (6, 1)"),
        ({"x": "image"}, TypeError, "x must hold real numbers, got str"),
        ({"w": W.astype(object)}, TypeError, "w must hold real numbers, got ndarray of dtype object"),
        ({"groups": 1}, ValueError, "w must have C_in/groups = 4/1 channels, got shape (6, 2, 3, 3)"),
        ({"groups": 4}, ValueError, "groups must divide the 4 channels of x and the 6 of w, got 4"),
        ({"groups": 3}, ValueError, "groups must divide the 4 channels of x and the 6 of w, got 3"),
        ({"groups": 0}, ValueError, "groups must be at least 1, got 0"),
        ({"groups": 2.0}, TypeError, "groups must be an integer, got 2.0 of type float"),
        ({"stride": -1}, ValueError, "stride must be at least 1, got -1"),
        ({"stride": (1, 0)}, ValueError, "stride must be at least 1, got 0"),
        (
            {"stride": (1, 2, 3)},
            ValueError,
            "stride must be one integer or a pair (height, width), got (1, 2, 3)",
        ),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1"),
        ({"padding": "valid"}, ValueError, "padding must be one of 'same', got 'valid'"),
        ({"padding": "same", "stride": 2}, ValueError, 'padding "same" needs stride 1, got stride (2, 2)'),
        (
            {"padding": "same", "w": W[..., :2]},
            ValueError,
            'padding "same" needs an odd span, but kernel_size 2',
        ),
        ({"dilation": 0}, ValueError, "dilation must be at least 1, got 0"),
        (
            {"dilation": 3},
            ValueError,
            "kernel_size 3 with dilation 3 spans 7 pixels, more than the padded input of 5",
        ),
        (
            {"x": X[..., :2]},
            ValueError,
            "kernel_size 3 with dilation 1 spans 3 pixels, more than the padded input of 2",
        ),
        ({"x": X[..., :0], "padding": 2}, ValueError, "size must be at least 1, got 0"),
        ({"w": W[..., :0]}, ValueError, "w must hold at least one weight, got shape (6, 2, 3, 0)"),
    ],
)
def test_bad_arguments(bad, error, message):
    arguments = {**GOOD, **bad}
    with pytest.raises(error, match=re.escape(message)):
        conv2d(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        conv2d_backward(np.ones((2, 6, 3, 4)), **arguments)


@pytest.mark.parametrize("shape", [(2, 6, 3, 3), (1, 6, 3, 4), (6, 3, 4), (2, 6, 12)])
def test_bad_upstream_gradient(shape):
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (2, 6, 3, 4), got {shape}")):
        conv2d_backward(np.ones(shape), **GOOD)
