"""Losses of distillation: the student learns from the soft answers of the teacher."""

from __future__ import annotations

from typing import Any

from byhand._nested import Matrix, Number, Vector, each, same_shape, shape
from byhand.definitions.losses._terms import number, part, positive
from byhand.definitions.losses.classification import cross_entropy, cross_entropy_backward
from byhand.definitions.losses.divergence import kl_divergence
from byhand.definitions.softmax import softmax


def soft_target_cross_entropy(logits: Matrix, teacher_logits: Matrix, *, temperature: Number = 1) -> float:
    r"""Return the mean cross-entropy between the teacher's and the student's softened probabilities.

    .. math:: L = -\frac1N \sum_n \sum_k q_{n,k} \log p_{n,k}, \qquad
        q = \mathrm{softmax}(v / T), \quad p = \mathrm{softmax}(z / T)

    Parameters
    ----------
    logits, teacher_logits : nested lists (N, K)
        The student's scores z and the teacher's v.
    temperature : number
        T, above 0.

    Examples
    --------
    >>> round(soft_target_cross_entropy([[5, 5]], [[9, 1]], temperature=3), 4)  # log 2, whatever q is
    0.6931
    """
    z, v = _softened(logits, teacher_logits, temperature)
    return cross_entropy(z, softmax(v))


def soft_target_cross_entropy_backward(
    logits: Matrix, teacher_logits: Matrix, dloss: Number = 1, *, temperature: Number = 1
) -> Any:
    r"""Return the gradient of :func:`soft_target_cross_entropy` for the student's logits, (p - q) / (N T).

    Examples
    --------
    >>> soft_target_cross_entropy_backward([[5, 5]], [[7, 7]], temperature=3)
    [[0.0, 0.0]]
    """
    z, v = _softened(logits, teacher_logits, temperature)
    scale = number("dloss", dloss) / (len(z) * temperature)
    return each(lambda p, q: scale * (p - q), softmax(z), softmax(v))


def distillation_loss(
    logits: Matrix,
    teacher_logits: Matrix,
    labels: Vector | Matrix | None = None,
    *,
    temperature: Number,
    alpha: Number,
) -> float:
    r"""Return the loss of teacher-student training.

    .. math:: L = \alpha\, T^2\, D(q \,\|\, p) + (1 - \alpha)\, L_{CE}(z, y)

    Parameters
    ----------
    logits, teacher_logits, temperature
        Those of :func:`soft_target_cross_entropy`.
    labels : list (N,) or nested lists (N, K), optional
        Those of :func:`cross_entropy`; without them alpha must be 1.
    alpha : number
        Weight of the soft part, from 0 to 1.

    Examples
    --------
    >>> round(distillation_loss([[2, 3, 0]], [[6, 4, -2]], [0], temperature=2, alpha=0.7), 4)
    1.3563
    """
    z, v = _softened(logits, teacher_logits, temperature)
    _weight(alpha, labels)
    soft = temperature**2 * kl_divergence(softmax(v), softmax(z))
    hard = 0 if labels is None else cross_entropy(logits, labels)
    return alpha * soft + (1 - alpha) * hard


def distillation_loss_backward(
    logits: Matrix,
    teacher_logits: Matrix,
    labels: Vector | Matrix | None = None,
    dloss: Number = 1,
    *,
    temperature: Number,
    alpha: Number,
) -> Any:
    r"""Return the gradient of :func:`distillation_loss` with respect to the student's logits.

    .. math:: dz = \frac{\alpha\, T\, (p - q)}{N} + (1 - \alpha)\, dz_{CE}

    Examples
    --------
    >>> distillation_loss_backward([[5, 5]], [[7, 7]], [0], temperature=3, alpha=0.5)
    [[-0.25, 0.25]]
    """
    z, v = _softened(logits, teacher_logits, temperature)
    _weight(alpha, labels)
    scale = number("dloss", dloss) * alpha * temperature / len(z)
    soft = each(lambda p, q: scale * (p - q), softmax(z), softmax(v))
    if labels is None:
        return soft
    hard = cross_entropy_backward(logits, labels, dloss * (1 - alpha))
    return each(lambda a, b: a + b, soft, hard)


def _softened(logits: Matrix, teacher_logits: Matrix, temperature: Number) -> tuple[Any, Any]:
    """Return z / T and v / T."""
    same_shape("teacher_logits", teacher_logits, shape("logits", logits, "N", "K"), "logits")
    positive("temperature", temperature)
    return each(lambda z: z / temperature, logits), each(lambda v: v / temperature, teacher_logits)


def _weight(alpha: Number, labels: Vector | Matrix | None) -> None:
    if part("alpha", alpha) < 1 and labels is None:
        raise ValueError(f"labels must be given unless alpha is 1, got None and alpha {alpha}")
