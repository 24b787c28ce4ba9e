"""Augmentation: training images that differ a little every time, so that a net learns what does not matter.

Each function takes a batch (N, C, H, W) and a generator, treats every image in its own way, and returns new images of
the same type. :func:`cvlib.train.fit` calls ``augment(images, rng)``: fix the options with :func:`functools.partial`,
and put several in a row with :func:`compose`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import Pair, number, pair
from cvlib.init import as_generator
from cvlib.ops import affine_grid, grid_sample
from cvlib.ops._arrays import as_float

__all__ = ["add_noise", "compose", "crop", "cutout", "flip_horizontally", "rotate", "shift"]

Augmentation = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def shift(images: ArrayLike, rng: np.random.Generator, *, pixels: Pair) -> np.ndarray:
    r"""Move every image by up to some pixels up or down and left or right.

    .. math:: y_{n,c,i,j} = x_{n,\,c,\;i+u_n,\;j+v_n}, \qquad u_n, v_n \in \{-p, \dots, p\}

    with zeros where the image has moved away; all distances are equally likely.

    Parameters
    ----------
    images : array_like, (N, C, H, W)
        A batch.
    rng : numpy.random.Generator
        Draws the distances.
    pixels : int or pair of int
        Largest distance p, vertically and horizontally.

    Returns
    -------
    ndarray, (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Examples
    --------
    >>> shift([[[[1, 2, 3]]]], np.random.default_rng(0), pixels=(0, 1))
    array([[[[2., 3., 0.]]]])
    """
    images = _batch(images, rng)
    return crop(images, rng, size=images.shape[2:], padding=pair("pixels", pixels))


def crop(images: ArrayLike, rng: np.random.Generator, *, size: Pair, padding: Pair = 0) -> np.ndarray:
    """Cut a window out of every image, at a random place; all places are equally likely.

    Parameters
    ----------
    images : array_like, (N, C, H, W)
        A batch.
    rng : numpy.random.Generator
        Draws the places.
    size : int or pair of int
        Height and width of the window, at least 1.
    padding : int or pair of int
        Zeros on each side of the image before.

    Returns
    -------
    ndarray, (N, C, *size)

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above, or the window does not fit into the padded image.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", NeurIPS
    2012, section 4.1. With padding: He, Zhang, Ren and Sun, CVPR 2016, section 4.2.

    Examples
    --------
    >>> crop([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], np.random.default_rng(0), size=2)
    array([[[[5., 6.],
             [8., 9.]]]])
    """
    images = _batch(images, rng)
    window, edges = pair("size", size, minimum=1), pair("padding", padding)
    padded = np.pad(images, ((0, 0), (0, 0), *((edge, edge) for edge in edges)))
    if window[0] > padded.shape[2] or window[1] > padded.shape[3]:
        raise ValueError(f"size must be at most that of the padded image, {padded.shape[2:]}, got {window}")
    windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=(2, 3))
    top, left = (rng.integers(0, count, len(images)) for count in windows.shape[2:4])
    return windows[np.arange(len(images)), :, top, left]


def flip_horizontally(images: ArrayLike, rng: np.random.Generator, *, p: float = 0.5) -> np.ndarray:
    """Mirror some images, left to right. Not for digits: a mirrored 2 is none.

    Parameters
    ----------
    images : array_like, (N, C, H, W)
        A batch.
    rng : numpy.random.Generator
        Draws which.
    p : float
        Probability of each image to be mirrored, in [0, 1].

    Returns
    -------
    ndarray, (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Examples
    --------
    >>> flip_horizontally([[[[1, 2, 3]]]], np.random.default_rng(0), p=1)
    array([[[[3., 2., 1.]]]])
    """
    images, p = _batch(images, rng), number("p", p)
    if not 0 <= p <= 1:
        raise ValueError(f"p must be in [0, 1], got {p:g}")
    mirrored = rng.random(len(images)) < p
    return np.where(mirrored[:, None, None, None], images[..., ::-1], images)


def cutout(images: ArrayLike, rng: np.random.Generator, *, size: Pair, value: float = 0.0) -> np.ndarray:
    """Cover a rectangle of every image, so that the net cannot rely on one part.

    Its centre is any pixel, all equally likely, so it may stick out of the image; all channels are covered.

    Parameters
    ----------
    images : array_like, (N, C, H, W)
        A batch.
    rng : numpy.random.Generator
        Draws the centres.
    size : int or pair of int
        Height and width of the rectangle. Of an even size the centre is the pixel below and right of the middle.
    value : float
        What it is filled with.

    Returns
    -------
    ndarray, (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", arXiv:1708.04552,
    2017.

    Examples
    --------
    Three pixels around the last one, of which one lies outside.

    >>> cutout([[[[1, 2, 3, 4, 5]]]], np.random.default_rng(0), size=3)
    array([[[[1., 2., 3., 0., 0.]]]])
    """
    images, sizes, value = _batch(images, rng), pair("size", size), number("value", value)
    rows, columns = (
        _covered(rng, len(images), length, size) for length, size in zip(images.shape[2:], sizes, strict=True)
    )
    hole = (rows[:, :, None] & columns[:, None, :])[:, None]
    return np.where(hole, images.dtype.type(value), images)


def _covered(rng: np.random.Generator, count: int, length: int, size: int) -> np.ndarray:
    """Return which of ``length`` pixels a run of ``size`` covers, (count, length)."""
    start = rng.integers(0, length, count) - size // 2
    after = np.arange(length) - start[:, None]
    return (after >= 0) & (after < size)


def add_noise(images: ArrayLike, rng: np.random.Generator, *, std: float) -> np.ndarray:
    r"""Add Gaussian noise to every pixel.

    .. math:: y = x + \sigma \varepsilon, \qquad \varepsilon \sim N(0, 1)

    Parameters
    ----------
    images : array_like, (N, C, H, W)
        A batch.
    rng : numpy.random.Generator
        Draws the noise.
    std : float
        Standard deviation sigma, at least 0.

    Returns
    -------
    ndarray, (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    Bishop, "Training with noise is equivalent to Tikhonov regularization", Neural Computation 7(1), 1995.

    Examples
    --------
    >>> add_noise([[[[10, 20]]]], np.random.default_rng(0), std=0.1).round(2)
    array([[[[10.01, 19.99]]]])
    """
    images, std = _batch(images, rng), _at_least_zero("std", std)
    noise = rng.standard_normal(images.shape, dtype=images.dtype)
    noise *= std
    noise += images
    return noise


def rotate(images: ArrayLike, rng: np.random.Generator, *, degrees: float) -> np.ndarray:
    r"""Turn every image about its centre, by an angle that is uniform in [-degrees, degrees].

    .. math::

        y(p) = x(R_n\, p), \qquad R_n = \begin{pmatrix} \cos \alpha_n & -\sin \alpha_n \\
        \sin \alpha_n & \cos \alpha_n \end{pmatrix}

    where p = (across, down) is measured in pixels from the centre; a positive angle turns the image anticlockwise.
    Read bilinearly, with zeros outside.

    Parameters
    ----------
    images : array_like, (N, C, H, W)
        A batch.
    rng : numpy.random.Generator
        Draws the angles.
    degrees : float
        Largest angle, at least 0.

    Returns
    -------
    ndarray, (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Examples
    --------
    >>> bar = np.eye(3)[[1]] * np.ones((1, 1, 3, 1))
    >>> bar[0, 0]
    array([[0., 1., 0.],
           [0., 1., 0.],
           [0., 1., 0.]])
    >>> rotate(bar, np.random.default_rng(0), degrees=45)[0, 0].round(1)  # by 12 degrees
    array([[0.2, 0.8, 0. ],
           [0. , 1. , 0. ],
           [0. , 0.8, 0.2]])
    """
    images, degrees = _batch(images, rng), _at_least_zero("degrees", degrees)
    height, width = images.shape[2:]
    angles = np.radians(rng.uniform(-degrees, degrees, len(images)))
    cos, sin = np.cos(angles), np.sin(angles)
    theta = np.zeros((len(images), 2, 3), images.dtype)
    # affine_grid's coordinates run from -1 to 1 across the image, whatever its sides
    theta[:, 0, 0], theta[:, 0, 1] = cos, -sin * (height / width)
    theta[:, 1, 0], theta[:, 1, 1] = sin * (width / height), cos
    return grid_sample(images, affine_grid(theta, (height, width)))


def compose(*hooks: Augmentation) -> Augmentation:
    """Return the augmentation that applies others, one after the other.

    Parameters
    ----------
    *hooks : callable
        Each ``hook(images, rng)``, as :func:`cvlib.train.fit` calls them.

    Returns
    -------
    callable
        (images, rng) -> images.

    Raises
    ------
    TypeError
        If one of them is not callable.

    Examples
    --------
    >>> from functools import partial
    >>> augment = compose(partial(shift, pixels=2), flip_horizontally, partial(cutout, size=8))
    >>> augment(np.ones((4, 3, 32, 32)), np.random.default_rng(0)).shape
    (4, 3, 32, 32)
    """
    for index, hook in enumerate(hooks):
        if not callable(hook):
            raise TypeError(f"hooks[{index}] must be a function (images, rng) -> images, got {hook!r}")

    def composed(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        for hook in hooks:
            images = hook(images, rng)
        return images

    return composed


def _batch(images: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    as_generator(rng)
    images = np.ascontiguousarray(as_float("images", images, ndim=4))
    if 0 in images.shape[2:]:
        raise ValueError(f"images must have at least one pixel, got shape {images.shape}")
    return images


def _at_least_zero(name: str, value: float) -> float:
    value = number(name, value)
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be in [0, inf), got {value:g}")
    return value
