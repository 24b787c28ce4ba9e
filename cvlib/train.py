"""The training loop: shuffle, take a mini-batch, go forward, go backward, take a step; and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import integer
from cvlib.init import as_generator
from cvlib.losses import cross_entropy, cross_entropy_backward
from cvlib.nn import Layer
from cvlib.ops._arrays import as_float
from cvlib.optim import Optimiser

__all__ = ["History", "accuracy", "fit", "predict"]

LossPair = tuple[Callable[[np.ndarray, np.ndarray], float], Callable[..., np.ndarray]]


@dataclass(repr=False)
class History:
    """What happened in training, one entry per epoch in every list.

    Attributes
    ----------
    loss : list of float
        Mean loss over the epoch's mini-batches, each measured before its step.
    accuracy : list of float
        Share of training examples recognised, measured the same way; empty if the labels are not class
        indices.
    validation_loss, validation_accuracy : list of float
        After the epoch, on the validation set; empty without one.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        kept = {name: values for name, values in vars(self).items() if values}
        last = ", ".join(f"{name.replace('_', ' ')} {values[-1]:.4g}" for name, values in kept.items())
        epochs = f"{len(self)} epoch{'' if len(self) == 1 else 's'}"
        return f"History({epochs}: {last})" if last else f"History({epochs})"


def fit(
    model: Layer,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    optimiser: Optimiser,
    num_epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    loss: LossPair = (cross_entropy, cross_entropy_backward),
    progress: bool = False,
) -> History:
    """Train a model in place by mini-batch descent.

    Each epoch visits every example once, in an order drawn from ``rng``; the last mini-batch may be
    smaller. The same model, data, optimiser and ``rng`` give the same result. For a schedule call ``fit``
    several times and set ``optimiser.lr`` between.

    Parameters
    ----------
    model : Layer
        Its parameters are changed.
    images : array_like
        Inputs (N, ...); cast to the floating type of the model's parameters.
    labels : array_like
        One per input: class indices (N,), or whatever ``loss`` takes.
    optimiser : Optimiser
        Made from ``model.parameters``.
    num_epochs, batch_size : int
        Both at least 1.
    rng : numpy.random.Generator
        Draws the order of the examples.
    validation : pair of array_like, optional
        Images and labels to measure on after every epoch; nothing is learned from them.
    loss : pair of callable
        ``loss(output, labels)`` and its backward, from :mod:`cvlib.losses`. The loss must be a mean over the
        mini-batch for the :class:`History` to be comparable between batch sizes.
    progress : bool
        Show a progress bar (needs tqdm).

    Returns
    -------
    History

    Raises
    ------
    TypeError
        If ``model``, ``optimiser``, ``loss`` or ``rng`` is something else.
    ValueError
        If there are not as many labels as images, there are none, or the optimiser holds other arrays than
        the model.

    Examples
    --------
    >>> from cvlib.models import softmax_classifier
    >>> from cvlib.optim import SGD
    >>> rng = np.random.default_rng(0)
    >>> images, labels = rng.standard_normal((100, 2)), np.arange(100) % 2
    >>> images[:, 0] += 6 * labels
    >>> model = softmax_classifier(2, 2, rng=rng)
    >>> sgd = SGD(model.parameters, lr=0.1)
    >>> history = fit(model, images, labels, optimiser=sgd, num_epochs=20, batch_size=10, rng=rng)
    >>> accuracy(model, images, labels) > 0.95
    True
    """
    _check_pairing(model, optimiser)
    images, labels = _examples(images, labels)
    if validation is not None:
        validation = _examples(*_pair("validation", validation), prefix="validation ")
    num_epochs = integer("num_epochs", num_epochs, minimum=1)
    batch_size = integer("batch_size", batch_size, minimum=1)
    loss, loss_backward = _loss_pair(loss)
    as_generator(rng)
    history = History()
    for epoch in range(1, num_epochs + 1):
        batches = _shuffled(len(images), batch_size, rng)
        if progress:
            batches = _with_bar(batches, f"epoch {epoch}/{num_epochs}")
        tally = _Tally()
        for batch in batches:
            x, y = _as_input(model, images[batch]), labels[batch]
            output = model.forward(x, training=True)
            tally.add(loss(output, y), output, y)
            model.backward(loss_backward(output, y), needs_dx=False)
            optimiser.step(model.gradients)
        tally.write(history.loss, history.accuracy)
        if validation is not None:
            tally = _measured(model, *validation, loss, batch_size)
            tally.write(history.validation_loss, history.validation_accuracy)
    return history


def predict(model: Layer, images: ArrayLike, *, batch_size: int = 256) -> np.ndarray:
    """Return the class with the largest logit for every image, computed in batches.

    Parameters
    ----------
    model : Layer
        Gives logits (N, K).
    images : array_like
        Inputs (N, ...).
    batch_size : int
        How many at once: memory against the number of calls. The result is the same.

    Returns
    -------
    ndarray
        Class indices (N,).

    Raises
    ------
    TypeError
        If ``model`` is not a layer or ``images`` are not numbers.
    ValueError
        If there are no images, or the model's output is not (N, K).

    Examples
    --------
    >>> from cvlib.nn import Flatten
    >>> predict(Flatten(), [[0.1, 0.9], [0.8, 0.2]])
    array([1, 0])
    """
    _check_model(model)
    images = _array("images", images)
    batch_size = integer("batch_size", batch_size, minimum=1)
    outputs = [model.forward(_as_input(model, images[batch])) for batch in _in_order(len(images), batch_size)]
    if outputs[0].ndim != 2:
        raise ValueError(f"model must give logits (N, K), got an output of shape {outputs[0].shape}")
    return np.concatenate([output.argmax(axis=1) for output in outputs])


