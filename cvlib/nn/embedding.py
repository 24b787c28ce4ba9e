"""The embedding layer: words become vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import integer
from cvlib.init import as_generator, float_dtype
from cvlib.nn.layer import Layer, example_shape
from cvlib.ops import embedding, embedding_backward


class Embedding(Layer):
    """A vector for every word, learned: :func:`cvlib.ops.embedding` with its table.

    Parameters
    ----------
    num_embeddings : int
        V, the number of words.
    embedding_dim : int
        D, the numbers of one word.
    rng : numpy.random.Generator
        Draws the table, from a standard normal distribution.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : dict
        ``weight`` (V, D).

    Examples
    --------
    >>> layer = Embedding(10, 4, rng=np.random.default_rng(0))
    >>> layer([[1, 2, 3], [1, 0, 0]]).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        *,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ):
        super().__init__()
        self.num_embeddings = integer("num_embeddings", num_embeddings, minimum=1)
        self.embedding_dim = integer("embedding_dim", embedding_dim, minimum=1)
        table = as_generator(rng).standard_normal((self.num_embeddings, self.embedding_dim))
        self.parameters["weight"] = table.astype(float_dtype(dtype))

    def forward(self, x: ArrayLike, *, training: bool = False) -> np.ndarray:
        """Return the vectors (N, T, D) of the words ``x`` (N, T): integers, of any shape."""
        self.x = x
        return embedding(x, self.parameters["weight"])

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> None:
        """Set the gradient of the table, and return None: words are no real numbers to differentiate by."""
        self.gradients = {"weight": embedding_backward(dy, self.last_input(), self.parameters["weight"])}

    def output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        """Return (T, D) for (T,)."""
        return *example_shape(input_shape), self.embedding_dim

    def __repr__(self) -> str:
        return f"Embedding({self.num_embeddings}, {self.embedding_dim})"
