"""Losses of distillation: a small net, the student, learns from the soft answers of a large one, the teacher."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import number
from cvlib.losses._arguments import beside, numbers, positive, share, times_log
from cvlib.losses.classification import cross_entropy, cross_entropy_backward
from cvlib.ops._arrays import finite
from cvlib.ops.softmax import log_softmax, softmax

__all__ = [
    "distillation_loss",
    "distillation_loss_backward",
    "soft_target_cross_entropy",
    "soft_target_cross_entropy_backward",
]


def soft_target_cross_entropy(
    logits: ArrayLike, teacher_logits: ArrayLike, *, temperature: float = 1.0
) -> float:
    r"""Return the mean cross-entropy between the teacher's and the student's softened probabilities.

    .. math::

        L = -\frac{1}{N} \sum_n \sum_k q_{nk} \log p_{nk}, \qquad
        q = \operatorname{softmax}(v / T), \quad p = \operatorname{softmax}(z / T)

    A high temperature T brings the probabilities closer together: how the teacher ranks the *wrong* classes,
    which is most of what it knows, becomes visible.

    Parameters
    ----------
    logits : array_like
        The student's scores z before the softmax, (N, K).
    teacher_logits : array_like
        The teacher's scores v, same shape, finite.
    temperature : float
        T, above 0.

    Returns
    -------
    float
        In nats. At least the entropy of the teacher's probabilities, which is reached for p = q.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes differ, the teacher's logits are not finite, or ``temperature`` is not above 0.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", NIPS 2014 deep learning workshop,
    arXiv:1503.02531, section 2.

    Examples
    --------
    >>> round(soft_target_cross_entropy([[2.0, 3.0, 0.0]], [[6.0, 4.0, -2.0]], temperature=2), 4)
    0.9846
    """
    z, v = _softened(logits, teacher_logits, positive("temperature", temperature))
    return cross_entropy(z, softmax(v, axis=1))


def soft_target_cross_entropy_backward(
    logits: ArrayLike, teacher_logits: ArrayLike, dloss: float = 1.0, *, temperature: float = 1.0
) -> np.ndarray:
    r"""Return the gradient of :func:`soft_target_cross_entropy` with respect to the student's logits.

    .. math:: \frac{\partial L}{\partial z_{nk}} = \frac{p_{nk} - q_{nk}}{N T}

    The teacher is trained already: it gets no gradient.

    Parameters
    ----------
    logits, teacher_logits : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    temperature : float
        The forward's temperature.

    Returns
    -------
    ndarray
        (N, K). Every row sums to 0.

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> dz = soft_target_cross_entropy_backward([[2.0, 3.0, 0.0]], [[6.0, 4.0, -2.0]], temperature=2)
    >>> dz.round(4)
    array([[-0.195 ,  0.1406,  0.0544]])
    """
    T = positive("temperature", temperature)
    z, v = _softened(logits, teacher_logits, T)
    return cross_entropy_backward(z, softmax(v, axis=1), number("dloss", dloss) / T)


def distillation_loss(
    logits: ArrayLike,
    teacher_logits: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    temperature: float,
    alpha: float,
) -> float:
    r"""Return the loss of teacher-student training: soft answers of the teacher, and hard labels.

    .. math::

        L = \alpha\, T^2\, D(q \,\|\, p) + (1 - \alpha)\, L_{CE}(z, y), \qquad
        q = \operatorname{softmax}(v / T), \quad p = \operatorname{softmax}(z / T)

    with :func:`~cvlib.losses.kl_divergence` D and :func:`~cvlib.losses.cross_entropy`
    :math:`L_{CE}`, where the student's logits count as they are: at test time there is no temperature. The
    gradients of the soft part shrink with 1/T²; the factor T² makes up for it, so that the balance of the two
    parts does not depend on the temperature. The divergence differs from
    :func:`soft_target_cross_entropy` by the entropy of q, which no student can change.

    Parameters
    ----------
    logits : array_like
        The student's scores z before the softmax, (N, K).
    teacher_logits : array_like
        The teacher's scores v, same shape, finite.
    labels : array_like, optional
        Class indices (N,), or probabilities (N, K); without them ``alpha`` must be 1.
    temperature : float
        T, above 0.
    alpha : float
        Weight of the soft part, from 0 to 1.

    Returns
    -------
    float
        In nats.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers, or class indices are not integers.
    ValueError
        If a shape does not fit, a number is out of range, or the labels are missing.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", NIPS 2014 deep learning workshop,
    arXiv:1503.02531, section 2.

    Examples
    --------
    >>> student, teacher = [[2.0, 3.0, 0.0]], [[6.0, 4.0, -2.0]]
    >>> round(distillation_loss(student, teacher, [0], temperature=2, alpha=0.7), 4)
    1.3563
    """
    T, alpha = positive("temperature", temperature), _weight(alpha, labels)
    z, v = _softened(logits, teacher_logits, T)
    # in float64: T^2 would magnify the rounding of a divergence that becomes ever smaller
    log_q, log_p = (log_softmax(x.astype(np.float64, copy=False), axis=1) for x in (v, z))
    soft = float(np.mean(times_log(np.exp(log_q), log_q - log_p).sum(axis=1)))
    hard = 0.0 if labels is None else cross_entropy(logits, labels)
    return alpha * T**2 * soft + (1 - alpha) * hard


def distillation_loss_backward(
    logits: ArrayLike,
    teacher_logits: ArrayLike,
    labels: ArrayLike | None = None,
    dloss: float = 1.0,
    *,
    temperature: float,
    alpha: float,
) -> np.ndarray:
    r"""Return the gradient of :func:`distillation_loss` with respect to the student's logits.

    .. math::

        \frac{\partial L}{\partial z_{nk}} = \frac{1}{N} \Big( \alpha\, T\, (p_{nk} - q_{nk})
        + (1 - \alpha) \big( \operatorname{softmax}(z_n)_k - \mathbb{1}[k = y_n] \big) \Big)

    At a high temperature the soft part becomes :math:`\alpha (z_{nk} - v_{nk}) / (N K)` for logits with mean 0:
    the student simply matches the teacher's logits. The teacher gets no gradient.

    Parameters
    ----------
    logits, teacher_logits, labels : array_like
        The forward's arguments.
    dloss : float
        Upstream gradient.
    temperature, alpha : float
        The forward's options.

    Returns
    -------
    ndarray
        (N, K). Every row sums to 0.

    Raises
    ------
    TypeError, ValueError
        As the forward does.

    Examples
    --------
    >>> student, teacher = [[2.0, 3.0, 0.0]], [[6.0, 4.0, -2.0]]
    >>> distillation_loss_backward(student, teacher, [0], temperature=2, alpha=0.7).round(4)
    array([[-0.768 ,  0.6052,  0.1628]])
    """
    alpha, dloss = _weight(alpha, labels), number("dloss", dloss)
    soft = dloss * alpha * positive("temperature", temperature) ** 2
    dlogits = soft_target_cross_entropy_backward(logits, teacher_logits, soft, temperature=temperature)
    if labels is not None:
        dlogits += cross_entropy_backward(logits, labels, dloss * (1 - alpha))
    return dlogits


def _softened(logits: ArrayLike, teacher_logits: ArrayLike, T: float) -> tuple[np.ndarray, np.ndarray]:
    """Return z / T and v / T."""
    z = numbers("logits", logits, ndim=2, layout="(N, K)")
    v = finite("teacher_logits", beside("teacher_logits", teacher_logits, z))
    return z / T, v / T


def _weight(alpha: float, labels: ArrayLike | None) -> float:
    """Return alpha, once there is something for its other half."""
    alpha = share("alpha", alpha)
    if labels is None and alpha < 1:
        raise ValueError(f"labels must be given unless alpha is 1, got None and alpha {alpha:g}")
    return alpha
