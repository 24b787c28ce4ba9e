"""A teacher and a student for the digits: a large net that knows more, and a small one that learns from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import integer
from cvlib.init import glorot_uniform
from cvlib.losses import distillation_loss, distillation_loss_backward
from cvlib.losses._arguments import positive, share
from cvlib.nn import Chain, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from cvlib.ops._arrays import as_float

Targets = np.ndarray | tuple[np.ndarray, np.ndarray]  # the teacher's logits, alone or with labels


def teacher_net(
    *,
    rng: np.random.Generator,
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return a convolutional net with dropout, 421,642 parameters for 28 x 28 grey images and ten classes.

    Two convolutions with 3 x 3 filters (32, then 64), each followed by ReLU and 2 x 2 max pooling; then linear layers
    of 128, with dropout, and ``num_classes``. The paper's teacher for digits is fully connected, with two layers of
    1200.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, and the dropout's masks while training.
    num_classes, in_channels : int
        Classes, and channels of the image.
    image_size : int
        Height and width of the image in pixels, at least 4.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, image_size, image_size) goes in, logits (N, num_classes) come out.

    Raises
    ------
    ValueError
        If the image is too small, or another size below 1.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", NIPS 2014 deep learning workshop,
    arXiv:1503.02531, section 3.

    Examples
    --------
    >>> model = teacher_net(rng=np.random.default_rng(0))
    >>> sum(p.size for p in model.parameters.values())
    421642
    """
    random = {"rng": rng, "dtype": dtype}
    side = integer("image_size", image_size, minimum=4) // 4  # each pooling halves it
    return Chain(
        conv1=Conv2d(in_channels, 32, 3, padding=1, **random),
        relu1=ReLU(),
        pool1=MaxPool2d(2),
        conv2=Conv2d(32, 64, 3, padding=1, **random),
        relu2=ReLU(),
        pool2=MaxPool2d(2),
        flatten=Flatten(),
        linear1=Linear(64 * side * side, 128, **random),
        relu3=ReLU(),
        dropout=Dropout(0.5, rng=rng),
        linear2=Linear(128, num_classes, init=glorot_uniform, **random),
    )


def student_net(
    *,
    rng: np.random.Generator,
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
    hidden_size: int = 32,
    dtype: DTypeLike = np.float32,
) -> Chain:
    """Return a net with one hidden layer: 25,450 parameters for 28 x 28 grey images and ten classes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    num_classes, in_channels : int
        Classes, and channels of the image.
    image_size : int
        Height and width of the image in pixels.
    hidden_size : int
        Numbers of the hidden layer.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain
        (N, in_channels, image_size, image_size) goes in, logits (N, num_classes) come out.

    Raises
    ------
    ValueError
        If a size is below 1.

    Examples
    --------
    >>> student_net(rng=np.random.default_rng(0))
    Chain(
      flatten: Flatten()
      linear1: Linear(784, 32)
      relu: ReLU()
      linear2: Linear(32, 10)
    )
    """
    random = {"rng": rng, "dtype": dtype}
    pixels = (
        integer("in_channels", in_channels, minimum=1) * integer("image_size", image_size, minimum=1) ** 2
    )
    return Chain(
        flatten=Flatten(),
        linear1=Linear(pixels, hidden_size, **random),
        relu=ReLU(),
        linear2=Linear(hidden_size, num_classes, init=glorot_uniform, **random),
    )


