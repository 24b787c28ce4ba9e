"""The training loop: shuffle, take a mini-batch, go forward, go backward, take a step; and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import integer
from cvlib.init import as_generator
from cvlib.losses import cross_entropy, cross_entropy_backward
from cvlib.nn import Layer
from cvlib.ops._arrays import as_float
from cvlib.optim import Optimiser, clip_by_global_norm
from cvlib.optim.clipping import norms
from cvlib.optim.optimiser import positive, within
from cvlib.optim.schedules import Schedule

__all__ = ["History", "accuracy", "auxiliary_loss", "fit", "predict"]

Arrays = np.ndarray | tuple[np.ndarray, ...]  # one array, or several that belong together
LossPair = tuple[Callable[[Arrays, Arrays], float], Callable[..., Arrays]]
Augmentation = Callable[[np.ndarray, np.random.Generator], np.ndarray]


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
    metric, validation_metric : list of float
        Means of the metric that :func:`fit` was given; empty without one.
    lr : list of float
        The learning rate of the epoch's last step.
    gradient_norms : dict of str to list of float
        Length of each parameter's gradient, before clipping, its mean over the epoch's steps; empty if not asked for.
    best_epoch : int or None
        The epoch, counted from 1, whose parameters the model has now, if early stopping put them back.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    metric: list[float] = field(default_factory=list)
    validation_metric: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    gradient_norms: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int | None = None

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        kept = {name: values for name, values in vars(self).items() if values and isinstance(values, list)}
        last = [f"{name.replace('_', ' ')} {values[-1]:.4g}" for name, values in kept.items()]
        if self.best_epoch is not None:
            last.append(f"best epoch {self.best_epoch}")
        epochs = f"{len(self)} epoch{'' if len(self) == 1 else 's'}"
        return f"History({epochs}: {', '.join(last)})" if last else f"History({epochs})"


def fit(
    model: Layer,
    images: ArrayLike | tuple[ArrayLike, ...],
    labels: ArrayLike | tuple[ArrayLike, ...],
    *,
    optimiser: Optimiser,
    num_epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    validation: tuple[Any, Any] | None = None,
    loss: LossPair = (cross_entropy, cross_entropy_backward),
    metric: Callable[[Arrays, Arrays], float] | None = None,
    schedule: Schedule | None = None,
    max_norm: float | None = None,
    augment: Augmentation | None = None,
    patience: int | None = None,
    record_gradients: bool = False,
    callback: Callable[[int, History], object] | None = None,
    progress: bool = False,
) -> History:
    """Train a model in place by mini-batch descent.

    Each epoch visits every example once, in an order drawn from ``rng``; the last mini-batch may be
    smaller. The same model, data, optimiser and ``rng`` give the same result.

    Parameters
    ----------
    model : Layer
        Its parameters are changed.
    images : array_like, or tuple of array_like
        Inputs (N, ...); cast to the floating type of the model's parameters. A tuple is several inputs, such as
        images and captions: the model gets a tuple too, and integers in it stay integers.
    labels : array_like, or tuple of array_like
        One per input: class indices (N,), or whatever ``loss`` takes. A tuple is several targets; the loss gets a
        tuple too.
    optimiser : Optimiser
        Made from ``model.parameters``.
    num_epochs, batch_size : int
        Both at least 1.
    rng : numpy.random.Generator
        Draws the order of the examples, and what ``augment`` draws.
    validation : pair, optional
        Images and labels to measure on after every epoch; nothing is learned from them.
    loss : pair of callable
        ``loss(output, labels)`` and its backward, from :mod:`cvlib.losses`. The output comes as the model gives it,
        be it a tuple. The loss must be a mean over the mini-batch for the :class:`History` to be comparable between
        batch sizes.
    metric : callable, optional
        ``metric(output, labels)``, a number of your own for the history, averaged like the loss. Accuracy is counted
        without being asked for where labels are class indices (N,) and the output, or the first of several, is (N, K).
    schedule : callable, optional
        ``schedule(step)`` gives the learning rate of every step, counted from 0; see :mod:`cvlib.optim`.
    max_norm : float, optional
        Clips the gradients of every step by :func:`cvlib.optim.clip_by_global_norm`.
    augment : callable, optional
        ``augment(images, rng)`` replaces the images of every training batch, the first input if there are several;
        see :mod:`cvlib.augment`.
    patience : int, optional
        Stop after so many epochs in a row without a smaller validation loss. Then, or at the end, the parameters and
        buffers of the best epoch are put back.
    record_gradients : bool
        Whether to keep the length of every parameter's gradient in the history.
    callback : callable, optional
        ``callback(epoch, history)`` is called after every epoch, counted from 1.
    progress : bool
        Show a progress bar with the running loss (needs tqdm).

    Returns
    -------
    History

    Raises
    ------
    TypeError
        If ``model``, ``optimiser``, ``loss``, ``rng`` or a hook is something else.
    ValueError
        If there are not as many labels as images, there are none, the optimiser holds other arrays than
        the model, or ``patience`` has no validation set to look at.

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
    _check_hooks(metric=metric, schedule=schedule, augment=augment, callback=callback)
    as_generator(rng)
    descent = _Descent(optimiser, schedule, max_norm, record_gradients)
    best = _Best(model, patience, validation)
    dtype, history = _float_type(model), History()
    for epoch in range(1, num_epochs + 1):
        tally = _Tally(loss, metric)
        batches = _shuffled(_count(images), batch_size, rng)
        if progress:
            batches = _with_bar(batches, f"epoch {epoch}/{num_epochs}", tally)
        for batch in batches:
            x, y = _as_input(dtype, _take(images, batch)), _take(labels, batch)
            if augment is not None:
                x = _augmented(augment, x, rng, dtype)
            output = model.forward(x, training=True)
            tally.add(output, y)
            model.backward(loss_backward(output, y), needs_dx=False)
            descent.step(model.gradients)
        tally.write(history)
        descent.write(history)
        if validation is not None:
            _measured(model, *validation, _Tally(loss, metric), batch_size).write(history, "validation_")
        if callback is not None:
            callback(epoch, history)
        if best.is_long_ago(epoch, history):
            break
    best.put_back(history)
    return history