def accuracy(model: Layer, images: ArrayLike, labels: ArrayLike, *, batch_size: int = 256) -> float:
    """Return the share of images whose largest logit is that of the right class.

    Parameters
    ----------
    model : Layer
        Gives logits (N, K).
    images : array_like
        Inputs (N, ...).
    labels : array_like
        Class indices (N,), integers.
    batch_size : int
        How many at once.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError
        If the labels are not integers, or as in :func:`predict`.
    ValueError
        If there are not as many labels as images, or as in :func:`predict`.

    Examples
    --------
    >>> from cvlib.nn import Flatten
    >>> accuracy(Flatten(), [[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    _check_model(model)
    images, labels = _examples(images, labels)
    if not _are_class_indices(labels):
        raise TypeError(f"labels must be class indices (N,), got {labels.dtype} of shape {labels.shape}")
    return float(np.mean(predict(model, images, batch_size=batch_size) == labels))


class _Tally:
    """Running sums over the batches of one epoch."""

    def __init__(self) -> None:
        self.num_examples, self.loss, self.num_right, self.counts_right = 0, 0.0, 0, True

    def add(self, loss: float, output: np.ndarray, labels: np.ndarray) -> None:
        """Count a batch; its loss is a mean, so it weighs as much as it has examples."""
        self.num_examples += len(labels)
        self.loss += loss * len(labels)
        self.counts_right = output.ndim == 2 and _are_class_indices(labels)
        if self.counts_right:
            self.num_right += int(np.count_nonzero(output.argmax(axis=1) == labels))

    def write(self, losses: list[float], accuracies: list[float]) -> None:
        """Append the means."""
        losses.append(self.loss / self.num_examples)
        if self.counts_right:
            accuracies.append(self.num_right / self.num_examples)


def _measured(model: Layer, images: np.ndarray, labels: np.ndarray, loss: Any, batch_size: int) -> _Tally:
    tally = _Tally()
    for batch in _in_order(len(images), batch_size):
        output = model.forward(_as_input(model, images[batch]))
        tally.add(loss(output, labels[batch]), output, labels[batch])
    return tally


def _in_order(num_examples: int, batch_size: int) -> list[slice]:
    return [slice(start, start + batch_size) for start in range(0, num_examples, batch_size)]


def _shuffled(num_examples: int, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    order = rng.permutation(num_examples)
    return [order[batch] for batch in _in_order(num_examples, batch_size)]


def _with_bar(batches: list[np.ndarray], description: str) -> Iterable[np.ndarray]:
    from tqdm.auto import tqdm  # here, so that training needs NumPy only

    return tqdm(batches, desc=description, unit="batch")


def _as_input(model: Layer, batch: np.ndarray) -> np.ndarray:
    """Return the batch in the model's floating type: float64 images would make every layer float64."""
    dtypes = [p.dtype for p in model.parameters.values()]
    return batch.astype(np.result_type(*dtypes), copy=False) if dtypes else as_float("images", batch)


def _are_class_indices(labels: np.ndarray) -> bool:
    return labels.ndim == 1 and labels.dtype.kind in "iu"


def _check_model(model: Layer) -> None:
    if not isinstance(model, Layer):
        raise TypeError(f"model must be a cvlib.nn.Layer, got {type(model).__name__}")


def _check_pairing(model: Layer, optimiser: Optimiser) -> None:
    """Make sure that a step of the optimiser moves this model."""
    _check_model(model)
    if not isinstance(optimiser, Optimiser):
        raise TypeError(f"optimiser must be a cvlib.optim.Optimiser, got {type(optimiser).__name__}")
    foreign = [name for name, p in model.parameters.items() if optimiser.parameters.get(name) is not p]
    if foreign:
        raise ValueError(f"optimiser must hold the model's own arrays, got others for {', '.join(foreign)}")


def _pair(name: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(f"{name} must be a pair, got {type(value).__name__}")
    return value[0], value[1]


def _loss_pair(value: Any) -> LossPair:
    loss, loss_backward = _pair("loss", value)
    if not callable(loss) or not callable(loss_backward):
        raise TypeError(f"loss must be a pair of functions (loss, its backward), got {value!r}")
    return loss, loss_backward


def _array(name: str, values: ArrayLike) -> np.ndarray:
    """Return a batch of numbers in the type they have."""
    if not isinstance(values, np.ndarray):
        as_float(name, values)  # says what is wrong with lists
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must hold real numbers, got an array of {array.dtype}")
    if array.ndim == 0 or len(array) == 0:
        raise ValueError(f"{name} must hold at least one example, got shape {array.shape}")
    return array


def _examples(images: ArrayLike, labels: ArrayLike, prefix: str = "") -> tuple[np.ndarray, np.ndarray]:
    images, labels = _array(f"{prefix}images", images), _array(f"{prefix}labels", labels)
    if len(images) != len(labels):
        raise ValueError(
            f"{prefix}labels must be as many as {prefix}images, {len(images)}, got {len(labels)}"
        )
    return images, labels