def teacher_logits(teacher: Layer, images: ArrayLike, *, batch_size: int = 256) -> np.ndarray:
    """Return what the teacher says of every image, computed once and in batches: the soft labels of the student.

    Parameters
    ----------
    teacher : Layer
        Gives logits (N, K). Nothing is learned.
    images : array_like
        (N, ...), at least one; cast to the floating type of the teacher's parameters.
    batch_size : int
        How many at once: memory against the number of calls. The result is the same.

    Returns
    -------
    ndarray
        (N, K).

    Raises
    ------
    TypeError
        If ``teacher`` is no layer, or the images are not numbers.
    ValueError
        If there are no images, ``batch_size`` is below 1, or the teacher's output is not (N, K).

    Examples
    --------
    >>> teacher = teacher_net(rng=np.random.default_rng(0))
    >>> teacher_logits(teacher, np.ones((300, 1, 28, 28))).shape
    (300, 10)
    """
    if not isinstance(teacher, Layer):
        raise TypeError(f"teacher must be a cvlib.nn.Layer, got {type(teacher).__name__}")
    images = as_float("images", images)
    if images.ndim < 2 or len(images) == 0:
        raise ValueError(f"images must be a batch (N, ...) of at least one, got shape {images.shape}")
    dtypes = {p.dtype for p in teacher.parameters.values()}
    images = images.astype(np.result_type(*dtypes), copy=False) if dtypes else images
    step = integer("batch_size", batch_size, minimum=1)
    logits = [teacher.forward(images[start : start + step]) for start in range(0, len(images), step)]
    if np.ndim(logits[0]) != 2:
        raise ValueError(f"teacher must give logits (N, K), got an output of shape {np.shape(logits[0])}")
    return np.concatenate(logits)


def teacher_student_loss(
    *, temperature: float, alpha: float
) -> tuple[Callable[..., float], Callable[..., np.ndarray]]:
    r"""Return the loss of a student, and its backward, for :func:`cvlib.train.fit`.

    .. math:: L = \alpha\, T^2\, D(q \,\|\, p) + (1 - \alpha)\, L_{CE}(z, y)

    :func:`cvlib.losses.distillation_loss`, with what the student is to learn as one argument: the pair
    (teacher's logits, class indices), or the teacher's logits alone if ``alpha`` is 1 - nobody needs to have labelled
    the images then.

    Parameters
    ----------
    temperature : float
        T, above 0.
    alpha : float
        Weight of the teacher's answers, from 0 to 1.

    Returns
    -------
    pair of callable
        ``loss(logits, targets)`` and ``loss_backward(logits, targets, dloss=1.0)``.

    Raises
    ------
    TypeError, ValueError
        If a number is no number, or out of range.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", NIPS 2014 deep learning workshop,
    arXiv:1503.02531, section 2.

    Examples
    --------
    A student of 300 digits, with labels and a teacher (who would have been trained first):

    >>> from cvlib.data import load_mnist5k
    >>> from cvlib.optim import Adam
    >>> from cvlib.train import fit
    >>> rng, data = np.random.default_rng(0), load_mnist5k()
    >>> images, labels = data.train_images[:300], data.train_labels[:300]
    >>> teacher, student = teacher_net(rng=rng), student_net(rng=rng)
    >>> history = fit(
    ...     student,
    ...     images,
    ...     (teacher_logits(teacher, images), labels),
    ...     loss=teacher_student_loss(temperature=4, alpha=0.9),
    ...     optimiser=Adam(student.parameters),
    ...     num_epochs=2,
    ...     batch_size=50,
    ...     rng=rng,
    ... )
    >>> history.loss[1] < history.loss[0]
    True
    """
    options = {"temperature": positive("temperature", temperature), "alpha": share("alpha", alpha)}

    def loss(logits: np.ndarray, targets: Targets) -> float:
        return distillation_loss(logits, *_targets(targets), **options)

    def loss_backward(logits: np.ndarray, targets: Targets, dloss: float = 1.0) -> np.ndarray:
        return distillation_loss_backward(logits, *_targets(targets), dloss, **options)

    return loss, loss_backward


def _targets(targets: Targets) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the teacher's logits and the labels, or None."""
    if not isinstance(targets, tuple):
        return targets, None
    if len(targets) != 2:
        raise ValueError(f"targets must be a pair (teacher's logits, labels), got {len(targets)} arrays")
    return targets