def auxiliary_loss(
    weight: float = 0.3, *, loss: LossPair = (cross_entropy, cross_entropy_backward)
) -> LossPair:
    r"""Return the loss of a model with auxiliary heads, and its backward, for :func:`fit`.

    .. math:: L = L_0 + w \sum_{k \ge 1} L_k

    The model gives a tuple of outputs, the main one first; all are judged by the same labels. Tuples may stand in
    tuples, as ((main, second), first) where a fork lies behind a fork. The backward gives gradients nested in the same
    way. An output that is no tuple stands for the main one alone: auxiliary heads are there to train the layers below
    them, and a model may leave them out afterwards.

    Parameters
    ----------
    weight : float
        Factor w of every auxiliary head, at least 0.
    loss : pair of callable
        The loss of one head, and its backward.

    Returns
    -------
    pair of callable
        ``loss(outputs, labels)`` and ``loss_backward(outputs, labels, dloss=1.0)``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    Szegedy et al., "Going deeper with convolutions", CVPR 2015, section 5.

    Examples
    --------
    Two heads that cannot tell two classes apart: log 2 = 0.69 each.

    >>> loss, loss_backward = auxiliary_loss(0.5)
    >>> round(loss(([[0, 0]], [[0, 0]]), [1]), 2)
    1.04
    >>> loss_backward(([[0, 0]], [[0, 0]]), [1])
    (array([[ 0.5, -0.5]]), array([[ 0.25, -0.25]]))
    """
    weight = within("weight", weight)
    of_head, of_head_backward = _loss_pair(loss)

    def total(outputs: Arrays, labels: Arrays) -> float:
        main, *others = (of_head(output, labels) for output in _heads(outputs))
        return main + weight * sum(others)

    def each_backward(outputs: Arrays, labels: Arrays, dmain: float, dothers: float) -> Arrays:
        if not isinstance(outputs, tuple):
            return of_head_backward(outputs, labels, dmain)
        factors = [dmain, *[dothers] * (len(outputs) - 1)]
        return tuple(
            each_backward(output, labels, factor, dothers)
            for output, factor in zip(outputs, factors, strict=True)
        )

    def total_backward(outputs: Arrays, labels: Arrays, dloss: float = 1.0) -> Arrays:
        # L = L_0 + w (L_1 + L_2 + ...)
        return each_backward(outputs, labels, dloss, weight * dloss)

    return total, total_backward


