"""Loaders of the files in ``cvlib/data/files``; their origins and licences are in ``LICENSE.md`` beside them.

Images come as the operations take them, (N, C, H, W) or (C, H, W), float32 between 0 and 1. The split into training
and test images is stored in the files: of the images sorted by class every fifth is for testing, and both parts
are dealt out like cards, so the first ten of each show the digits 0 to 9.
"""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import choice
from cvlib.ops._arrays import as_float

PHOTOGRAPHS = ("astronaut", "coffee", "cat")  #: The names that :func:`load_photograph` knows.


class Dataset(NamedTuple):
    """Images with class labels, already split.

    Attributes
    ----------
    train_images, test_images : ndarray
        float32, (N, 1, H, W), 0 (paper) to 1 (full ink).
    train_labels, test_labels : ndarray
        int64, (N,): the class indices.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_digits8() -> Dataset:
    """Return 1,797 handwritten digits of 8x8 pixels: 1,437 for training, 360 for testing.

    Each pixel counts the inked cells, 0 to 16, in a 4x4 block of a 32x32 bitmap; divided by 16 here.

    Returns
    -------
    Dataset

    References
    ----------
    Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository (1998),
    doi:10.24432/C50P49. CC BY 4.0.

    Examples
    --------
    >>> data = load_digits8()
    >>> data.train_images.shape, data.test_images.shape
    ((1437, 1, 8, 8), (360, 1, 8, 8))
    >>> data.train_labels[:10]
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    return _dataset("digits8.npz", full=16)


def load_mnist5k() -> Dataset:
    """Return 5,000 MNIST digits of 28x28 pixels, 500 of each class: 4,000 for training, 1,000 for testing.

    The original grey values, 0 to 255, are divided by 255.

    Returns
    -------
    Dataset

    References
    ----------
    LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (1998). CC BY-SA 3.0.

    Examples
    --------
    >>> data = load_mnist5k()
    >>> data.train_images.shape, data.test_images.shape
    ((4000, 1, 28, 28), (1000, 1, 28, 28))
    """
    return _dataset("mnist5k.npz", full=255)


def load_photograph(name: str) -> np.ndarray:
    """Return a colour photograph, scaled down to 256 pixels on its longer side.

    Parameters
    ----------
    name : {"astronaut", "coffee", "cat"}

    Returns
    -------
    ndarray
        float32, (3, H, W): red, green, blue between 0 and 1, the stored sRGB values divided by 255.

    Raises
    ------
    ValueError
        If there is no photograph of that name; the message lists them.

    Examples
    --------
    >>> load_photograph("coffee").shape
    (3, 171, 256)
    """
    choice("name", name, PHOTOGRAPHS)
    return _arrays("photographs.npz")[name] / np.float32(255)


def to_grey(image: ArrayLike) -> np.ndarray:
    r"""Return the luma of a colour image, with the weights of Rec. 709, those of sRGB.

    .. math:: Y' = 0.2126\, R' + 0.7152\, G' + 0.0722\, B'

    The weights sum to 1 and act on the stored (gamma-encoded) values, so white stays 1.

    Parameters
    ----------
    image : array_like
        (3, H, W), or (N, 3, H, W).

    Returns
    -------
    ndarray
        (1, H, W), or (N, 1, H, W).

    Raises
    ------
    ValueError
        If there are not three channels.

    References
    ----------
    Recommendation ITU-R BT.709-6 (2015), item 3.2.

    Examples
    --------
    >>> to_grey(np.ones((3, 2, 2))).shape
    (1, 2, 2)
    """
    image = as_float("image", image)
    if image.ndim not in (3, 4) or image.shape[-3] != 3:
        raise ValueError(f"image must be (3, H, W) or (N, 3, H, W), got shape {image.shape}")
    red, green, blue = (image[..., channel : channel + 1, :, :] for channel in range(3))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _arrays(filename: str) -> dict[str, np.ndarray]:
    with files("cvlib.data").joinpath("files", filename).open("rb") as file, np.load(file) as archive:
        return dict(archive)


def _dataset(filename: str, full: int) -> Dataset:
    """Return the split images of a file, divided by the value of ``full`` ink."""
    arrays = _arrays(filename)
    images = {part: arrays[f"{part}_images"][:, None] / np.float32(full) for part in ("train", "test")}
    labels = {part: arrays[f"{part}_labels"].astype(np.int64) for part in ("train", "test")}
    return Dataset(images["train"], labels["train"], images["test"], labels["test"])
