"""Data: handwritten digits and photographs that ship with the course, scenes and toy sets drawn from a generator.

Nothing is downloaded.
"""

from cvlib.data.shapes import (
    BOS,
    CLASSES,
    COLOURS,
    EOS,
    PAD,
    VOCABULARY,
    Scenes,
    decode_captions,
    encode_captions,
    make_scenes,
)
from cvlib.data.shipped import (
    PHOTOGRAPHS,
    Dataset,
    load_digits8,
    load_mnist5k,
    load_photograph,
    to_grey,
)
from cvlib.data.toys import checkerboard, ring_of_gaussians, spirals, two_moons, xor

__all__ = [
    "BOS",
    "CLASSES",
    "COLOURS",
    "EOS",
    "PAD",
    "PHOTOGRAPHS",
    "VOCABULARY",
    "Dataset",
    "Scenes",
    "checkerboard",
    "decode_captions",
    "encode_captions",
    "load_digits8",
    "load_mnist5k",
    "load_photograph",
    "make_scenes",
    "ring_of_gaussians",
    "spirals",
    "to_grey",
    "two_moons",
    "xor",
]