def predict(model: Layer, images: ArrayLike | tuple[ArrayLike, ...], *, batch_size: int = 256) -> np.ndarray:
    """Return the class with the largest logit for every image, computed in batches.

    Parameters
    ----------
    model : Layer
        Gives logits (N, K), alone or first in a tuple.
    images : array_like, or tuple of array_like
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
    images = _arrays("images", images)
    batch_size = integer("batch_size", batch_size, minimum=1)
    dtype, batches = _float_type(model), _in_order(_count(images), batch_size)
    outputs = [_main(model.forward(_as_input(dtype, _take(images, batch)))) for batch in batches]
    if outputs[0].ndim != 2:
        raise ValueError(f"model must give logits (N, K), got an output of shape {outputs[0].shape}")
    return np.concatenate([output.argmax(axis=1) for output in outputs])


def accuracy(
    model: Layer, images: ArrayLike | tuple[ArrayLike, ...], labels: ArrayLike, *, batch_size: int = 256
) -> float:
    """Return the share of images whose largest logit is that of the right class.

    Parameters
    ----------
    model : Layer
        Gives logits (N, K), alone or first in a tuple.
    images : array_like, or tuple of array_like
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
        raise TypeError(f"labels must be class indices (N,), got {_described(labels)}")
    return float(np.mean(predict(model, images, batch_size=batch_size) == labels))


class _Tally:
    """Running sums over the batches of one epoch. Losses are means, so a batch weighs as much as it has examples."""

    def __init__(self, loss: Callable, metric: Callable | None):
        self.functions = {"loss": loss} if metric is None else {"loss": loss, "metric": metric}
        self.sums = dict.fromkeys(self.functions, 0.0)
        self.num_examples, self.num_right, self.counts_right = 0, 0, True

    def add(self, output: Arrays, labels: Arrays) -> None:
        """Judge the output for a batch."""
        count, logits = _count(labels), _main(output)
        self.num_examples += count
        for name, function in self.functions.items():
            self.sums[name] += float(function(output, labels)) * count
        self.counts_right = _are_class_indices(labels) and np.ndim(logits) == 2
        if self.counts_right:
            self.num_right += int(np.count_nonzero(logits.argmax(axis=1) == labels))

    def write(self, history: History, prefix: str = "") -> None:
        """Append the means."""
        for name in self.functions:
            getattr(history, prefix + name).append(self.mean(name))
        if self.counts_right:
            getattr(history, f"{prefix}accuracy").append(self.num_right / self.num_examples)

    def mean(self, name: str) -> float:
        """Return the mean so far."""
        return self.sums[name] / self.num_examples


class _Descent:
    """From gradients to a step: what is recorded, clipped and scheduled on the way."""

    def __init__(self, optimiser: Optimiser, schedule: Schedule | None, max_norm: float | None, record: bool):
        self.optimiser, self.schedule, self.record, self.num_steps = optimiser, schedule, record, 0
        self.max_norm = None if max_norm is None else positive("max_norm", max_norm)
        self.norms: list[dict[str, float]] = []  # of the epoch's steps

    def step(self, gradients: Mapping[str, np.ndarray]) -> None:
        """Take a step."""
        if self.record:
            self.norms.append(norms(gradients))
        if self.max_norm is not None:
            gradients = clip_by_global_norm(gradients, self.max_norm)
        if self.schedule is not None:
            self.optimiser.lr = within("schedule(step)", self.schedule(self.num_steps))
        self.optimiser.step(gradients)
        self.num_steps += 1

    def write(self, history: History) -> None:
        """Append what an epoch's steps were."""
        history.lr.append(self.optimiser.lr)
        for name in self.norms[0] if self.norms else ():
            mean = sum(step[name] for step in self.norms) / len(self.norms)
            history.gradient_norms.setdefault(name, []).append(mean)
        self.norms = []


class _Best:
    """The parameters and buffers after the epoch with the smallest validation loss; nothing without patience."""

    def __init__(self, model: Layer, patience: int | None, validation: object):
        self.model, self.epoch, self.loss, self.arrays = model, 0, np.inf, {}
        self.patience = None if patience is None else integer("patience", patience, minimum=1)
        if patience is not None and validation is None:
            raise ValueError("validation must be given with patience, got None")

    def is_long_ago(self, epoch: int, history: History) -> bool:
        """Keep what is better than before; return whether patience is at an end."""
        if self.patience is None:
            return False
        if history.validation_loss[-1] < self.loss:  # NaN is no progress
            self.epoch, self.loss = epoch, history.validation_loss[-1]
            self.arrays = {name: array.copy() for name, array in _state(self.model).items()}
        return epoch - self.epoch >= self.patience

    def put_back(self, history: History) -> None:
        """Give the model the best arrays, if there are any, and say so in the history."""
        if self.arrays:
            history.best_epoch = self.epoch
            for name, array in _state(self.model).items():
                array[...] = self.arrays[name]


