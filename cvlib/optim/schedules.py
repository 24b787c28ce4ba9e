"""Schedules: the learning rate as a function of the step, counted from 0.

``schedule(step)`` is all that :func:`cvlib.train.fit` asks for, so a function of your own will do.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cvlib._checks import integer, number
from cvlib.optim.optimiser import within

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    r"""Return the schedule that stays where it is.

    .. math:: \eta_t = \eta

    Parameters
    ----------
    lr : float
        Learning rate, at least 0.

    Returns
    -------
    callable
        step -> learning rate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above; the schedule says the same of its step.

    Examples
    --------
    >>> schedule = constant(0.1)
    >>> schedule(0), schedule(1000)
    (0.1, 0.1)
    """
    lr = within("lr", lr)

    def schedule(step: int) -> float:
        integer("step", step)
        return lr

    return schedule


def step_decay(lr: float, *, every: int, factor: float) -> Schedule:
    r"""Return the schedule that multiplies the learning rate by a factor now and then.

    .. math:: \eta_t = \eta\, \gamma^{\lfloor t / k \rfloor}

    ``every=1`` is exponential decay.

    Parameters
    ----------
    lr : float
        Learning rate eta at the start, at least 0.
    every : int
        Steps k between two multiplications, at least 1.
    factor : float
        Gamma, at least 0; below 1 to decay.

    Returns
    -------
    callable
        step -> learning rate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above; the schedule says the same of its step.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, section 3.4, divide by
    10 when the error plateaus.

    Examples
    --------
    >>> schedule = step_decay(0.8, every=10, factor=0.5)
    >>> [schedule(step) for step in (0, 9, 10, 25)]
    [0.8, 0.8, 0.4, 0.2]
    """
    lr, every, factor = within("lr", lr), integer("every", every, minimum=1), within("factor", factor)

    def schedule(step: int) -> float:
        return lr * factor ** (integer("step", step) // every)

    return schedule


def cosine(lr: float, *, num_steps: int, final: float = 0.0) -> Schedule:
    r"""Return the schedule that glides down along half a wave, slowly at both ends.

    .. math:: \eta_t = \eta_T + \tfrac{1}{2} (\eta - \eta_T) \left(1 + \cos \frac{\pi t}{T}\right)

    for t up to T (``num_steps``), and ``final`` from then on. No restarts.

    Parameters
    ----------
    lr : float
        Learning rate eta at the start, at least 0.
    num_steps : int
        Steps T until it ends, at least 1.
    final : float
        Learning rate at the end, at least 0.

    Returns
    -------
    callable
        step -> learning rate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above; the schedule says the same of its step.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
    arXiv:1608.03983, equation 5.

    Examples
    --------
    >>> schedule = cosine(0.4, num_steps=6)
    >>> [round(schedule(step), 3) for step in (0, 2, 3, 4, 6, 7)]
    [0.4, 0.3, 0.2, 0.1, 0.0, 0.0]
    """
    lr, num_steps, final = (
        within("lr", lr),
        integer("num_steps", num_steps, minimum=1),
        within("final", final),
    )

    def schedule(step: int) -> float:
        share = min(integer("step", step) / num_steps, 1.0)
        return final + (lr - final) * (1 + math.cos(math.pi * share)) / 2

    return schedule


def warm_up(schedule: Schedule, *, num_steps: int) -> Schedule:
    r"""Return the schedule that first rises in equal steps, then hands over to another.

    .. math::

        \eta_t = \frac{t + 1}{W + 1}\, s(0) \;\text{ for } t < W, \qquad \eta_t = s(t - W) \;\text{ from then on}

    Large first steps of an untrained net can ruin it, and Adam's moments know little yet.

    Parameters
    ----------
    schedule : callable
        The schedule s to follow afterwards; its step 0 is the first one after the warm-up.
    num_steps : int
        Steps W of the warm-up; 0 for none.

    Returns
    -------
    callable
        step -> learning rate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above; the schedule says the same of its step.

    References
    ----------
    Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", arXiv:1706.02677, 2017,
    section 2.2.

    Examples
    --------
    >>> schedule = warm_up(constant(1.0), num_steps=4)
    >>> [schedule(step) for step in range(6)]
    [0.2, 0.4, 0.6, 0.8, 1.0, 1.0]
    """
    if not callable(schedule):
        raise TypeError(f"schedule must be a function step -> learning rate, got {schedule!r}")
    num_steps = integer("num_steps", num_steps)
    peak = number("schedule(0)", schedule(0))

    def warmed(step: int) -> float:
        if integer("step", step) < num_steps:
            return (step + 1) / (num_steps + 1) * peak
        return schedule(step - num_steps)

    return warmed
