"""Two-dimensional toy sets: points in the plane with a class each, drawn anew from a generator.

Small enough to plot, hard enough to need a bend: for classifiers that a straight line cannot satisfy, and for
generative models whose samples the eye can judge. The same state of ``rng`` gives the same points. Every set has as
nearly equal classes as ``n`` allows, in random order, unless it says otherwise.
"""

from __future__ import annotations

import numpy as np

from cvlib._checks import integer
from cvlib.data._arguments import amount
from cvlib.init import as_generator

__all__ = ["checkerboard", "ring_of_gaussians", "spirals", "two_moons", "xor"]

Points = tuple[np.ndarray, np.ndarray]


def two_moons(n: int, *, rng: np.random.Generator, noise: float = 0.1) -> Points:
    r"""Return two half circles that reach into each other.

    .. math:: x = (\cos\phi,\; \sin\phi) \text{ or } (1 - \cos\phi,\; \tfrac12 - \sin\phi),
        \quad \phi \sim U(0, \pi), \quad \text{plus } N(0, \sigma^2)

    Parameters
    ----------
    n : int
        Number of points.
    rng : numpy.random.Generator
        Source of the numbers.
    noise : float
        Standard deviation sigma of each coordinate.

    Returns
    -------
    points : ndarray, (N, 2), float32
    labels : ndarray, (N,), int64
        0 for the upper moon, 1 for the lower one.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If ``n`` is below 1, or ``noise`` is negative or not finite.

    Examples
    --------
    >>> points, labels = two_moons(100, rng=np.random.default_rng(0), noise=0)
    >>> points.shape, np.bincount(labels)
    ((100, 2), array([50, 50]))
    """
    labels = _labels(n, 2, rng)
    angle = rng.uniform(0, np.pi, len(labels))
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return _with_noise(np.where(labels[:, None] == 1, lower, _circle(angle)), noise, rng), labels


def ring_of_gaussians(
    n: int, *, rng: np.random.Generator, modes: int = 8, radius: float = 2.0, spread: float = 0.02
) -> Points:
    r"""Return points from Gaussians whose centres stand on a circle.

    .. math:: x \sim N(\mu_k, \sigma^2 I), \quad
        \mu_k = r\,\Big(\cos \frac{2 \pi k}{K},\; \sin \frac{2 \pi k}{K}\Big), \quad k = 0, \dots, K - 1

    A GAN that drops modes is caught on it at once: whole blobs stay empty.

    Parameters
    ----------
    n : int
        Number of points.
    rng : numpy.random.Generator
        Source of the numbers.
    modes : int
        Number K of Gaussians.
    radius : float
        Radius r of the circle, positive.
    spread : float
        Standard deviation sigma of each coordinate.

    Returns
    -------
    points : ndarray, (N, 2), float32
    labels : ndarray, (N,), int64
        The mode k of each point, counted from the right and then up.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If ``n`` or ``modes`` is below 1, ``radius`` not positive, or ``spread`` negative.

    References
    ----------
    Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled generative adversarial networks", ICLR 2017, arXiv:1611.02163:
    eight modes, radius 2, standard deviation 0.02.

    Examples
    --------
    >>> points, labels = ring_of_gaussians(4, rng=np.random.default_rng(0), modes=4, spread=0)
    >>> points[np.argsort(labels)].round(6) + 0
    array([[ 2.,  0.],
           [ 0.,  2.],
           [-2.,  0.],
           [ 0., -2.]], dtype=float32)
    """
    modes = integer("modes", modes, minimum=1)
    radius = amount("radius", radius, positive=True)
    labels = _labels(n, modes, rng)
    centres = radius * _circle(2 * np.pi * labels / modes)
    return _with_noise(centres, spread, rng, name="spread"), labels