def _state(model: Layer) -> dict[str, np.ndarray]:
    return {**model.parameters, **model.buffers}


def _measured(model: Layer, images: Arrays, labels: Arrays, tally: _Tally, batch_size: int) -> _Tally:
    dtype = _float_type(model)
    for batch in _in_order(_count(images), batch_size):
        tally.add(model.forward(_as_input(dtype, _take(images, batch))), _take(labels, batch))
    return tally


def _augmented(augment: Augmentation, x: Arrays, rng: np.random.Generator, dtype: np.dtype | None) -> Arrays:
    """Return the batch with other images; what a hook gives is cast like any input."""
    images, *others = x if isinstance(x, tuple) else (x,)
    images = as_float("augment(images, rng)", augment(images, rng))
    return _as_input(dtype, (images, *others) if isinstance(x, tuple) else images)


def _in_order(num_examples: int, batch_size: int) -> list[slice]:
    return [slice(start, start + batch_size) for start in range(0, num_examples, batch_size)]


def _shuffled(num_examples: int, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    order = rng.permutation(num_examples)
    return [order[batch] for batch in _in_order(num_examples, batch_size)]


def _with_bar(batches: list[np.ndarray], description: str, tally: _Tally) -> Iterator[np.ndarray]:
    """Yield the batches; the bar shows the mean loss of those that are done."""
    from tqdm.auto import tqdm  # here, so that training needs NumPy only

    with tqdm(batches, desc=description, unit="batch") as bar:
        for batch in bar:
            yield batch
            bar.set_postfix_str(f"loss {tally.mean('loss'):.4g}", refresh=False)


def _count(arrays: Arrays) -> int:
    """Return the number of examples."""
    return len(arrays[0] if isinstance(arrays, tuple) else arrays)


def _take(arrays: Arrays, batch: np.ndarray | slice) -> Arrays:
    """Return some of the examples."""
    return tuple(array[batch] for array in arrays) if isinstance(arrays, tuple) else arrays[batch]


def _main(output: Arrays) -> np.ndarray:
    """Return the first of several outputs."""
    return next(_heads(output))


def _heads(output: Arrays) -> Iterator[np.ndarray]:
    """Yield the outputs one by one, out of tuples in tuples as well."""
    if not isinstance(output, tuple):
        yield output
        return
    for part in output:
        yield from _heads(part)


def _float_type(model: Layer) -> np.dtype | None:
    """Return the widest type of the model's parameters; None without any."""
    dtypes = {p.dtype for p in model.parameters.values()}
    return np.result_type(*dtypes) if dtypes else None


def _as_input(dtype: np.dtype | None, batch: Arrays) -> Arrays:
    """Return the batch in the model's floating type: float64 images would make every layer float64."""
    if isinstance(batch, tuple):  # integers beside images are indices, of words for instance
        return tuple(array if array.dtype.kind in "iu" else _as_input(dtype, array) for array in batch)
    return as_float("images", batch) if dtype is None else batch.astype(dtype, copy=False)


def _are_class_indices(labels: Arrays) -> bool:
    return isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype.kind in "iu"


def _described(arrays: Arrays) -> str:
    if isinstance(arrays, tuple):
        return f"a tuple of {len(arrays)} arrays"
    return f"{arrays.dtype} of shape {arrays.shape}"


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


def _check_hooks(**hooks: object) -> None:
    for name, hook in hooks.items():
        if hook is not None and not callable(hook):
            raise TypeError(f"{name} must be a function, got {hook!r}")


def _arrays(name: str, values: ArrayLike | tuple[ArrayLike, ...]) -> Arrays:
    """Return a batch, or a tuple of batches of the same length."""
    if not isinstance(values, tuple):
        return _array(name, values)
    if not values:
        raise ValueError(f"{name} must hold at least one array, got an empty tuple")
    arrays = tuple(_array(f"{name}[{index}]", value) for index, value in enumerate(values))
    for index, array in enumerate(arrays):
        if len(array) != len(arrays[0]):
            raise ValueError(
                f"{name}[{index}] must be as many as {name}[0], {len(arrays[0])}, got {len(array)}"
            )
    return arrays


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


def _examples(images: Any, labels: Any, prefix: str = "") -> tuple[Arrays, Arrays]:
    images, labels = _arrays(f"{prefix}images", images), _arrays(f"{prefix}labels", labels)
    if _count(images) != _count(labels):
        raise ValueError(
            f"{prefix}labels must be as many as {prefix}images, {_count(images)}, got {_count(labels)}"
        )
    return images, labels
