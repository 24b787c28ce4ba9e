"""Data that ships with the course: handwritten digits and a few photographs. Nothing is downloaded."""

from cvlib.data.shipped import (
    PHOTOGRAPHS,
    Dataset,
    load_digits8,
    load_mnist5k,
    load_photograph,
    to_grey,
)

__all__ = ["PHOTOGRAPHS", "Dataset", "load_digits8", "load_mnist5k", "load_photograph", "to_grey"]
