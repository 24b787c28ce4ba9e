"""The variational autoencoder: its code is a distribution, so that one can draw from it what never was."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import integer, within
from cvlib.init import as_generator, float_dtype, glorot_uniform
from cvlib.losses import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    gaussian_kl,
    gaussian_kl_backward,
)
from cvlib.models.autoencoder import image_decoder, image_encoder
from cvlib.nn import Chain, Fork, Layer, Linear
from cvlib.ops import reparameterise, reparameterise_backward, sigmoid
from cvlib.ops._arrays import as_float

Outputs = tuple[np.ndarray, np.ndarray, np.ndarray]  # logits of the pixels, means, log-variances


class Reparameterise(Layer):
    """Draw a code from its mean and log-variance while training; otherwise take the mean.

    :func:`cvlib.ops.reparameterise` as a layer: a pair (mean, log_var) goes in, one code comes out.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws new noise in every forward pass while training.

    Attributes
    ----------
    noise : ndarray or None
        The last forward's standard normal numbers, zeros if it was not training; ``backward`` uses them too.

    Examples
    --------
    >>> layer = Reparameterise(rng=np.random.default_rng(0))
    >>> pair = np.array([[5.0, 5.0]]), np.log([[4.0, 4.0]])
    >>> layer(pair, training=True).round(3)  # 5 + 2 noise
    array([[5.251, 4.736]])
    >>> layer(pair)
    array([[5., 5.]])
    """

    def __init__(self, *, rng: np.random.Generator):
        super().__init__()
        self.rng = as_generator(rng)
        self.noise: np.ndarray | None = None

    def forward(self, x: tuple[ArrayLike, ArrayLike], *, training: bool = False) -> np.ndarray:
        """Return codes (N, D) for ``x``, the pair (mean, log_var), both (N, D)."""
        mean, log_var = _parts("x", x, "(mean, log_var)", 2)
        mean = as_float("mean", mean)
        noise = self.rng.standard_normal(mean.shape) if training else np.zeros(mean.shape)
        self.x, self.noise = (mean, log_var), noise.astype(mean.dtype)
        return reparameterise(mean, log_var, self.noise)

    def backward(self, dy: ArrayLike, *, needs_dx: bool = True) -> tuple[np.ndarray, np.ndarray] | None:
        """Return (dL/dmean, dL/dlog_var), through the noise of the last forward pass."""
        mean, log_var = self.last_input()
        return reparameterise_backward(dy, mean, log_var, self.noise) if needs_dx else None

    def output_shape(self, input_shape: Sequence[Sequence[int]]) -> tuple[int, ...]:
        """Return (D,) for ((D,), (D,))."""
        mean, log_var = _parts("input_shape", input_shape, "(mean, log_var)", 2)
        if tuple(mean) != tuple(log_var):
            raise ValueError(f"input_shape must be two equal shapes, got {mean} and {log_var}")
        return tuple(mean)


class VAE(Chain):
    r"""Encoder, two heads, a draw, decoder: a chain that also gives the mean and the log-variance of its code.

    .. math::

        (\mu, \log \sigma^2) = f(x), \qquad z = \mu + \sigma \epsilon, \quad \epsilon \sim N(0, I), \qquad
        p(x \mid z) = \text{Bernoulli}(\sigma(g(z)))

    Train it with :func:`vae_loss`, the images as their own labels. After training, codes drawn from N(0, I) decode to
    new images, as the loss kept the codes of all images together near it.

    Parameters
    ----------
    encoder : Layer
        From images (N, ...) to features (N, num_features).
    decoder : Layer
        From codes (N, latent_size) to logits in the shape of the images.
    num_features, latent_size : int
        The two heads, linear layers, have ``num_features`` inputs and ``latent_size`` outputs each.
    rng : numpy.random.Generator
        Draws the weights of the heads, and the noise while training.
    dtype : dtype
        float32 or float64, as the other layers have it.

    Attributes
    ----------
    layers : dict
        ``encoder``, ``heads`` (a :class:`cvlib.nn.Fork` of ``mean`` and ``log_var``), ``draw`` (a
        :class:`Reparameterise`) and ``decoder``.

    Raises
    ------
    TypeError
        If a part is no layer, or ``rng`` no generator.
    ValueError
        If a size is below 1.

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, arXiv:1312.6114.
    Rezende, Mohamed and Wierstra, "Stochastic backpropagation and approximate inference in deep generative models",
    ICML 2014, arXiv:1401.4082.

    Examples
    --------
    >>> model = vae(rng=np.random.default_rng(0), latent_size=2)
    >>> images = np.ones((5, 1, 28, 28), np.float32)
    >>> logits, mean, log_var = model(images)
    >>> logits.shape, mean.shape, log_var.shape
    ((5, 1, 28, 28), (5, 2), (5, 2))
    >>> model.sample(3, rng=np.random.default_rng(1)).shape
    (3, 1, 28, 28)
    """

    def __init__(
        self,
        encoder: Layer,
        decoder: Layer,
        *,
        num_features: int,
        latent_size: int,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ):
        random = {"rng": rng, "init": glorot_uniform, "dtype": dtype}
        self.latent_size = integer("latent_size", latent_size, minimum=1)
        self.dtype = float_dtype(dtype)
        super().__init__(
            encoder=encoder,
            heads=Fork(
                mean=Linear(num_features, latent_size, **random),
                log_var=Linear(num_features, latent_size, **random),
            ),
            draw=Reparameterise(rng=rng),
            decoder=decoder,
        )

    def forward(self, x: ArrayLike, *, training: bool = False) -> Outputs:
        """Return the logits of the reconstruction, the means and the log-variances.

        While training the code is drawn; otherwise it is the mean, and the same images give the same results.
        """
        mean, log_var = self.encode(x, training=training)
        z = self._through("draw", (mean, log_var), training)
        return self._through("decoder", z, training), mean, log_var

    def backward(self, dy: Sequence[ArrayLike], *, needs_dx: bool = True) -> np.ndarray | None:
        """Return dL/dx for the upstream gradients of the three outputs, and fill every layer's ``gradients``."""
        dlogits, dmean, dlog_var = _parts("dy", dy, "(dlogits, dmean, dlog_var)", 3)
        with self.naming("decoder"):
            dz = self["decoder"].backward(dlogits)
        # mean and log_var influence the loss in two ways: through z, and by themselves
        dmean_z, dlog_var_z = self["draw"].backward(dz)
        with self.naming("heads"):
            dfeatures = self["heads"].backward((dmean + dmean_z, dlog_var + dlog_var_z))
        with self.naming("encoder"):
            return self["encoder"].backward(dfeatures, needs_dx=needs_dx)

    def encode(self, images: ArrayLike, *, training: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return means and log-variances (N, D) of the codes of images."""
        return self._through("heads", self._through("encoder", images, training), training)

    def decode(self, z: ArrayLike) -> np.ndarray:
        """Return for codes (N, D) the images: the probability of ink in every pixel."""
        return sigmoid(self._through("decoder", z, training=False))

    def sample(self, n: int, *, rng: np.random.Generator) -> np.ndarray:
        """Return n images whose codes are drawn from the prior N(0, I).

        Raises
        ------
        TypeError
            If ``n`` is no integer or ``rng`` no generator.
        ValueError
            If ``n`` is below 1.
        """
        shape = integer("n", n, minimum=1), self.latent_size
        return self.decode(as_generator(rng).standard_normal(shape).astype(self.dtype))

    def elbo(self, images: ArrayLike, *, rng: np.random.Generator, num_draws: int = 1) -> float:
        r"""Return an estimate of the evidence lower bound, in nats per image: the larger the better.

        .. math:: \log p(x) \ge \mathbb{E}_{z \sim q(z \mid x)} \log p(x \mid z) - D(q(z \mid x) \,\|\, N(0, I))

        The expectation is a mean over ``num_draws`` codes of every image. At ``beta`` = 1 it is the negative
        :func:`vae_loss` of a training pass.

        Raises
        ------
        TypeError, ValueError
            If ``rng`` is no generator, ``num_draws`` is below 1, or the images do not lie in [0, 1].
        """
        mean, log_var = self.encode(images)
        draws = (integer("num_draws", num_draws, minimum=1), *mean.shape)
        losses = [
            _reconstruction_loss(self["decoder"](reparameterise(mean, log_var, noise)), images)
            for noise in as_generator(rng).standard_normal(draws).astype(mean.dtype)
        ]
        return -float(np.mean(losses)) - gaussian_kl(mean, log_var)

    def output_shape(self, input_shape: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of logits, mean and log-variance."""
        with self.naming("encoder"):
            features = self["encoder"].output_shape(input_shape)
        mean, log_var = self["heads"].output_shape(features)
        with self.naming("decoder"):
            return self["decoder"].output_shape(self["draw"].output_shape((mean, log_var))), mean, log_var

    def _through(self, name: str, x: ArrayLike, training: bool) -> np.ndarray:
        with self.naming(name):
            return self[name].forward(x, training=training)


def vae(
    *,
    rng: np.random.Generator,
    latent_size: int = 2,
    kind: str = "dense",
    in_channels: int = 1,
    image_size: int = 28,
    dtype: DTypeLike = np.float32,
) -> VAE:
    """Return a variational autoencoder of the layers of :func:`cvlib.models.autoencoder`.

    435,988 parameters for digits with two numbers in the code. In the paper encoder and decoder have one hidden layer
    of 500 with tanh, and the code up to 200 numbers.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, and the noise while training.
    latent_size : int
        Numbers of the code.
    kind : {"dense", "convolutional"}
        Of what the encoder and the decoder are made.
    in_channels, image_size : int
        Channels, and height and width in pixels, of the images. For the convolutional kind the size must be a
        multiple of 4.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    VAE
        Images (N, C, H, W) go in; logits (N, C, H, W), means and log-variances (N, latent_size) come out.

    Raises
    ------
    ValueError
        If a size is below 1 or no multiple of 4, or the kind unknown.

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, arXiv:1312.6114.

    Examples
    --------
    >>> model = vae(rng=np.random.default_rng(0), latent_size=2)
    >>> model["heads"]
    Fork(
      mean: Linear(64, 2)
      log_var: Linear(64, 2)
    )
    """
    shared = {"rng": rng, "kind": kind, "image_size": image_size, "dtype": dtype}
    encoder = image_encoder(None, in_channels=in_channels, **shared)
    decoder = image_decoder(latent_size, out_channels=in_channels, **shared)
    (num_features,) = encoder.output_shape((in_channels, image_size, image_size))
    return VAE(encoder, decoder, num_features=num_features, latent_size=latent_size, rng=rng, dtype=dtype)


def vae_loss(beta: float = 1.0) -> tuple[Callable[..., float], Callable[..., Outputs]]:
    r"""Return the loss of a variational autoencoder, and its backward, for :func:`cvlib.train.fit`.

    .. math::

        L = -\frac{1}{N} \sum_{n, i} \big( x_{ni} \log p_{ni} + (1 - x_{ni}) \log (1 - p_{ni}) \big)
        + \beta\, D(q(z \mid x) \,\|\, N(0, I))

    Both parts are per image: the cross-entropy is summed over the pixels i, the divergence over the numbers of the code
    (:func:`cvlib.losses.gaussian_kl`). Averaged over the pixels instead, the cross-entropy would be 784 times smaller
    beside the divergence, and the code would be ignored. For ``beta`` = 1 the loss is the negative evidence lower
    bound; more gives a code nearer to the prior and less sharp images, 0 an autoencoder with noise in it.

    Parameters
    ----------
    beta : float
        Factor of the divergence, at least 0.

    Returns
    -------
    pair of callable
        ``loss(outputs, images)`` and ``loss_backward(outputs, images, dloss=1.0)``, where ``outputs`` are those of a
        :class:`VAE` and the images lie in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If ``beta`` is not a number of at least 0.

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, arXiv:1312.6114, equation 10.
    Higgins and others, "beta-VAE: learning basic visual concepts with a constrained variational framework", ICLR 2017.

    Examples
    --------
    Two pixels without a clue cost log 2 = 0.69 each; the mean of 1 is 1/2 nat away from the prior.

    >>> loss, loss_backward = vae_loss()
    >>> outputs = np.zeros((1, 2)), np.ones((1, 1)), np.zeros((1, 1))
    >>> round(loss(outputs, [[0.0, 1.0]]), 4)
    1.8863
    >>> loss_backward(outputs, [[0.0, 1.0]])
    (array([[ 0.5, -0.5]]), array([[1.]]), array([[0.]]))
    """
    beta = within("beta", beta, 0)

    def loss(outputs: Outputs, images: ArrayLike) -> float:
        logits, mean, log_var = _parts("outputs", outputs, "(logits, mean, log_var)", 3)
        return _reconstruction_loss(logits, images) + beta * gaussian_kl(mean, log_var)

    def loss_backward(outputs: Outputs, images: ArrayLike, dloss: float = 1.0) -> Outputs:
        logits, mean, log_var = _parts("outputs", outputs, "(logits, mean, log_var)", 3)
        # L = D * (mean over images and pixels) + beta * divergence
        dlogits = binary_cross_entropy_with_logits_backward(logits, images, dloss * _pixels(logits))
        return dlogits, *gaussian_kl_backward(mean, log_var, beta * dloss)

    return loss, loss_backward


def _reconstruction_loss(logits: ArrayLike, images: ArrayLike) -> float:
    """Return the cross-entropy, summed over the pixels and averaged over the images."""
    return binary_cross_entropy_with_logits(logits, images) * _pixels(logits)


def _pixels(images: ArrayLike) -> int:
    return math.prod(np.shape(images)[1:])


def _parts(name: str, value: object, layout: str, count: int) -> tuple:
    if not isinstance(value, tuple | list) or len(value) != count:
        got = f"{len(value)}" if isinstance(value, tuple | list) else type(value).__name__
        raise TypeError(f"{name} must be a tuple {layout}, got {got}")
    return tuple(value)
