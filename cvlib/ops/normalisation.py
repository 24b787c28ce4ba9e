"""Normalisation to mean 0 and variance 1, over a batch or over each example, and its gradients.

Once the statistics of a channel are known, y is x times a number plus a number: two steps over the array. The rest is
sums. Along an image they are matrix products with a vector of ones, and scalar products, which run at the processor's
full speed; over the images they are added up in float64. Layer norm is the same with every example as a channel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cvlib._checks import within
from cvlib.ops._arrays import as_float, common_float, same_shape
from cvlib.ops._lowering import SHARED_BYTES, cut

__all__ = ["batch_norm", "batch_norm_backward", "layer_norm", "layer_norm_backward"]

_RUN = 1024  # neighbours that are added up in the type of x; the sums of such runs in float64
_SHARED = 4  # images from which on repeating a channel's number for every pixel pays
_FAR = 0.8  # share of the mean's square in the mean square from which on a channel is far from 0: at 2 deviations


def batch_norm(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    running_mean: ArrayLike | None = None,
    running_var: ArrayLike | None = None,
    *,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Normalise every channel over the batch, then scale and shift it; also return the new running statistics.

    .. math:: \hat{x} = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}}, \qquad y = \gamma_c\, \hat{x} + \beta_c

    In training, the mean and the variance are those of the m numbers of channel c in this batch, and an average of
    them is carried along, with momentum :math:`\rho`:

    .. math::

        \mu_c = \frac{1}{m} \sum x, \qquad \sigma_c^2 = \frac{1}{m} \sum (x - \mu_c)^2, \qquad
        \mu^\text{run} \leftarrow (1 - \rho)\, \mu^\text{run} + \rho\, \mu, \qquad
        v^\text{run} \leftarrow (1 - \rho)\, v^\text{run} + \rho\, \frac{m}{m - 1}\, \sigma^2

    As in PyTorch, the variance in the fraction is the batch's own (divided by m), and the running one is the
    unbiased estimate for all images (divided by m - 1). In inference, the running statistics take the place of
    the batch's, so an image's result no longer depends on the company it is in.

    Parameters
    ----------
    x : array_like, (N, C), (N, C, L) or (N, C, H, W)
        A batch; everything but axis 1 is averaged over.
    gamma, beta : array_like, (C,)
        Scale and shift of every channel, learned.
    running_mean, running_var : array_like, (C,), optional
        Statistics so far, by default zeros and ones. They are not changed.
    training : bool
        Whether to use the statistics of this batch and update the running ones.
    momentum : float, 0 to 1
        Weight of this batch in the running statistics.
    eps : float
        Keeps the fraction finite where a channel is constant.

    Returns
    -------
    y : ndarray, shape of ``x``
    running_mean, running_var : ndarray, (C,)
        The updated statistics; in inference those that came in.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or an option is not a number.
    ValueError
        If the shapes do not fit together, ``momentum`` lies outside 0 to 1, ``eps`` or a running variance is
        negative, or a channel has fewer than two numbers in training: one number says nothing about a spread.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", ICML 2015, arXiv:1502.03167, algorithms 1 and 2.

    Examples
    --------
    >>> y, running_mean, running_var = batch_norm([[2.0], [4.0], [6.0], [8.0], [10.0]], [2.0], [1.0], eps=0)
    >>> y.ravel().round(4)
    array([-1.8284, -0.4142,  1.    ,  2.4142,  3.8284])
    >>> running_mean, running_var  # 0.9 * 0 + 0.1 * 6 and 0.9 * 1 + 0.1 * 10
    (array([0.6]), array([1.9]))
    """
    batch = _checked_batch(x, gamma, beta, running_mean, running_var, training, momentum, eps)
    stats = _statistics(batch.x) if training else _running_statistics(batch)
    # y = gamma xhat + beta, where xhat = (deviation - rest) / root
    scale = batch.gamma / np.sqrt(stats.var + eps)
    y = _scaled_and_shifted(stats.deviation, scale, batch.beta - stats.rest * scale).reshape(batch.shape)
    if not training:
        return y, batch.running_mean.copy(), batch.running_var.copy()
    count = _count(batch.x)
    unbiased = stats.var * count / (count - 1)
    return y, _blend(batch.running_mean, stats.mean, momentum), _blend(batch.running_var, unbiased, momentum)


