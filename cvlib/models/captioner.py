"""A captioner: a convolutional net looks at the image, and a recurrent net says what it saw, word by word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import choice, integer
from cvlib.init import glorot_uniform
from cvlib.nn import (
    LSTM,
    RNN,
    Chain,
    Container,
    Conv2d,
    Embedding,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Tanh,
)

_CELLS = {"rnn": (RNN, 1), "lstm": (LSTM, 2)}  # and the arrays of one state: h, or h and c


class Captioner(Container):
    r"""Images and the words so far go in, scores of the next words come out.

    .. math::

        s_0 &= \text{encoder}(\text{image}) \\
        s_t &= \text{cell}(e(w_{t-1}),\, s_{t-1}) \\
        p(w_t \mid w_0, \ldots, w_{t-1}, \text{image}) &= \operatorname{softmax}(W_o h_t + b_o), \qquad
        t = 1, \ldots, T

    The image's features are the first state of the decoder, the pair (h, c) for an LSTM. In training the words that
    go in are those of the true caption, whatever the model would have said: teacher forcing. :meth:`caption` feeds
    it its own words.

    Parameters
    ----------
    encoder : Layer
        From images (N, C, H, W) to features (N, hidden_size), or (N, 2 hidden_size) for an LSTM.
    vocabulary_size : int
        V: words are the integers 0 ... V - 1, start, end and padding tokens among them.
    rng : numpy.random.Generator
        Draws the weights.
    cell : {"lstm", "rnn"}
        The decoder.
    hidden_size, embedding_dim : int
        Numbers of a state, and of a word.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    parameters : mapping
        Those of the layers ``encoder``, ``embedding``, ``decoder`` and ``output``, as in every container.

    References
    ----------
    Vinyals, Toshev, Bengio and Erhan, "Show and tell: a neural image caption generator", CVPR 2015.
    Karpathy and Fei-Fei, "Deep visual-semantic alignments for generating image descriptions", CVPR 2015.

    Examples
    --------
    >>> from cvlib.nn import Chain, Flatten, Linear
    >>> rng = np.random.default_rng(0)
    >>> encoder = Chain(Flatten(), Linear(16, 8, rng=rng))
    >>> model = Captioner(encoder, vocabulary_size=5, hidden_size=8, embedding_dim=4, cell="rnn", rng=rng)
    >>> images, words = np.ones((2, 1, 4, 4), np.float32), [[1, 3, 4], [1, 4, 2]]
    >>> model((images, words)).shape
    (2, 3, 5)
    """

    def __init__(
        self,
        encoder: Layer,
        *,
        vocabulary_size: int,
        rng: np.random.Generator,
        cell: str = "lstm",
        hidden_size: int = 64,
        embedding_dim: int = 32,
        dtype: DTypeLike = np.float32,
    ):
        recurrent, self.state_arrays = _CELLS[choice("cell", cell, tuple(_CELLS))]
        self.vocabulary_size = integer("vocabulary_size", vocabulary_size, minimum=1)
        random = {"rng": rng, "dtype": dtype}
        super().__init__(
            encoder=encoder,
            embedding=Embedding(vocabulary_size, embedding_dim, **random),
            decoder=recurrent(embedding_dim, hidden_size, **random),
            output=Linear(hidden_size, vocabulary_size, init=glorot_uniform, **random),
        )
        self.x = None

    def forward(self, x: tuple[ArrayLike, ArrayLike], *, training: bool = False) -> np.ndarray:
        """Return the logits (N, T, V) of the words that follow, for images (N, C, H, W) and words (N, T).

        ``x`` is the pair (images, words): the words start with the start token, and what is to follow is the same
        caption one word later, ending with the end token.
        """
        images, words = self._pair(x)
        state = self._look(images, training)
        if len(words) != len(images):
            raise ValueError(f"words must be as many captions as images, {len(images)}, got {len(words)}")
        self.x = x
        return self._say(words, state, training)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> tuple[np.ndarray, None] | None:
        """Return (dL/dimages, None), as words have no gradient, and fill every layer's ``gradients``."""
        self.last_input()
        dhidden = self["output"].backward(dy)
        self["embedding"].backward(self["decoder"].backward(dhidden))
        dstate = self["decoder"].dstate
        dfeatures = np.concatenate(dstate, axis=1) if self.state_arrays == 2 else dstate
        dimages = self["encoder"].backward(dfeatures, needs_dx=needs_dx)
        return (dimages, None) if needs_dx else None

    def caption(self, images: ArrayLike, *, start: int, end: int, max_length: int) -> list[list[int]]:
        """Return the words the model finds for every image: greedily, always the one with the largest score.

        Parameters
        ----------
        images : array_like, (N, C, H, W)
        start, end : int
            The word every caption starts from, and the one it ends with; both are left out of the result.
        max_length : int
            Where a caption that does not end is broken off.

        Returns
        -------
        list of list of int

        Raises
        ------
        ValueError
            If ``start`` or ``end`` is not a word, or ``max_length`` is below 1.
        """
        start, end = (self._word(name, word) for name, word in (("start", start), ("end", end)))
        state = self._look(images, training=False)
        words = np.full(len(images), start)
        said = np.empty((len(images), 0), int)
        for _ in range(integer("max_length", max_length, minimum=1)):
            words = self._say(words[:, None], state, training=False)[:, -1].argmax(axis=1)
            said, state = np.column_stack([said, words]), self["decoder"].state
            if (said == end).any(axis=1).all():
                break
        return [list(map(int, _before(end, caption))) for caption in said]

    def _look(self, images: ArrayLike, training: bool) -> np.ndarray | tuple[np.ndarray, ...]:
        """Return the first state of the decoder."""
        with self.naming("encoder"):
            features = self["encoder"].forward(images, training=training)
        size = self.state_arrays * self["decoder"].hidden_size
        if features.ndim != 2 or features.shape[1] != size:
            raise ValueError(f"encoder must give features (N, {size}), got shape {features.shape}")
        parts = np.split(features, self.state_arrays, axis=1)
        return tuple(parts) if self.state_arrays == 2 else parts[0]

    def _say(self, words: ArrayLike, state: np.ndarray | tuple, training: bool) -> np.ndarray:
        """Return the logits of the word after each of ``words``."""
        with self.naming("embedding"):
            vectors = self["embedding"].forward(words, training=training)
        with self.naming("decoder"):
            hidden = self["decoder"].forward(vectors, training=training, state=state)
        return self["output"].forward(hidden, training=training)

    def _word(self, name: str, word: int) -> int:
        if integer(name, word) >= self.vocabulary_size:
            raise ValueError(f"{name} must lie in 0 ... {self.vocabulary_size - 1}, got {word}")
        return int(word)

    def output_shape(self, input_shape: Sequence[Sequence[int]]) -> tuple[int, int]:
        """Return (T, V) for ((C, H, W), (T,))."""
        (steps,) = self._pair(input_shape)[1]
        return steps, self.vocabulary_size

    def macs(self, input_shape: Sequence[Sequence[int]]) -> int:
        """Return the encoder's multiplications, and those of T steps, for ((C, H, W), (T,))."""
        image, words = self._pair(input_shape)
        vectors = self["embedding"].output_shape(words)
        decoder, output = self["decoder"], self["output"]
        each_word = output.macs((decoder.hidden_size,))
        return self["encoder"].macs(image) + decoder.macs(vectors) + vectors[0] * each_word

    @staticmethod
    def _pair(x: Sequence) -> tuple:
        if not isinstance(x, tuple | list) or len(x) != 2:
            raise TypeError(f"x must be a pair (images, words), got {type(x).__name__}")
        return tuple(x)