def spirals(
    n: int, *, rng: np.random.Generator, arms: int = 2, turns: float = 1.5, noise: float = 0.02
) -> Points:
    r"""Return points on spirals that wind around the origin, one for each class.

    .. math:: x = t\,(\cos\phi,\; \sin\phi), \quad \phi = 2 \pi \Big(T t + \frac{k}{K}\Big), \quad t \sim U(0, 1),
        \quad \text{plus } N(0, \sigma^2)

    Parameters
    ----------
    n : int
        Number of points.
    rng : numpy.random.Generator
        Source of the numbers.
    arms : int
        Number K of spirals.
    turns : float
        How often T each winds around the origin, positive.
    noise : float
        Standard deviation sigma of each coordinate; neighbouring arms are 1 / (K T) apart.

    Returns
    -------
    points : ndarray, (N, 2), float32
        The spirals end on the unit circle.
    labels : ndarray, (N,), int64
        The arm k of each point.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If ``n`` or ``arms`` is below 1, ``turns`` not positive, or ``noise`` negative.

    References
    ----------
    Lang and Witbrock, "Learning to tell two spirals apart", Proceedings of the 1988 Connectionist Models Summer
    School (two arms of three turns).

    Examples
    --------
    >>> points, labels = spirals(90, rng=np.random.default_rng(0), arms=3)
    >>> points.shape, np.bincount(labels)
    ((90, 2), array([30, 30, 30]))
    """
    arms = integer("arms", arms, minimum=1)
    turns = amount("turns", turns, positive=True)
    labels = _labels(n, arms, rng)
    t = rng.uniform(0, 1, len(labels))
    points = t[:, None] * _circle(2 * np.pi * (turns * t + labels / arms))
    return _with_noise(points, noise, rng), labels


def xor(n: int, *, rng: np.random.Generator, noise: float = 0.1) -> Points:
    r"""Return clouds around the four corners of the unit square, with opposite corners in one class.

    .. math:: x = (a, b) + N(0, \sigma^2 I), \quad y = a \oplus b, \quad a, b \in \{0, 1\}

    No straight line separates the classes. With ``n`` = 4 and no noise it is the table of the exclusive or.

    Parameters
    ----------
    n : int
        Number of points; the four corners get as nearly equal shares as it allows.
    rng : numpy.random.Generator
        Source of the numbers.
    noise : float
        Standard deviation sigma of each coordinate.

    Returns
    -------
    points : ndarray, (N, 2), float32
    labels : ndarray, (N,), int64
        1 where exactly one of a and b is 1.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If ``n`` is below 1, or ``noise`` is negative or not finite.

    References
    ----------
    Minsky and Papert, *Perceptrons*, MIT Press 1969.

    Examples
    --------
    >>> points, labels = xor(4, rng=np.random.default_rng(0), noise=0)
    >>> sorted(zip(points.tolist(), labels.tolist()))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """
    corner = _labels(n, 4, rng)
    a, b = corner // 2, corner % 2
    return _with_noise(np.stack([a, b], axis=1), noise, rng), a ^ b


def checkerboard(n: int, *, rng: np.random.Generator, squares: int = 4) -> Points:
    r"""Return points spread evenly over a board, with the colour of their squares.

    .. math:: x \sim U(0, K)^2, \quad y = (\lfloor x_1 \rfloor + \lfloor x_2 \rfloor) \bmod 2

    The classes come as the points fall. The points of one colour alone, ``points[labels == 0]``, are a density with
    holes for generative models.

    Parameters
    ----------
    n : int
        Number of points.
    rng : numpy.random.Generator
        Source of the numbers.
    squares : int
        Squares K along each side, each of side 1.

    Returns
    -------
    points : ndarray, (N, 2), float32
    labels : ndarray, (N,), int64
        0 for the square at the origin and those of its colour.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If ``n`` or ``squares`` is below 1.

    Examples
    --------
    >>> points, labels = checkerboard(1000, rng=np.random.default_rng(0), squares=2)
    >>> bool(np.all((points[:, 0] < 1) == (points[:, 1] < 1) ^ (labels == 1)))
    True
    """
    n, squares = integer("n", n, minimum=1), integer("squares", squares, minimum=1)
    points = squares * as_generator(rng).random((n, 2), dtype=np.float32)
    return points, np.floor(points).sum(axis=1).astype(np.int64) % 2


def _labels(n: int, num_classes: int, rng: np.random.Generator) -> np.ndarray:
    """Return n labels in random order, each class as often as any other, give or take one."""
    return as_generator(rng).permutation(np.arange(integer("n", n, minimum=1), dtype=np.int64) % num_classes)


def _circle(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _with_noise(
    points: np.ndarray, deviation: float, rng: np.random.Generator, *, name: str = "noise"
) -> np.ndarray:
    deviation = amount(name, deviation)
    return (points + deviation * rng.standard_normal(points.shape)).astype(np.float32)
