"""Affine grids and sampling against JAX, their definitions and central differences; corners by hand."""

import re
import sys
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
from cvlib.ops import affine_grid, affine_grid_backward, grid_sample, grid_sample_backward

AFFINE = definitions.affine_grid, definitions.affine_grid_backward
SAMPLE = definitions.grid_sample, definitions.grid_sample_backward


# The affine grid


def jax_affine_grid(size, align_corners):
    """A different route: pixel numbers through numpy.linspace over the whole span, then einsum."""

    def centres(n):
        edges = np.linspace(-1, 1, n + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        return np.linspace(-1, 1, n) if align_corners and n > 1 else middles

    v, u = np.meshgrid(*map(centres, size), indexing="ij")
    return lambda theta: jnp.einsum("nkm,mij->nijk", theta, np.stack([u, v, np.ones(size)]))


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(("n", "size"), [(3, (5, 2)), (2, (1, 6)), (1, (4, 1))])
def test_affine_grid(n, size, align_corners):
    oracle = jax_affine_grid(size, align_corners)
    options = {"size": size, "align_corners": align_corners}
    check_operation(
        affine_grid, affine_grid_backward, oracle, [normal(n, 2, 3)], definition=AFFINE, **options
    )


def test_the_identity_meets_every_pixel_and_a_size_may_be_one_number():
    x = normal(2, 3, 4, 7)
    identity = [[[1, 0, 0], [0, 1, 0]]] * 2
    for align_corners in (False, True):
        grid = affine_grid(identity, (4, 7), align_corners=align_corners)
        y = grid_sample(x, grid, align_corners=align_corners)
        np.testing.assert_allclose(y, x, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(affine_grid(identity, 3), affine_grid(identity, (3, 3)))


def test_affine_grid_by_hand():
    """Two by two pixels: centres at -1/2 and 1/2, corners at -1 and 1. x is half of u plus 1, y is minus v."""
    theta = [[[0.5, 0, 1], [0, -1, 0]]]
    np.testing.assert_array_equal(
        affine_grid(theta, 2)[0], [[[0.75, 0.5], [1.25, 0.5]], [[0.75, -0.5], [1.25, -0.5]]]
    )
    np.testing.assert_array_equal(
        affine_grid(theta, 2, align_corners=True)[0], [[[0.5, 1], [1.5, 1]], [[0.5, -1], [1.5, -1]]]
    )


def test_no_maps_and_whole_numbers():
    empty = np.zeros((0, 2, 3), np.float32)
    grid = affine_grid(empty, (2, 3))
    assert (grid.shape, grid.dtype) == ((0, 2, 3, 2), np.float32)
    assert affine_grid_backward(grid, empty, (2, 3)).shape == (0, 2, 3)
    assert affine_grid([[[1, 0, 0], [0, 1, 0]]], 2).dtype == np.float64


def test_a_diverged_map_gives_nan_without_a_warning():
    grid = affine_grid([[[np.inf, 0, 0], [np.nan, 1, 0]]], (1, 3))
    assert np.isnan(grid[..., 1]).all()
    assert grid[0, 0, 2, 0] == np.inf
    dtheta = affine_grid_backward(np.full((1, 1, 3, 2), np.inf), [[[1, 0, 0], [0, 1, 0]]], (1, 3))
    np.testing.assert_array_equal(dtheta[0, :, 2], np.inf)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((normal(2, 3), 2), ValueError, "theta must have 3 axes (N, 2, 3), got shape (2, 3)"),
        ((normal(4, 3, 2), 2), ValueError, "theta must have shape (N, 2, 3), got (4, 3, 2)"),
        (([[["a"]]], 2), TypeError, "theta must hold real numbers, got list of dtype <U1"),
        ((normal(4, 2, 3), 0), ValueError, "size must be at least 1, got 0"),
        ((normal(4, 2, 3), (2, 3.0)), TypeError, "size must be an integer, got 3.0 of type float"),
        ((normal(4, 2, 3), (4, 3, 2, 2)), ValueError, "size must be one integer or a pair (height, width)"),
    ],
)
def test_affine_grid_refuses(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        affine_grid(*arguments)
    with pytest.raises(error, match=re.escape(message)):
        affine_grid_backward(np.ones((4, 2, 2, 2)), *arguments)


def test_affine_grid_refuses_another_gradient_and_text_for_a_choice():
    with pytest.raises(ValueError, match="align_corners must be one of False, True, got None"):
        affine_grid(normal(4, 2, 3), 2, align_corners=None)
    with pytest.raises(ValueError, match=re.escape("dy must have shape (4, 2, 5, 2), got (4, 5, 2, 2)")):
        affine_grid_backward(np.ones((4, 5, 2, 2)), normal(4, 2, 3), (2, 5))


# Sampling


def jax_grid_sample(padding_mode, align_corners):
    mode = {"zeros": "constant", "border": "nearest"}[padding_mode]

    def oracle(x, grid):
        places = [
            (grid[..., k] + 1) / 2 * (n - 1) if align_corners else ((grid[..., k] + 1) * n - 1) / 2
            for k, n in ((1, x.shape[2]), (0, x.shape[3]))
        ]
        one = lambda plane, row, column: map_coordinates(plane, [row, column], 1, mode)  # noqa: E731
        channels = jax.vmap(one, (0, None, None))
        return jax.vmap(channels)(x, *places)

    return oracle


def grid_at(places, size, align_corners):
    """Return the grid that reads at these places, columns and rows (N, H, W, 2) in pixels."""
    columns_and_rows = np.array(size[::-1])
    if align_corners:
        return places * 2 / np.maximum(columns_and_rows - 1, 1) - 1
    return (2 * places + 1) / columns_and_rows - 1


def off_the_lines(rng, shape, size):
    """Return places up to three pixels outside the image, away from the lines where the slope changes."""
    whole = np.stack([rng.integers(-3, n + 2, shape) for n in size[::-1]], -1)
    return whole + rng.uniform(0.1, 0.9, whole.shape)


@st.composite
def sample_cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    n, c, size = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(pairs(2, 5))
    align_corners = draw(st.booleans())
    places = off_the_lines(rng, (n, *draw(pairs(1, 4))), size)
    options = {"padding_mode": draw(st.sampled_from(["zeros", "border"])), "align_corners": align_corners}
    return Case([rng.normal(size=(n, c, *size)), grid_at(places, size, align_corners)], options)


@pytest.mark.parametrize("padding_mode", ["zeros", "border"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_grid_sample_agrees_with_jax(padding_mode, align_corners):
    x = normal(2, 3, 4, 5)
    places = off_the_lines(np.random.default_rng(0), (2, 6, 7), (4, 5))
    options = {"padding_mode": padding_mode, "align_corners": align_corners}
    arrays = [x, grid_at(places, (4, 5), align_corners)]
    oracle = jax_grid_sample(**options)
    check_operation(grid_sample, grid_sample_backward, oracle, arrays, definition=SAMPLE, **options)


def check_definition(arrays, **options):
    """Without JAX, which compiles every shape anew."""
    x, grid = arrays
    y = grid_sample(x, grid, **options)
    np.testing.assert_allclose(y, SAMPLE[0](x.tolist(), grid.tolist(), **options), rtol=0, atol=1e-12)
    dy = normal(*y.shape)
    expected = SAMPLE[1](dy.tolist(), x.tolist(), grid.tolist(), **options)
    for result, target in zip(grid_sample_backward(dy, x, grid, **options), expected, strict=True):
        np.testing.assert_allclose(result, target, rtol=0, atol=1e-11)


@settings(max_examples=60, deadline=None)
@given(sample_cases())
def test_grid_sample_agrees_with_its_definition(case: Case):
    check_definition(case.arrays, **case.options)


@pytest.mark.parametrize("padding_mode", ["zeros", "border"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(1, 4), (3, 1), (1, 1)])
def test_images_of_a_single_row_or_column(size, padding_mode, align_corners):
    grid = np.random.default_rng(0).uniform(-1.9, 1.9, (2, 5, 3, 2))
    check_definition([normal(2, 2, *size), grid], padding_mode=padding_mode, align_corners=align_corners)


@pytest.mark.parametrize("padding_mode", ["zeros", "border"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_on_the_lines_the_slope_to_the_right_counts(padding_mode, align_corners):
    """Every pixel's centre, every middle, the border and beyond: JAX may choose another slope, the definition not."""
    steps = np.arange(-5, 14) / 2
    places = np.stack(np.meshgrid(steps, steps), -1)[None]
    size = (5, 5) if align_corners else (4, 4)  # 2 places / 4: the grid is exact in binary
    x = np.round(4 * normal(1, 2, *size))
    grid = grid_at(places, size, align_corners)
    options = {"padding_mode": padding_mode, "align_corners": align_corners}
    y = grid_sample(x, grid, **options)
    np.testing.assert_array_equal(y, SAMPLE[0](x.tolist(), grid.tolist(), **options))
    dy = np.round(4 * normal(*y.shape))
    expected = SAMPLE[1](dy.tolist(), x.tolist(), grid.tolist(), **options)
    for dtype in (np.float64, np.float32):
        arrays = [array.astype(dtype) for array in (dy, x, grid)]
        for result, target in zip(grid_sample_backward(*arrays, **options), expected, strict=True):
            np.testing.assert_array_equal(result, target)


def test_coursework_a45():
    """Weights 0.75 and 0.25 across, 0.6 and 0.4 down, on the pixels 8, 2, 6, 9; slopes of -2.4 and 0.25 per pixel."""
    x = np.array([[[[3.0, 8, 2], [5, 6, 9], [1, 1, 1]]]])
    grid = grid_at(np.array([[[[1.25, 0.4]]]]), (3, 3), align_corners=True)
    np.testing.assert_allclose(grid_sample(x, grid, align_corners=True), 6.6, rtol=1e-14)
    dx, dgrid = grid_sample_backward([[[[1.0]]]], x, grid, align_corners=True)
    np.testing.assert_allclose(dx[0, 0], [[0, 0.45, 0.15], [0, 0.3, 0.1], [0, 0, 0]], atol=1e-15)
    np.testing.assert_allclose(
        dgrid[0, 0, 0], [-2.4, 0.25], rtol=1e-13
    )  # (3 - 1) / 2 = 1 pixel for each unit


def test_the_definition_is_exact_in_fractions():
    third = Fraction(1, 3)
    y = definitions.grid_sample([[[[0, 9], [0, 0]]]], [[[[third, -third]]]])
    # column (4/3 * 2 - 1) / 2 = 5/6, row (2/3 * 2 - 1) / 2 = 1/6
    assert y == [[[[9 * Fraction(5, 6) * Fraction(5, 6)]]]]


@pytest.mark.parametrize("size", [0, 500, 3000])
def test_blocks_change_nothing(monkeypatch, size):
    module = sys.modules["cvlib.ops.grid_sample"]  # the package's attribute of this name is the function
    x, grid = normal(5, 2, 4, 3), np.random.default_rng(0).uniform(-1.5, 1.5, (5, 2, 3, 2))
    dy = normal(5, 2, 2, 3)
    expected = [grid_sample(x, grid), *grid_sample_backward(dy, x, grid)]
    monkeypatch.setattr(module, "INDEX_BYTES", size)
    for result, target in zip(
        [grid_sample(x, grid), *grid_sample_backward(dy, x, grid)], expected, strict=True
    ):
        np.testing.assert_array_equal(result, target)


# Corners


NOWHERE = [[np.nan, 0], [0, np.nan], [np.nan, np.nan]]
FAR = [[np.inf, 0], [-np.inf, -1], [0, np.inf], [1e38, -1e38], [-np.inf, np.inf], [5, 0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding_mode", ["zeros", "border"])
def test_nan_is_nowhere(padding_mode, align_corners, dtype):
    """NaN in every channel; the images get nothing from there, and the points' own gradients hold NaN."""
    x = normal(2, 3, 3, 4).astype(dtype)
    grid = np.array([[NOWHERE], [[[0, 0]] * 3]], dtype)
    options = {"padding_mode": padding_mode, "align_corners": align_corners}
    y = grid_sample(x, grid, **options)
    assert np.isnan(y[0]).all()
    assert np.isfinite(y[1]).all()
    dx, dgrid = grid_sample_backward(np.ones_like(y), x, grid, **options)
    assert not dx[0].any()
    np.testing.assert_allclose(dx[1].sum(), 9, rtol=1e-6)
    assert np.isnan(dgrid[0]).any(-1).all()
    assert np.isfinite(dgrid[1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("align_corners", [False, True])
def test_infinity_is_far_outside(align_corners, dtype):
    x = np.arange(1, 13, dtype=dtype).reshape(1, 1, 3, 4)
    grid = np.array([[FAR]], dtype)
    y = grid_sample(x, grid, align_corners=align_corners)
    assert not y.any()
    dx, dgrid = grid_sample_backward(np.ones_like(y), x, grid, align_corners=align_corners)
    assert not dx.any()
    assert not dgrid.any()
    options = {"padding_mode": "border", "align_corners": align_corners}
    # rows of the image: 1 2 3 4, 5 6 7 8, 9 10 11 12; x = 0 is between two columns
    np.testing.assert_array_equal(grid_sample(x, grid, **options)[0, 0, 0], [8, 1, 10.5, 4, 9, 8])
    _, dgrid = grid_sample_backward(np.ones_like(y), x, grid, **options)
    assert np.isfinite(dgrid).all()
    assert not dgrid[0, 0, 3:5].any()


def test_an_infinite_coordinate_and_a_single_pixel():
    """With aligned corners all coordinates mean the only pixel: infinity times 0 must not become NaN."""
    y = grid_sample([[[[7.0]]]], [[[[np.inf, -np.inf], [0.3, 1]]]], align_corners=True)
    np.testing.assert_array_equal(y, [[[[7, 7]]]])


def test_points_outside_do_not_see_infinite_pixels():
    x = np.full((1, 1, 2, 2), np.inf)
    np.testing.assert_array_equal(grid_sample(x, [[[[-3, 0], [0, 3], [0.1, 0.1]]]]), [[[[0, 0, np.inf]]]])
    x[...] = np.nan
    np.testing.assert_array_equal(grid_sample(x, [[[[-3, 0], [0, 3], [0.1, 0.1]]]]), [[[[0, 0, np.nan]]]])
    dx, dgrid = grid_sample_backward(np.full((1, 1, 1, 2), np.inf), x, [[[[-3, 0], [9, 9]]]])
    assert not dx.any()
    assert dgrid.shape == (1, 1, 2, 2)


def test_many_points_on_one_pixel_lose_nothing_in_float32():
    """The sums of dx are kept in float64."""
    grid = np.full((1, 300, 300, 2), -1, np.float32)
    dy = np.full((1, 1, 300, 300), 0.1, np.float32)
    dx, _ = grid_sample_backward(dy, np.zeros((1, 1, 2, 2), np.float32), grid, padding_mode="border")
    assert dx[0, 0, 0, 0] == np.float32(90000 * np.float64(np.float32(0.1)))


def test_types_and_empty_batches():
    assert grid_sample(np.ones((1, 1, 2, 2), int), np.zeros((1, 1, 1, 2), int)).dtype == np.float64
    assert grid_sample(np.ones((1, 1, 2, 2), np.float32), np.zeros((1, 1, 1, 2))).dtype == np.float64
    x, grid = np.ones((1, 1, 2, 2), np.float32), np.zeros((1, 1, 1, 2), np.float32)
    assert {d.dtype for d in grid_sample_backward(np.ones((1, 1, 1, 1)), x, grid)} == {np.dtype(np.float64)}
    x, grid = np.ones((0, 3, 4, 4), np.float32), np.ones((0, 2, 5, 2), np.float32)
    y = grid_sample(x, grid)
    assert (y.shape, y.dtype) == ((0, 3, 2, 5), np.float32)
    dx, dgrid = grid_sample_backward(y, x, grid)
    assert (dx.shape, dgrid.shape) == (x.shape, grid.shape)


X, GRID = normal(2, 3, 5, 6), np.zeros((2, 4, 7, 2))


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[0]}, ValueError, "x must have 4 axes (N, C, H, W), got shape (3, 5, 6)"),
        ({"x": [["a"]]}, TypeError, "x must hold real numbers, got list of dtype <U1"),
        ({"x": X[:, :, :0]}, ValueError, "x must have images of at least one pixel, got shape (2, 3, 0, 6)"),
        ({"grid": GRID[0]}, ValueError, "grid must have 4 axes (N, H_out, W_out, 2), got shape (4, 7, 2)"),
        ({"grid": GRID[..., :1]}, ValueError,
         "grid must have shape (N, H_out, W_out, 2) with at least one point, got (2, 4, 7, 1)"),
        ({"grid": GRID[:, :0]}, ValueError,
         "grid must have shape (N, H_out, W_out, 2) with at least one point, got (2, 0, 7, 2)"),
        ({"grid": GRID[:1]}, ValueError, "grid must have points for each of the 2 images of x, got 1"),
        ({"grid": GRID + 1j}, TypeError, "grid must hold real numbers, got ndarray of dtype complex128"),
        ({"padding_mode": "reflection"}, ValueError,
         "padding_mode must be one of 'zeros', 'border', got 'reflection'"),
        ({"align_corners": "no"}, ValueError, "align_corners must be one of False, True, got 'no'"),
    ],
)  # fmt: skip
def test_grid_sample_refuses(bad, error, message):
    arguments = {"x": X, "grid": GRID, **bad}
    with pytest.raises(error, match=re.escape(message)):
        grid_sample(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        grid_sample_backward(np.ones((2, 3, 4, 7)), **arguments)


def test_grid_sample_refuses_another_gradient():
    with pytest.raises(ValueError, match=re.escape("dy must have shape (2, 3, 4, 7), got (2, 3, 7, 4)")):
        grid_sample_backward(np.ones((2, 3, 7, 4)), X, GRID)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: definitions.affine_grid([[[1, 2], [3, 4]]], 2),
         "theta must hold maps of 2 rows and 3 columns, got 2 and 2"),
        (lambda: definitions.affine_grid_backward([[[[1, 2]]]], [[[1, 0, 0], [0, 1, 0]]], 2),
         "dy must have the shape of the grid, (1, 2, 2, 2), got (1, 1, 1, 2)"),
        (lambda: definitions.grid_sample([[[[1]]]], [[[[1]]]]),
         "grid must hold points (x, y), got 1 numbers for each"),
        (lambda: definitions.grid_sample([[[[1]]]], [[[[1, 1]]]] * 2),
         "grid must have points for each of the 1 images of x, got 2"),
        (lambda: definitions.grid_sample([[[[1]]]], [[[[1, 1]]]], padding_mode="wrap"),
         "padding_mode must be one of 'zeros', 'border', got 'wrap'"),
        (lambda: definitions.grid_sample_backward([[[[1, 1]]]], [[[[1]]]], [[[[1, 1]]]]),
         "dy must have the shape of the output, (1, 1, 1, 1), got (1, 1, 1, 2)"),
    ],
)  # fmt: skip
def test_definitions_refuse(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
