"""RoIPool and RoIAlign against JAX, their definitions and central differences; boxes by hand."""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.scipy.ndimage import map_coordinates
from oracle import check_operation
from strategies import Case, normal, pairs

from byhand import definitions
from cvlib.ops import (
    grid_sample,
    max_pool2d,
    max_pool2d_backward,
    roi,
    roi_align,
    roi_align_backward,
    roi_pool,
    roi_pool_backward,
)

OPERATIONS = {"pool": (roi_pool, roi_pool_backward), "align": (roi_align, roi_align_backward)}
DEFINITIONS = {
    "pool": (definitions.roi_pool, definitions.roi_pool_backward),
    "align": (definitions.roi_align, definitions.roi_align_backward),
}


def eighths(rng, count, images, size):
    """Return boxes with corners in eighths, exact in float32: some reach outside, some lie there, some are points."""
    height, width = size
    corners = np.stack([rng.integers(-24, 8 * n + 25, (count, 2)) for n in (width, height)], -1) / 8
    corners.sort(1)
    return np.concatenate([rng.integers(0, images, (count, 1)), corners.reshape(count, 4)], 1)


@st.composite
def cases(draw, *, align):
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    n, c, size = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(pairs(1, 9))
    scale = draw(st.sampled_from([1, 0.5, 0.25]))
    boxes = eighths(rng, draw(st.integers(1, 4)), n, size)
    boxes[:, 1:] /= scale
    options = {"output_size": draw(pairs(1, 4)), "spatial_scale": scale}
    if align:
        options |= {"sampling_ratio": draw(st.integers(1, 3)), "aligned": draw(st.booleans())}
    x = rng.normal(size=(n, c, *size))
    return Case([x if draw(st.booleans()) else np.round(x), boxes], options)  # rounded: with ties


def check_definition(kind, arrays, options):
    x, boxes = arrays
    forward, backward = OPERATIONS[kind]
    by_forward, by_backward = DEFINITIONS[kind]
    y = forward(x, boxes, **options)
    np.testing.assert_allclose(y, by_forward(x.tolist(), boxes.tolist(), **options), rtol=0, atol=1e-12)
    dy = normal(*y.shape)
    expected = by_backward(dy.tolist(), x.tolist(), boxes.tolist(), **options)
    np.testing.assert_allclose(backward(dy, x, boxes, **options), expected, rtol=0, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases(align=False))
def test_roi_pool_agrees_with_its_definition(case: Case):
    check_definition("pool", *case)


@settings(max_examples=60, deadline=None)
@given(cases(align=True))
def test_roi_align_agrees_with_its_definition(case: Case):
    check_definition("align", *case)


# JAX, by other routes: every box and bin as a mask over the image; points by map_coordinates.


