"""Synthetic scenes: a few coloured shapes on a dark ground, with everything that can be told about them.

One call gives pictures with boxes and classes (detection), a class for every pixel (segmentation) and a sentence
(captioning), all exact because the scene was made from them. The same state of ``rng`` gives the same scenes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import choice, integer
from cvlib.data._arguments import amount
from cvlib.data.shipped import to_grey
from cvlib.init import as_generator
from cvlib.ops._arrays import indices_below

__all__ = [
    "BOS",
    "CLASSES",
    "COLOURS",
    "EOS",
    "PAD",
    "VOCABULARY",
    "Scenes",
    "decode_captions",
    "encode_captions",
    "make_scenes",
]

CLASSES = ("background", "circle", "square", "triangle")  #: What a pixel can belong to, by class index.
COLOURS = ("red", "green", "blue", "yellow")  #: What an object can be painted in.
#: The words of all captions; a word is its index here.
VOCABULARY = (
    "<pad>", "<start>", "<end>", "a", "above", "left", "of", "from", "to", "right", "then", *COLOURS, *CLASSES[1:]
)  # fmt: skip
PAD = 0  #: The word that fills up shorter captions.
BOS = 1  #: Beginning of the sequence: the word before the first.
EOS = 2  #: End of the sequence: the word after the last.

_INDEX = {word: index for index, word in enumerate(VOCABULARY)}
_PALETTE = np.array(
    [[0.05, 0.05, 0.05], [0.9, 0.2, 0.1], [0.1, 0.7, 0.45], [0.2, 0.4, 0.95], [0.95, 0.9, 0.25]], np.float32
)  # the ground, then COLOURS
_MOST_OBJECTS, _SMALLEST_IMAGE = 4, 28  # more do not fit with gaps between; smaller circles are hardly round


class Scenes(NamedTuple):
    """Pictures and what is in them; M_i objects in picture i.

    Attributes
    ----------
    images : ndarray, (N, C, H, W), float32
        Red, green and blue (or their luma alone) between 0 and 1.
    boxes : list of ndarray, (M_i, 4), float32
        Edges x1, y1, x2, y2 of each object, tight around its pixels, see :mod:`cvlib.boxes`.
    labels : list of ndarray, (M_i,), int64
        The class of each object, an index into :data:`CLASSES`; never 0.
    colours : list of ndarray, (M_i,), int64
        The colour of each object, an index into :data:`COLOURS`.
    masks : ndarray, (N, H, W), int64
        The class of each pixel; 0 is the background.
    captions : list of str
        A sentence for each picture, see :func:`make_scenes`.
    """

    images: np.ndarray
    boxes: list[np.ndarray]
    labels: list[np.ndarray]
    colours: list[np.ndarray]
    masks: np.ndarray
    captions: list[str]


def make_scenes(
    n: int,
    *,
    rng: np.random.Generator,
    image_size: int = 32,
    max_objects: int = 3,
    channels: int = 3,
    noise: float = 0.05,
) -> Scenes:
    r"""Return pictures of one to ``max_objects`` shapes each, with boxes, masks and captions.

    Number, class, colour, size (a quarter to a third of the picture) and place of the objects are drawn uniformly;
    objects that come closer than two pixels, or whose order the caption could not tell at a glance, are placed
    anew. A pixel belongs to an object if its centre lies in the shape. To every value noise is added and the sum
    clipped:

    .. math:: x = \min(\max(\text{colour} + \epsilon, 0), 1), \quad \epsilon \sim N(0, \sigma^2)

    The caption follows from the picture alone:

    * one object is named: "a red circle";
    * of two, it says how they stand in the direction in which their centres are farther apart, upper or left one
      first: "a red circle above a blue square", "a green square left of a green triangle";
    * three or more are listed: "from left to right a red circle then a blue square then a red triangle".

    Parameters
    ----------
    n : int
        Number of scenes N.
    rng : numpy.random.Generator
        Source of the numbers.
    image_size : int
        Height and width of the pictures, at least 28.
    max_objects : int
        Largest number of objects in a scene, 1 to 4.
    channels : {3, 1}
        Colour, or the grey of :func:`to_grey`; then captions say nothing about colours.
    noise : float
        Standard deviation sigma.

    Returns
    -------
    Scenes

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a number is out of the range told above.

    Examples
    --------
    >>> scenes = make_scenes(100, rng=np.random.default_rng(0))
    >>> scenes.images.shape, scenes.masks.shape
    ((100, 3, 32, 32), (100, 32, 32))
    >>> scenes.captions[1]
    'a red circle left of a green triangle'
    >>> scenes.boxes[1]
    array([[ 2.,  6., 10., 14.],
           [13.,  0., 22.,  9.]], dtype=float32)
    >>> [CLASSES[label] for label in scenes.labels[1]]
    ['circle', 'triangle']
    """
    n, size = integer("n", n), integer("image_size", image_size, minimum=_SMALLEST_IMAGE)
    if integer("max_objects", max_objects, minimum=1) > _MOST_OBJECTS:
        raise ValueError(f"max_objects must be at most {_MOST_OBJECTS}, got {max_objects}")
    choice("channels", channels, (1, 3))
    noise, rng = amount("noise", noise), as_generator(rng)
    shape = (n, max_objects)
    there = np.arange(max_objects) < rng.integers(1, max_objects + 1, (n, 1))
    labels, colours = rng.integers(1, len(CLASSES), shape), rng.integers(0, len(COLOURS), shape)
    sides = rng.integers(size // 4, size // 3 + 1, shape)
    corners = _placed(sides, there, size, rng)
    masks, inks = _drawn(labels, colours, corners, sides, there, size)
    objects = list(zip(labels, colours, corners, sides, there, strict=True))
    return Scenes(
        images=_photographed(inks, channels, noise, rng),
        boxes=[_boxes(corner[on], side[on]) for _, _, corner, side, on in objects],
        labels=[label[on] for label, _, _, _, on in objects],
        colours=[colour[on] for _, colour, _, _, on in objects],
        masks=masks,
        captions=[
            _caption(_names(label[on], colour[on], channels), (2 * corner + side[:, None])[on])
            for label, colour, corner, side, on in objects
        ],
    )


def encode_captions(captions: Sequence[str], *, length: int | None = None) -> np.ndarray:
    """Return sentences as rows of word indices: start, the words, end, and padding up to a common length.

    Parameters
    ----------
    captions : sequence of str
        Words of :data:`VOCABULARY`, separated by spaces.
    length : int, optional
        Columns T, at least two more than the longest sentence has words; by default exactly that.

    Returns
    -------
    ndarray, (N, T), int64

    Raises
    ------
    TypeError
        If ``captions`` is not a list of strings.
    ValueError
        If a word is not in the vocabulary, or a sentence is too long.

    Examples
    --------
    >>> encode_captions(["a red circle", "a blue square above a red square"])
    array([[ 1,  3, 11, 15,  2,  0,  0,  0,  0],
           [ 1,  3, 13, 16,  4,  3, 11, 16,  2]])
    """
    if not isinstance(captions, list | tuple) or not all(isinstance(caption, str) for caption in captions):
        raise TypeError(f"captions must be a list of strings, got {captions!r}")
    rows = [[BOS, *map(_index_of, caption.split()), EOS] for caption in captions]
    longest = max(map(len, rows), default=2)
    length = longest if length is None else integer("length", length, minimum=longest)
    tokens = np.full((len(rows), length), PAD, np.int64)
    for row, indices in zip(tokens, rows, strict=True):
        row[: len(indices)] = indices
    return tokens


def decode_captions(tokens: ArrayLike) -> list[str]:
    """Return the sentences that rows of word indices stand for: the inverse of :func:`encode_captions`.

    Each row is read up to its first end, if it has one; start and padding are left out.

    Parameters
    ----------
    tokens : array_like of int, (N, T)
        Indices into :data:`VOCABULARY`.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If ``tokens`` are not integers.
    ValueError
        If there are not two axes, or an index is not in the vocabulary.

    Examples
    --------
    >>> decode_captions([[1, 3, 11, 15, 2, 0, 0]])
    ['a red circle']
    """
    tokens = indices_below(len(VOCABULARY), "tokens", tokens)
    if tokens.ndim != 2:
        raise ValueError(f"tokens must have 2 axes (N, T), got shape {tokens.shape}")
    before_end = np.cumsum(tokens == EOS, axis=1) == 0
    words = before_end & (tokens != BOS) & (tokens != PAD)
    return [" ".join(VOCABULARY[t] for t in row[on]) for row, on in zip(tokens, words, strict=True)]


def _placed(sides: np.ndarray, there: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return the upper left corners (N, M, 2) as (x, y). Objects in conflict move, both of them, until none is."""
    span = (size - sides + 1)[..., None]  # corners at which the object is inside the picture
    corners = rng.integers(0, span, (*sides.shape, 2))
    todo = np.arange(len(sides))
    while todo.size:
        moving = _in_conflict(corners[todo], sides[todo], there[todo], margin=size // 16)
        todo, moving = todo[moving.any(axis=1)], moving[moving.any(axis=1)]
        scenes, objects = todo[moving.nonzero()[0]], moving.nonzero()[1]
        corners[scenes, objects] = rng.integers(0, span[scenes, objects], (len(scenes), 2))
    return corners


def _in_conflict(corners: np.ndarray, sides: np.ndarray, there: np.ndarray, margin: int) -> np.ndarray:
    """Return (N, M) whether an object is too close to another one, or could be told in the wrong order."""
    many = there.sum(axis=1) > 2
    conflict = np.zeros(there.shape, bool)
    for i, j in zip(*np.triu_indices(there.shape[1], 1), strict=True):
        # Twice the distance of the centres along x and y, and twice the pixels between the two squares.
        apart = np.abs(2 * (corners[:, i] - corners[:, j]) + (sides[:, i] - sides[:, j])[:, None])
        gap = apart.max(axis=1) - sides[:, i] - sides[:, j]
        # A list goes by x alone; the sentence about two needs one direction to prevail.
        told = np.where(many, apart[:, 0], np.abs(apart[:, 0] - apart[:, 1]))
        wrong = there[:, i] & there[:, j] & ((gap < 2 * 2) | (told < 2 * margin))
        conflict[:, i] |= wrong
        conflict[:, j] |= wrong
    return conflict


def _drawn(
    labels: np.ndarray,
    colours: np.ndarray,
    corners: np.ndarray,
    sides: np.ndarray,
    there: np.ndarray,
    size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the class (0 nothing) and the row of the palette (0 the ground) of every pixel, (N, H, W)."""
    masks = np.zeros((len(labels), size, size), np.int64)
    inks = np.zeros(masks.shape, np.uint8)
    for n, m in np.argwhere(there):
        (x, y), side, label = corners[n, m], sides[n, m], labels[n, m]
        patch = n, slice(y, y + side), slice(x, x + side)
        stamp = _stamp(int(label), int(side))
        masks[patch][stamp] = label
        inks[patch][stamp] = colours[n, m] + 1
    return masks, inks


@cache
def _stamp(label: int, side: int) -> np.ndarray:
    """Return which pixels of a (side, side) patch belong to a shape. Each shape touches all four sides."""
    odd = 2 * np.arange(side) + 1  # twice the centres of the pixels
    from_middle = np.abs(odd - side)
    stamps = {
        "circle": np.add.outer(from_middle**2, from_middle**2) <= side**2,
        "square": np.ones((side, side), bool),
        "triangle": from_middle
        <= (np.arange(side) + 1)[:, None],  # row i reaches (i + 1) / 2 from the middle
    }
    return stamps[CLASSES[label]]


def _photographed(inks: np.ndarray, channels: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Return the pictures (N, C, H, W) of the inks."""
    palette = _PALETTE if channels == 3 else to_grey(_PALETTE[:, :, None, None])[:, :, 0, 0]
    images = np.ascontiguousarray(np.moveaxis(palette[inks], -1, 1))
    if noise:
        grain = rng.standard_normal(images.shape, dtype=np.float32)
        grain *= np.float32(noise)
        images += grain
        np.clip(images, 0, 1, out=images)
    return images


def _boxes(corners: np.ndarray, sides: np.ndarray) -> np.ndarray:
    return np.concatenate([corners, corners + sides[:, None]], axis=1).astype(np.float32)


def _names(labels: np.ndarray, colours: np.ndarray, channels: int) -> list[str]:
    """Return "a red circle" or, without colours, "a circle" for each object."""
    adjectives = [f"{COLOURS[colour]} " if channels == 3 else "" for colour in colours]
    return [f"a {word}{CLASSES[label]}" for word, label in zip(adjectives, labels, strict=True)]


def _caption(names: Sequence[str], centres: np.ndarray) -> str:
    """Return the sentence about objects with these names and centres (M, 2)."""
    if len(names) == 2:
        apart = np.abs(centres[0] - centres[1])
        axis, relation = (1, "above") if apart[1] > apart[0] else (0, "left of")
        first, second = np.argsort(centres[:, axis])
        return f"{names[first]} {relation} {names[second]}"
    listed = " then ".join(names[k] for k in np.argsort(centres[:, 0]))
    return f"from left to right {listed}" if len(names) > 2 else listed


def _index_of(word: str) -> int:
    if word not in _INDEX:
        raise ValueError(f"captions must be made of {', '.join(VOCABULARY[EOS + 1 :])}, got {word!r}")
    return _INDEX[word]
