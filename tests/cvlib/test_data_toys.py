"""Toy sets: without noise every point fulfils its equation; with noise it strays as far as it should."""

import numpy as np
import pytest

from cvlib.data import checkerboard, ring_of_gaussians, spirals, two_moons, xor

SETS = {
    "moons": (two_moons, 2),
    "ring": (ring_of_gaussians, 8),
    "spirals": (spirals, 2),
    "xor": (xor, 2),
    "checkerboard": (checkerboard, 2),
}
each = pytest.mark.parametrize("name", SETS)


def draw(function, n=999, seed=0, **options):
    points, labels = function(n, rng=np.random.default_rng(seed), **options)
    return points.astype(np.float64), labels


@each
def test_shapes_and_types(name):
    function, classes = SETS[name]
    points, labels = function(101, rng=np.random.default_rng(0))
    assert points.shape == (101, 2)
    assert points.dtype == np.float32
    assert points.flags.c_contiguous
    assert labels.shape == (101,)
    assert labels.dtype == np.int64
    assert set(labels.tolist()) == set(range(classes))
    assert function(1, rng=np.random.default_rng(0))[0].shape == (1, 2)


@each
def test_the_same_generator_state_gives_the_same_points(name):
    function, _ = SETS[name]
    for one, other in zip(draw(function, seed=1), draw(function, seed=1), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(draw(function, seed=1)[0], draw(function, seed=2)[0])


@pytest.mark.parametrize("name", ["moons", "ring", "spirals", "xor"])
def test_classes_are_of_one_size_and_in_random_order(name):
    function, classes = SETS[name]
    _, labels = draw(function)
    counts = np.bincount(labels)
    assert np.ptp(counts) <= 1
    changes = np.mean(labels[1:] != labels[:-1])
    assert changes == pytest.approx(1 - 1 / classes, abs=0.06)


def test_moons_are_half_circles():
    points, labels = draw(two_moons, noise=0)
    x, y = points[labels == 0].T
    np.testing.assert_allclose(x**2 + y**2, 1, atol=1e-6)
    assert y.min() >= 0
    assert x.min() < -0.99 < 0.99 < x.max()
    assert np.mean(x < 0) == pytest.approx(0.5, abs=0.08)  # evenly along the arc
    x, y = points[labels == 1].T
    np.testing.assert_allclose((x - 1) ** 2 + (y - 0.5) ** 2, 1, atol=1e-6)
    assert y.max() <= 0.5


def test_ring_has_its_modes_in_place():
    points, labels = draw(ring_of_gaussians, 8000, spread=0.1, modes=5, radius=3)
    for k in range(5):
        cloud = points[labels == k]
        angle = 2 * np.pi * k / 5
        np.testing.assert_allclose(cloud.mean(axis=0), [3 * np.cos(angle), 3 * np.sin(angle)], atol=0.015)
        np.testing.assert_allclose(np.cov(cloud.T), 0.01 * np.eye(2), atol=0.001)
    points, _ = draw(ring_of_gaussians, spread=0)
    assert len(np.unique(points.round(5), axis=0)) == 8
    np.testing.assert_allclose(np.hypot(*points.T), 2, rtol=1e-6)


@pytest.mark.parametrize(("arms", "turns"), [(2, 1.5), (3, 0.6), (1, 3)])
def test_spirals_wind(arms, turns):
    points, labels = draw(spirals, noise=0, arms=arms, turns=turns)
    t = np.hypot(*points.T)
    far = t > 0.01
    wound = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi)
    off = wound - turns * t - labels / arms  # a whole number of turns
    np.testing.assert_allclose(off[far], np.round(off[far]), atol=1e-4)
    assert 0.99 < t.max() <= 1 + 1e-6
    assert np.mean(t < 0.5) == pytest.approx(0.5, abs=0.06)


def test_xor_is_its_table():
    points, labels = draw(xor, noise=0)
    assert set(map(tuple, points.tolist())) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    np.testing.assert_array_equal(labels, points[:, 0] != points[:, 1])
    corners = np.bincount((2 * points[:, 0] + points[:, 1]).astype(int))
    assert np.ptp(corners) <= 1


def test_checkerboard_has_even_squares():
    points, labels = draw(checkerboard, 20000, squares=3)
    assert 0 <= points.min() < 0.01
    assert 2.99 < points.max() < 3
    squares = np.floor(points).astype(int)
    for i in range(3):
        for j in range(3):
            here = (squares == [i, j]).all(axis=1)
            assert np.mean(here) == pytest.approx(1 / 9, abs=0.01)
            assert set(labels[here].tolist()) == {(i + j) % 2}


def test_no_point_falls_off_the_board():
    """The largest number that can be drawn, times the squares, rounds to something below the edge."""

    class Highest(np.random.Generator):
        def random(self, size, dtype):
            return np.full(size, np.nextafter(dtype(1), dtype(0)))

    for squares in (1, 3, 7, 24, 1000):
        points, labels = checkerboard(2, rng=Highest(np.random.PCG64(0)), squares=squares)
        assert points.max() < squares
        assert labels.tolist() == [0, 0]


@pytest.mark.parametrize("name", ["moons", "spirals", "xor"])
def test_noise_has_its_deviation(name):
    function, _ = SETS[name]
    clean, _ = draw(function, 5000, noise=0)
    noisy, _ = draw(function, 5000, noise=0.05)
    np.testing.assert_allclose((noisy - clean).std(axis=0), 0.05, rtol=0.05)
    np.testing.assert_allclose((noisy - clean).mean(axis=0), 0, atol=0.003)


WRONG = [
    *((TypeError, lambda f=f: f(10, rng=0), "rng must be a numpy Generator") for f, _ in SETS.values()),
    *((ValueError, lambda f=f: draw(f, 0), "n must be at least 1, got 0") for f, _ in SETS.values()),
    *((TypeError, lambda f=f: draw(f, 1.5), "n must be an integer, got 1.5") for f, _ in SETS.values()),
    *((ValueError, lambda f=f: draw(f, noise=-1), "noise must be finite and at least 0, got -1")
      for f in (two_moons, spirals, xor)),
    (ValueError, lambda: draw(ring_of_gaussians, spread=-1), "spread must be finite and at least 0, got -1"),
    (ValueError, lambda: draw(ring_of_gaussians, modes=0), "modes must be at least 1, got 0"),
    (ValueError, lambda: draw(ring_of_gaussians, radius=0), "radius must be finite and above 0, got 0"),
    (ValueError, lambda: draw(spirals, arms=0), "arms must be at least 1, got 0"),
    (ValueError, lambda: draw(spirals, turns=np.inf), "turns must be finite and above 0, got inf"),
    (ValueError, lambda: draw(checkerboard, squares=0), "squares must be at least 1, got 0"),
    (TypeError, lambda: draw(two_moons, noise=None), "noise must be a number, got None"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "call", "message"), WRONG)
def test_wrong_arguments_are_named(kind, call, message):
    with pytest.raises(kind, match="^" + message):
        call()