def half_up(value):
    """Round as taught in school: halves away from zero."""
    return int(Decimal(float(value)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def jax_roi_pool(boxes, output_size, spatial_scale=1.0):
    def run(first, last, k, count, size):
        first, last = half_up(first * spatial_scale), half_up(last * spatial_scale)
        width = Fraction(last - first + 1, count)
        # a pixel belongs to a bin when the bin reaches into it
        return [k * width < m - first + 1 and (k + 1) * width > m - first for m in range(size)]

    def oracle(x, _):
        def bin_of(n, x1, y1, x2, y2, i, j):
            rows = np.array(run(y1, y2, i, output_size[0], x.shape[2]))
            columns = np.array(run(x1, x2, j, output_size[1], x.shape[3]))
            mask = rows[:, None] & columns
            return jnp.where(mask, x[int(n)], -np.inf).max((1, 2)) if mask.any() else jnp.zeros(x.shape[1])

        P, Q = output_size
        return jnp.stack(
            [
                jnp.stack([jnp.stack([bin_of(*b, i, j) for j in range(Q)], -1) for i in range(P)], -2)
                for b in boxes
            ]
        )

    return oracle


def jax_roi_align(boxes, output_size, spatial_scale=1.0, sampling_ratio=2, aligned=True):
    def points(start, end, count):
        start, end = (edge * spatial_scale - (0.5 if aligned else 0) for edge in (start, end))
        if not aligned:
            end = max(end, start + 1)
        edges = np.linspace(start, end, count * sampling_ratio + 1)
        return (edges[1:] + edges[:-1]) / 2

    def oracle(x, _):
        def one(n, x1, y1, x2, y2):
            rows, columns = points(y1, y2, output_size[0]), points(x1, x2, output_size[1])
            fine = [(p >= -1) & (p <= n) for p, n in zip((rows, columns), x.shape[2:], strict=True)]
            places = np.meshgrid(rows, columns, indexing="ij")
            read = jax.vmap(lambda plane: map_coordinates(plane, places, 1, "nearest"))(x[int(n)])
            read = jnp.where(fine[0][:, None] & fine[1], read, 0)
            P, Q = output_size
            return read.reshape(-1, P, sampling_ratio, Q, sampling_ratio).mean((2, 4))

        return jnp.stack([one(*box) for box in boxes])

    return oracle


BOXES = np.array(
    [
        [1, 0.5, 1.5, 5.25, 3.5],
        [0, -2.5, -1, 3, 9],
        [0, 2, 2, 2, 2],
        [1, 20, 1, 25, 3],
        [0, 0, 0, 6.625, 5.375],
    ]
)


@pytest.mark.parametrize(
    ("x", "options"),
    [
        ((2, 3, 6, 7), {"output_size": (2, 3)}),
        ((2, 2, 3, 4), {"output_size": (3, 1), "spatial_scale": 0.5}),
        ((2, 1, 1, 1), {"output_size": (2, 2)}),
    ],
)
@pytest.mark.parametrize("kind", OPERATIONS)
def test_agrees_with_jax(kind, x, options):
    oracle = {"pool": jax_roi_pool, "align": jax_roi_align}[kind](BOXES, **options)
    check_operation(
        *OPERATIONS[kind],
        oracle,
        [normal(*x), BOXES],
        definition=DEFINITIONS[kind],
        differentiate=[0],
        **options,
    )


@pytest.mark.parametrize("options", [{"sampling_ratio": 1}, {"sampling_ratio": 3, "aligned": False}])
def test_roi_align_agrees_with_jax(options):
    options = {"output_size": (2, 2), **options}
    check_operation(
        *OPERATIONS["align"], jax_roi_align(BOXES, **options), [normal(2, 2, 6, 5), BOXES],
        definition=DEFINITIONS["align"], differentiate=[0], **options,
    )  # fmt: skip


# By hand


RAMP = np.arange(16.0).reshape(1, 1, 4, 4)  # row i: 4 i, 4 i + 1, 4 i + 2, 4 i + 3


def test_roi_pool_rounds_halves_away_from_zero():
    """Columns 0.5 to 2.5 become 1 to 3; -0.5 becomes -1, so one of four columns is outside."""
    np.testing.assert_array_equal(roi_pool(RAMP, [[0, 0.5, 0, 2.5, 0]], (1, 3)), [[[[1, 2, 3]]]])
    np.testing.assert_array_equal(roi_pool(RAMP, [[0, -0.5, 0, 2.49, 0]], (1, 4)), [[[[0, 0, 1, 2]]]])
    below = np.nextafter(0.5, 0)
    np.testing.assert_array_equal(roi_pool(RAMP, [[0, below, 0, below, 0]], 1), [[[[0]]]])  # not 1


def test_roi_pool_of_a_box_that_does_not_divide():
    """4 rows in 3 bins: 0-1, 1-2, 2-3; 5 columns of which the image has 4 in 2 bins: 0-2, 2-3(4)."""
    y = roi_pool(RAMP, [[0, 0, 0, 4, 3]], (3, 2))
    np.testing.assert_array_equal(y[0, 0], [[6, 7], [10, 11], [14, 15]])


def test_roi_pool_of_more_bins_than_pixels():
    """One pixel in 3 x 3 bins: each holds it; two pixels in 3 bins: the middle one holds both."""
    np.testing.assert_array_equal(roi_pool(RAMP, [[0, 2, 1, 2, 1]], 3), np.full((1, 1, 3, 3), 6))
    np.testing.assert_array_equal(roi_pool(RAMP, [[0, 1, 0, 2, 0]], (1, 3)), [[[[1, 2, 2]]]])


def test_empty_bins_give_zero_and_hand_back_nothing():
    x, boxes = RAMP - 100, [[0, 10, 10, 12, 12], [0, 2, 0, 5, 0]]
    y = roi_pool(x, boxes, (1, 2))
    np.testing.assert_array_equal(y[:, 0, 0], [[0, 0], [-97, 0]])
    dx = roi_pool_backward(np.full((2, 1, 1, 2), np.inf), x, boxes, (1, 2))
    np.testing.assert_array_equal(dx[0, 0, 0], [0, 0, 0, np.inf])
    assert not dx[0, 0, 1:].any()


def test_boxes_that_tile_the_map_make_an_ordinary_max_pooling():
    x = np.round(2 * normal(2, 3, 6, 8))
    boxes = [[0, 0, 0, 7, 5], [1, 0, 0, 7, 5]]
    np.testing.assert_array_equal(roi_pool(x, boxes, (3, 4)), max_pool2d(x, 2))
    dy = normal(2, 3, 3, 4)
    np.testing.assert_allclose(
        roi_pool_backward(dy, x, boxes, (3, 4)), max_pool2d_backward(dy, x, 2), rtol=1e-14
    )


def test_overlapping_boxes_add_up():
    dx = roi_pool_backward(
        [[[[1]]], [[[10]]], [[[100]]]], RAMP, [[0, 0, 0, 1, 1], [0, 1, 1, 1, 1], [0, 0, 0, 3, 3]], 1
    )
    expected = np.zeros((4, 4))
    expected[1, 1], expected[3, 3] = 11, 100
    np.testing.assert_array_equal(dx[0, 0], expected)


def test_roi_pool_lets_nan_win_the_first_one():
    x = RAMP.copy()
    x[0, 0, 1, 2] = x[0, 0, 2, 1] = np.nan
    y = roi_pool(x, [[0, 0, 0, 3, 3], [0, 0, 3, 3, 3]], 1)
    np.testing.assert_array_equal(y.ravel(), [np.nan, 15])
    dx = roi_pool_backward([[[[5]]], [[[1]]]], x, [[0, 0, 0, 3, 3], [0, 0, 3, 3, 3]], 1)
    assert (dx[0, 0, 1, 2], dx[0, 0, 3, 3], dx.sum()) == (5, 1, 6)
    x = np.full((1, 1, 2, 2), -np.inf)
    np.testing.assert_array_equal(
        roi_pool_backward([[[[5]]]], x, [[0, 0, 0, 1, 1]], 1)[0, 0], [[5, 0], [0, 0]]
    )


def test_roi_align_of_a_plane_reads_the_plane():
    """A plane is its own bilinear interpolation: the mean over a bin is the value in its middle."""
    rows, columns = np.mgrid[:8.0, :9.0]
    x = (100 + 10 * rows + columns)[None, None]
    y = roi_align(x, [[0, 1, 2, 7, 6]], (2, 3))
    # bins of 2 x 2 pixels; middles at 3, 5 and 2, 4, 6 from the edges, so at 2.5, 4.5 and 1.5, 3.5, 5.5 of the centres
    np.testing.assert_allclose(y[0, 0], [[126.5, 128.5, 130.5], [146.5, 148.5, 150.5]], rtol=1e-14)
    shifted = roi_align(x, [[0, 1, 2, 7, 6]], (2, 3), aligned=False)
    np.testing.assert_allclose(shifted, y + 5.5, rtol=1e-14)


def test_roi_align_with_one_point_is_grid_sample():
    """The box's grid of points, read by another operation."""
    x = normal(1, 3, 7, 9)
    x1, y1, x2, y2 = 1.3, 0.9, 7.2, 5.8
    columns, rows = x1 + (np.arange(4) + 0.5) * (x2 - x1) / 4, y1 + (np.arange(3) + 0.5) * (y2 - y1) / 3
    grid = np.stack(np.meshgrid(2 * columns / 9 - 1, 2 * rows / 7 - 1), -1)[None]
    y = roi_align(x, [[0, x1, y1, x2, y2]], (3, 4), sampling_ratio=1)
    np.testing.assert_allclose(y, grid_sample(x, grid), rtol=0, atol=1e-13)


def test_roi_align_at_the_edge():
    """Up to one pixel outside the outermost centres the border counts, further out 0: both ends included."""
    x = np.array([[[[3.0, 5.0]]]])
    for column, expected in [(-1, 3), (-1.01, 0), (2, 5), (2.01, 0), (0.5, 4)]:
        box = [0, column + 0.5, 0.5, column + 0.5, 0.5]  # a point
        assert roi_align(x, [box], 1) == pytest.approx(expected)


def test_unaligned_boxes_have_at_least_one_pixel():
    x = np.arange(5.0).reshape(1, 1, 1, 5)
    box = [[0, 2, 0, 2, 0]]
    np.testing.assert_allclose(roi_align(x, box, (1, 2), sampling_ratio=1, aligned=False), [[[[2.25, 2.75]]]])
    np.testing.assert_allclose(roi_align(x, box, (1, 2), sampling_ratio=1), [[[[1.5, 1.5]]]])


def test_constant_maps_stay_constant_and_gradients_keep_their_sum():
    boxes = np.array([[0, 1, 1.5, 6, 5.5], [0, 2.2, 2.1, 2.3, 5.9]])
    np.testing.assert_allclose(roi_align(np.full((1, 1, 7, 7), 3.0), boxes, (3, 2)), 3, rtol=1e-14)
    dy = normal(2, 1, 3, 2)
    dx = roi_align_backward(dy, np.zeros((1, 1, 7, 7)), boxes, (3, 2))
    np.testing.assert_allclose(dx.sum(), dy.sum(), rtol=1e-12)


def test_pixels_out_of_reach_do_not_matter_however_strange():
    x = normal(1, 2, 6, 6)
    boxes = [[0, 1, 1, 3, 3]]
    expected = roi_align(x, boxes, 2), roi_pool(x, boxes, 2)
    x[:, :, 4:] = np.nan
    x[:, :, :, 5] = np.inf
    np.testing.assert_array_equal(roi_align(x, boxes, 2), expected[0])
    np.testing.assert_array_equal(roi_pool(x, boxes, 2), expected[1])
    x[:, 0, 2, 2] = np.nan
    assert np.isnan(roi_align(x, boxes, 2)[0, 0]).all()
    np.testing.assert_array_equal(roi_align(x, boxes, 2)[0, 1], expected[0][0, 1])
    dx = roi_align_backward(np.full((1, 2, 2, 2), np.inf), x, boxes, 2)
    assert np.isfinite(dx[:, :, 4:]).all()


@pytest.mark.parametrize("kind", OPERATIONS)
def test_a_box_outside_reads_zero_even_of_nan(kind):
    assert not OPERATIONS[kind][0](np.full((1, 2, 3, 3), np.nan), [[0, 20, 20, 22, 22]], 2).any()


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize("size", [0, 300, 5000])
def test_blocks_change_nothing(kind, size, monkeypatch):
    x, boxes = normal(2, 3, 9, 8), eighths(np.random.default_rng(3), 7, 2, (9, 8))
    forward, backward = OPERATIONS[kind]
    dy = normal(7, 3, 3, 2)
    expected = forward(x, boxes, (3, 2)), backward(dy, x, boxes, (3, 2))
    monkeypatch.setattr(roi, "SHARED_BYTES", size)
    np.testing.assert_array_equal(forward(x, boxes, (3, 2)), expected[0])
    np.testing.assert_array_equal(backward(dy, x, boxes, (3, 2)), expected[1])


@pytest.mark.parametrize("kind", OPERATIONS)
def test_large_maps_have_many_levels(kind):
    """Windows of up to 64 pixels; the definition walks over each of them."""
    boxes = np.array([[0, 0, 0, 127, 99], [0, 3, 5, 60, 99], [0, 5, 5, 9, 99]])
    check_definition(kind, [np.round(normal(1, 1, 100, 128)), boxes], {"output_size": (2, 1)})


@pytest.mark.parametrize("kind", OPERATIONS)
def test_types_and_nothing_at_all(kind):
    """The boxes say where, not how exactly: the result has the precision of the maps."""
    forward, backward = OPERATIONS[kind]
    x = np.ones((2, 3, 4, 5), np.float32)
    boxes = np.array([[0.0, 0, 0, 3, 3]])
    assert forward(x, boxes, 2).dtype == np.float32
    assert forward(x.astype(int), boxes, 2).dtype == np.float64
    assert backward(np.ones((1, 3, 2, 2)), x, boxes, 2).dtype == np.float64
    none = np.zeros((0, 5), np.float32)
    assert forward(x, none, (2, 3)).shape == (0, 3, 2, 3)
    dx = backward(np.zeros((0, 3, 2, 3), np.float32), x, none, (2, 3))
    assert (dx.shape, dx.dtype, dx.any()) == (x.shape, np.float32, False)
    assert forward(x[:0], none, 1).shape == (0, 3, 1, 1)
    assert backward(np.zeros((0, 3, 1, 1)), x[:0], none, 1).shape == (0, 3, 4, 5)


X = normal(2, 3, 5, 6)
BAD = [
    ({"x": X[0]}, ValueError, "x must have 4 axes (N, C, H, W), got shape (3, 5, 6)"),
    ({"x": X[:, :, :, :0]}, ValueError, "x must have maps of at least one pixel, got shape (2, 3, 5, 0)"),
    ({"x": [["a"]]}, TypeError, "x must hold real numbers"),
    ({"boxes": [0, 0, 0, 1, 1]}, ValueError, "boxes must have 2 axes (R, 5), got shape (5,)"),
    ({"boxes": [[0, 0, 1, 1]]}, ValueError, "boxes must have shape (R, 5): image, x1, y1, x2, y2, got (1, 4)"),
    ({"boxes": [[0, 0, np.nan, 1, 1]]}, ValueError, "boxes must be finite, got nan at index (0, 2)"),
    ({"boxes": [[0, 0, 0, 1, 1], [2, 0, 0, 1, 1]]}, ValueError,
     "boxes must name an image from 0 to 1 first, got [2.0, 0.0, 0.0, 1.0, 1.0] at index 1"),
    ({"boxes": [[-1, 0, 0, 1, 1]]}, ValueError, "boxes must name an image from 0 to 1 first, got [-1.0,"),
    ({"boxes": [[0.5, 0, 0, 1, 1]]}, ValueError, "boxes must name an image from 0 to 1 first, got [0.5,"),
    ({"boxes": [[0, 2, 0, 1, 1]]}, ValueError,
     "boxes must have x1 <= x2 and y1 <= y2, got [0.0, 2.0, 0.0, 1.0, 1.0] at index 0"),
    ({"boxes": [[0, 0, 2, 1, 1]]}, ValueError, "boxes must have x1 <= x2 and y1 <= y2, got"),
    ({"boxes": [[0, 0, 0, 1e300, 1]]}, ValueError, "boxes must lie within 2147483648 pixels of the image"),
    ({"output_size": 0}, ValueError, "output_size must be at least 1, got 0"),
    ({"output_size": 7.0}, TypeError, "output_size must be an integer, got 7.0 of type float"),
    ({"spatial_scale": 0}, ValueError, "spatial_scale must be above 0 and finite, got 0"),
    ({"spatial_scale": np.inf}, ValueError, "spatial_scale must be above 0 and finite, got inf"),
    ({"spatial_scale": "half"}, TypeError, "spatial_scale must be a number, got 'half' of type str"),
]  # fmt: skip


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize(("bad", "error", "message"), BAD)
def test_bad_arguments(kind, bad, error, message):
    forward, backward = OPERATIONS[kind]
    arguments = {"x": X, "boxes": [[0, 0, 0, 3, 3]], "output_size": 2, **bad}
    with pytest.raises(error, match=re.escape(message)):
        forward(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        backward(np.ones((1, 3, 2, 2)), **arguments)


def test_bad_options_of_roi_align():
    with pytest.raises(ValueError, match="sampling_ratio must be at least 1, got 0"):
        roi_align(X, [[0, 0, 0, 3, 3]], 2, sampling_ratio=0)
    with pytest.raises(TypeError, match="sampling_ratio must be an integer, got None"):
        roi_align_backward(np.ones((1, 3, 2, 2)), X, [[0, 0, 0, 3, 3]], 2, sampling_ratio=None)
    with pytest.raises(ValueError, match="aligned must be one of False, True, got 'half'"):
        roi_align(X, [[0, 0, 0, 3, 3]], 2, aligned="half")


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize("shape", [(1, 3, 2, 3), (2, 3, 2, 2), (1, 3, 2)])
def test_bad_upstream_gradient(kind, shape):
    with pytest.raises(ValueError, match=re.escape(f"dy must have shape (1, 3, 2, 2), got {shape}")):
        OPERATIONS[kind][1](np.ones(shape), X, [[0, 0, 0, 3, 3]], 2)


def test_the_definitions_are_exact_in_fractions():
    x = [[[[1, 2, 4]]]]
    y = definitions.roi_align(x, [[0, 0, 0, 1, 1]], 1, sampling_ratio=1, spatial_scale=Fraction(8, 3))
    assert y == [
        [[[Fraction(11, 6)]]]
    ]  # column 4/3 - 1/2 is 5/6 of the way from 1 to 2; the row reads the border


@pytest.mark.parametrize("kind", DEFINITIONS)
@pytest.mark.parametrize(
    ("boxes", "options", "message"),
    [
        ([[0, 1, 1, 2]], {}, "boxes must hold image, x1, y1, x2, y2, got 4 numbers in a row"),
        ([[1, 0, 0, 1, 1]], {}, "boxes must name an image from 0 to 0 first, got 1"),
        ([[0.5, 0, 0, 1, 1]], {}, "boxes must name an image from 0 to 0 first, got 0.5"),
        ([[0, 1, 0, 0, 1]], {}, "boxes must have x1 <= x2 and y1 <= y2, got [1, 0, 0, 1]"),
        ([[0, 0, 0, 1, 1]], {"spatial_scale": -1}, "spatial_scale must be above 0 and finite, got -1"),
    ],
)
def test_definitions_refuse(kind, boxes, options, message):
    forward, backward = DEFINITIONS[kind]
    with pytest.raises(ValueError, match=re.escape(message)):
        forward([[[[1, 2]]]], boxes, 1, **options)
    with pytest.raises(ValueError, match=re.escape(message)):
        backward([[[[1]]]], [[[[1, 2]]]], boxes, 1, **options)


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_definitions_refuse_another_gradient(kind):
    with pytest.raises(ValueError, match=re.escape("dy must have the shape of the output, (1, 1, 1, 1)")):
        DEFINITIONS[kind][1]([[[[1, 2]]]], [[[[1, 2]]]], [[0, 0, 0, 1, 1]], 1)