def captioner(
    *,
    rng: np.random.Generator,
    vocabulary_size: int,
    cell: str = "lstm",
    in_channels: int = 3,
    image_size: int = 32,
    hidden_size: int = 128,
    embedding_dim: int = 32,
    dtype: DTypeLike = np.float32,
) -> Captioner:
    """Return a small captioner for synthetic scenes: three convolutions with pooling, and a recurrent decoder.

    The maps are flattened, not averaged: *where* something is matters in "a circle above a square".

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    vocabulary_size : int
        Words, start, end and padding tokens among them.
    cell : {"lstm", "rnn"}
        The decoder.
    in_channels, image_size : int
        Channels, and height and width in pixels, of the images.
    hidden_size, embedding_dim : int
        Numbers of a state, and of a word.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Captioner

    Raises
    ------
    ValueError
        If the image is smaller than 8 pixels, another size below 1, or the cell unknown.

    Examples
    --------
    >>> model = captioner(rng=np.random.default_rng(0), vocabulary_size=20)
    >>> images = np.ones((2, 3, 32, 32), np.float32)
    >>> captions = model.caption(images, start=1, end=2, max_length=5)
    >>> len(captions), max(len(caption) for caption in captions) <= 5
    (2, True)
    """
    _, state_arrays = _CELLS[choice("cell", cell, tuple(_CELLS))]
    side = integer("image_size", image_size, minimum=8) // 8  # each pooling halves it
    features = state_arrays * integer("hidden_size", hidden_size, minimum=1)
    random = {"rng": rng, "dtype": dtype}
    encoder = Chain(
        conv1=Conv2d(in_channels, 16, 3, padding=1, **random),
        relu1=ReLU(),
        pool1=MaxPool2d(2),
        conv2=Conv2d(16, 32, 3, padding=1, **random),
        relu2=ReLU(),
        pool2=MaxPool2d(2),
        conv3=Conv2d(32, 64, 3, padding=1, **random),
        relu3=ReLU(),
        pool3=MaxPool2d(2),
        flatten=Flatten(),
        features=Linear(64 * side * side, features, init=glorot_uniform, **random),
        tanh=Tanh(),  # a state of the decoder lies between -1 and 1, too
    )
    return Captioner(
        encoder, vocabulary_size=vocabulary_size, cell=cell, hidden_size=hidden_size,
        embedding_dim=embedding_dim, **random,
    )  # fmt: skip


def _before(end: int, words: np.ndarray) -> np.ndarray:
    """Return the words before the first ``end``; all of them if there is none."""
    ends = np.flatnonzero(words == end)
    return words[: ends[0]] if len(ends) else words