def batch_norm_backward(
    dy: ArrayLike,
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    running_mean: ArrayLike | None = None,
    running_var: ArrayLike | None = None,
    *,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return the gradients of the first result of :func:`batch_norm`.

    .. math::

        d\gamma_c = \sum dy\, \hat{x}, \qquad d\beta_c = \sum dy, \qquad
        dx = \frac{\gamma_c}{\sqrt{\sigma_c^2 + \epsilon}}
            \Big(dy - \frac{d\beta_c}{m} - \hat{x}\, \frac{d\gamma_c}{m}\Big)

    The sums run over the m numbers of channel c. In training every x also moves the mean and the variance, and with
    them all other results: the last two terms take out of dy what such a move would undo. So dx adds up to 0 over each
    channel, and (but for :math:`\epsilon`) so does dx times xhat. In inference the statistics are constants, and the
    two terms are missing.

    Parameters
    ----------
    dy : array_like, shape of ``x``
        Upstream gradient dL/dy.
    x, gamma, beta, running_mean, running_var, training, momentum, eps
        The forward's own arguments. The running statistics matter in inference only, and ``momentum`` not at all.

    Returns
    -------
    dx : ndarray, shape of ``x``
    dgamma, dbeta : ndarray, (C,)

    Raises
    ------
    TypeError, ValueError
        As in the forward, and if ``dy`` does not have the shape of ``x``.

    References
    ----------
    Ioffe and Szegedy (2015), section 3.

    Examples
    --------
    >>> dx, dgamma, dbeta = batch_norm_backward([[1.0], [0.0], [0.0]], [[2.0], [3.0], [4.0]], [6.0], [0.0])
    >>> dx.ravel().round(3) + 0.0, dgamma.round(3), dbeta
    (array([ 1.225, -2.449,  1.225]), array([-1.225]), array([1.]))
    """
    batch = _checked_batch(x, gamma, beta, running_mean, running_var, training, momentum, eps, dy)
    stats = _statistics(batch.x) if training else _running_statistics(batch)
    # y = gamma xhat + beta, where xhat = (deviation - rest) / root
    root = np.sqrt(stats.var + eps)
    with np.errstate(invalid="ignore"):  # infinity minus infinity is NaN
        dbeta = _sums(batch.dy)
        dgamma = (_sums(batch.dy, stats.deviation) - stats.rest * dbeta) / root
        if training:  # every x moves the mean and the root as well
            slope = -dgamma / root / _count(batch.x)
            shift = -dbeta / _count(batch.x) - stats.rest * slope
            dx = _through_statistics(batch.dy, stats.deviation, slope, shift, batch.gamma / root)
        else:
            dx = batch.dy * _column(batch.gamma / root, batch.dy)
    return dx.reshape(batch.shape), dgamma.astype(dx.dtype), dbeta.astype(dx.dtype)


def layer_norm(x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, *, eps: float = 1e-5) -> np.ndarray:
    r"""Normalise every example by itself, over the last axes, then scale and shift its entries.

    .. math:: \hat{x}_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y_i = \gamma_i\, \hat{x}_i + \beta_i,
        \qquad \mu = \frac{1}{D} \sum_i x_i, \qquad \sigma^2 = \frac{1}{D} \sum_i (x_i - \mu)^2

    The sums run over the D entries of one example: those of the last axes, as many as ``gamma`` has. No example
    sees another, so training and inference are the same.

    Parameters
    ----------
    x : array_like, (..., D), where D stands for all axes of ``gamma``
        Examples.
    gamma, beta : array_like, (D,) or more axes
        Scale and shift of every entry, learned.
    eps : float
        Keeps the fraction finite where an example is constant.

    Returns
    -------
    ndarray, shape of ``x``

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or ``eps`` is not a number.
    ValueError
        If the shapes do not fit together, or ``eps`` is negative.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization", 2016, arXiv:1607.06450, equation 4.

    Examples
    --------
    >>> layer_norm([[1.0, 3.0], [40.0, 20.0]], [1.0, 10.0], [0.0, 0.5], eps=0)
    array([[-1. , 10.5],
           [ 1. , -9.5]])
    """
    given = _checked_examples(x, gamma, beta, eps)
    y = np.empty_like(given.x)
    for block in given.blocks():
        xhat, _ = _standardised(given.x[:, block], eps)
        xhat *= given.gamma
        np.add(xhat, given.beta, out=y[:, block])
    return y.reshape(given.shape)


def layer_norm_backward(
    dy: ArrayLike, x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, *, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return the gradients of :func:`layer_norm`.

    .. math::

        d\gamma_i = \sum dy_i\, \hat{x}_i, \qquad d\beta_i = \sum dy_i, \qquad
        dx_i = \frac{1}{\sqrt{\sigma^2 + \epsilon}}
            \Big(g_i - \frac{1}{D} \sum_j g_j - \hat{x}_i\, \frac{1}{D} \sum_j g_j\, \hat{x}_j\Big),
        \qquad g_i = \gamma_i\, dy_i

    The first two sums run over the examples, the others over the entries of one. The last two terms are what
    reaches x through the mean and the variance.

    Parameters
    ----------
    dy : array_like, shape of ``x``
        Upstream gradient dL/dy.
    x, gamma, beta, eps
        The forward's own arguments.

    Returns
    -------
    dx : ndarray, shape of ``x``
    dgamma, dbeta : ndarray, shape of ``gamma``

    Raises
    ------
    TypeError, ValueError
        As in the forward, and if ``dy`` does not have the shape of ``x``.

    Examples
    --------
    >>> dx, dgamma, dbeta = layer_norm_backward([[1.0, 0.0]], [[1.0, 3.0]], [6.0, 6.0], [0.0, 0.0], eps=3)
    >>> dx, dgamma, dbeta  # xhat is -1/2 and 1/2
    (array([[ 1.125, -1.125]]), array([-0.5,  0. ]), array([1., 0.]))
    """
    given = _checked_examples(x, gamma, beta, eps, dy)
    dx = np.empty_like(given.x)
    dgamma, dbeta = np.zeros((2, *given.gamma.shape))
    for block in given.blocks():
        xhat, root = _standardised(given.x[:, block], eps)
        with np.errstate(invalid="ignore"):  # infinity minus infinity is NaN
            # y = gamma xhat + beta
            dgamma += np.einsum("nrd,nrd->d", given.dy[:, block], xhat)
            dbeta += given.dy[:, block].sum((0, 1))
            dxhat = given.dy[:, block] * given.gamma
            # xhat = (x - mean) / root, and every x moves the mean and the root as well
            slope, shift = -_sums(dxhat, xhat) / _count(xhat), -_sums(dxhat) / _count(xhat)
            dx[:, block] = _through_statistics(dxhat, xhat, slope, shift, 1 / root)
    dgamma, dbeta = (total.astype(dx.dtype).reshape(np.shape(gamma)) for total in (dgamma, dbeta))
    return dx.reshape(given.shape), dgamma, dbeta


class _Batch(NamedTuple):
    """Arguments of batch norm, checked and of one type; the maps of an image lie flat."""

    x: np.ndarray  # (N, C, L)
    gamma: np.ndarray  # (C,), and so are the next three
    beta: np.ndarray
    running_mean: np.ndarray
    running_var: np.ndarray
    dy: np.ndarray | None  # (N, C, L)
    shape: tuple[int, ...]  # of x as it came


def _checked_batch(
    x: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    running_mean: ArrayLike | None,
    running_var: ArrayLike | None,
    training: bool,
    momentum: float,
    eps: float,
    dy: ArrayLike | None = None,
) -> _Batch:
    """Return the arguments once they fit together."""
    x = as_float("x", x)
    if x.ndim < 2:
        raise ValueError(f"x must have at least 2 axes (N, C, ...), got shape {x.shape}")
    n, channels, *size = x.shape
    flat = n, channels, math.prod(size)
    if training and n * flat[2] < 2:
        raise ValueError(f"x must have at least 2 numbers per channel in training, got shape {x.shape}")
    vectors = {
        "gamma": gamma,
        "beta": beta,
        "running_mean": np.zeros(channels, x.dtype) if running_mean is None else running_mean,
        "running_var": np.ones(channels, x.dtype) if running_var is None else running_var,
    }
    vectors = [same_shape(name, vector, (channels,)) for name, vector in vectors.items()]
    if (vectors[-1] < 0).any():
        raise ValueError(f"running_var must not be negative, got {vectors[-1].min()}")
    within("momentum", momentum, 0, 1)
    within("eps", eps, 0)
    shape, dy = x.shape, None if dy is None else same_shape("dy", dy, x.shape)
    x, dy, *vectors = common_float(x, dy, *vectors)
    return _Batch(_flat(x, flat), *vectors, _flat(dy, flat), shape)


class _Examples(NamedTuple):
    """Arguments of layer norm, checked and of one type: one image whose channels are the examples."""

    x: np.ndarray  # (1, R, D)
    gamma: np.ndarray  # (D,)
    beta: np.ndarray
    dy: np.ndarray | None  # (1, R, D)
    shape: tuple[int, ...]  # of x as it came

    def blocks(self) -> list[slice]:
        """Return slices of examples that stay in the cache from one step to the next."""
        return cut(self.x.shape[1], self.gamma.nbytes, SHARED_BYTES)


def _checked_examples(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, eps: float, dy: ArrayLike | None = None
) -> _Examples:
    """Return the arguments once they fit together."""
    x, gamma = as_float("x", x), as_float("gamma", gamma)
    beta = same_shape("beta", beta, gamma.shape)
    if gamma.ndim == 0 or gamma.size == 0:
        raise ValueError(f"gamma must have at least 1 axis and 1 entry, got shape {gamma.shape}")
    if x.shape[-gamma.ndim :] != gamma.shape:
        raise ValueError(f"x must end with the axes of gamma, {gamma.shape}, got shape {x.shape}")
    within("eps", eps, 0)
    shape, dy = x.shape, None if dy is None else same_shape("dy", dy, x.shape)
    flat = 1, x.size // gamma.size, gamma.size
    x, dy, gamma, beta = common_float(x, dy, gamma, beta)
    return _Examples(_flat(x, flat), gamma.ravel(), beta.ravel(), _flat(dy, flat), shape)


def _flat(x: np.ndarray | None, shape: tuple[int, int, int]) -> np.ndarray | None:
    """Return ``x`` in this shape, row by row in memory."""
    return None if x is None else np.ascontiguousarray(x).reshape(shape)


class _Statistics(NamedTuple):
    """Mean and variance of every channel, and the numbers as their deviations from a centre near the mean."""

    deviation: np.ndarray  # (N, C, L): x - centre
    rest: np.ndarray  # (C,), in float64 like the next two: mean - centre
    mean: np.ndarray
    var: np.ndarray


def _statistics(x: np.ndarray) -> _Statistics:
    """Return the statistics of ``x`` (N, C, L), which are exact enough also far from 0.

    The variance is the mean of the squares minus the square of the mean. Where the mean is large, this difference
    would lose its digits, and so would x times a number plus a number: there the centre is the mean, as far as
    it is known in x's own type. Elsewhere the centre is 0, which saves a step over the array.
    """
    count = _count(x)
    with np.errstate(invalid="ignore"):  # infinity minus infinity is NaN
        centre, deviation, rest, square = 0, x, _sums(x) / count, _sums(x, x) / count
        if (rest**2 > _FAR * square).any():
            centre = rest.astype(x.dtype)
            deviation = x - centre[:, None]
            rest, square = _sums(deviation) / count, _sums(deviation, deviation) / count
        var = np.maximum(square - rest**2, 0)  # whatever rounding does, no variance is negative
    return _Statistics(deviation, rest, centre + rest, var)


def _running_statistics(batch: _Batch) -> _Statistics:
    """Return the running statistics in place of the batch's: the centre is the running mean, without a rest."""
    with np.errstate(invalid="ignore"):
        deviation = batch.x - batch.running_mean[:, None]
    mean, var = batch.running_mean.astype(np.float64), batch.running_var.astype(np.float64)
    return _Statistics(deviation, np.zeros_like(mean), mean, var)


def _standardised(x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """Return xhat of every channel, and the roots that it was divided by."""
    s = _statistics(x)
    root = np.sqrt(s.var + eps)
    return _scaled_and_shifted(s.deviation, 1 / root, -s.rest / root), root


def _scaled_and_shifted(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return scale x + shift, channel by channel."""
    y = np.empty_like(x)
    scale, shift = _column(scale, x), _column(shift, x)
    for images in _blocks(x):
        block = np.multiply(x[images], scale, out=y[images])
        block += shift
    return y


def _through_statistics(
    dy: np.ndarray, deviation: np.ndarray, slope: np.ndarray, shift: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return scale (dy + slope deviation + shift), channel by channel: dx of a normalisation."""
    dx = np.empty_like(dy)
    slope, shift, scale = _column(slope, dy), _column(shift, dy), _column(scale, dy)
    for images in _blocks(dy):
        block = np.multiply(deviation[images], slope, out=dx[images])
        block += dy[images]
        block += shift
        block *= scale
    return dx


def _blend(running: np.ndarray, of_batch: np.ndarray, momentum: float) -> np.ndarray:
    return ((1 - momentum) * running + momentum * of_batch).astype(running.dtype)


def _blocks(x: np.ndarray) -> list[slice]:
    """Return slices of images that stay in the cache from one step to the next."""
    return cut(len(x), x[:1].nbytes, SHARED_BYTES)


def _count(x: np.ndarray) -> int:
    """Return how many numbers a channel of ``x`` (N, C, L) has."""
    return x.shape[0] * x.shape[2]


def _column(vector: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return one number for every channel of ``x`` (N, C, L), in its type.

    Where enough images share it, the number is repeated for every pixel: a step over an image is then one loop in
    NumPy instead of one for each channel.
    """
    column = vector.astype(x.dtype)[:, None]
    return np.repeat(column, x.shape[2], axis=1) if len(x) >= _SHARED else column


def _sums(x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """Return the sum of ``x``, or of ``x`` times ``y``, over every channel."""
    total = np.zeros(x.shape[1])
    for pixels in cut(x.shape[2], 1, _RUN):
        part = x[..., pixels]
        sums = part @ np.ones(part.shape[2], x.dtype) if y is None else np.vecdot(part, y[..., pixels])
        total += sums.sum(0, dtype=np.float64)
    return total
