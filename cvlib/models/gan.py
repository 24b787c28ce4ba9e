"""Generative adversarial nets: a generator paints, a discriminator judges, and each learns from the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from cvlib._checks import choice, integer, within
from cvlib.init import as_generator, glorot_uniform
from cvlib.losses import (
    discriminator_loss,
    discriminator_loss_backward,
    generator_loss,
    generator_loss_backward,
)
from cvlib.nn import (
    BatchNorm,
    Chain,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    Unflatten,
)
from cvlib.ops._arrays import as_float
from cvlib.optim import Adam, Optimiser

Optimisers = tuple[Optimiser, Optimiser]  # of the generator, of the discriminator

_KINDS = ("non-saturating", "minimax")
_SLOPE = 0.2  # of the leaky ReLUs, as in Radford et al. (2016)


@dataclass(repr=False)
class GANHistory:
    """What happened in the game, one entry per epoch in every list.

    Attributes
    ----------
    discriminator_loss, generator_loss : list of float
        Means over the epoch's steps, each measured before the step. They need not fall: if both players become better
        at the same pace, nothing changes. A discriminator that cannot tell pays log 4 = 1.386.
    """

    discriminator_loss: list[float] = field(default_factory=list)
    generator_loss: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.discriminator_loss)

    def __repr__(self) -> str:
        epochs = f"{len(self)} epoch{'' if len(self) == 1 else 's'}"
        if not len(self):
            return f"GANHistory({epochs})"
        last = f"discriminator {self.discriminator_loss[-1]:.4g}, generator {self.generator_loss[-1]:.4g}"
        return f"GANHistory({epochs}: {last})"


class GAN(Chain):
    r"""A generator and a discriminator in a row: noise goes in, the score of what was made of it comes out.

    .. math:: \min_G \max_D V(D, G) = \mathbb{E}_x \log D(x) + \mathbb{E}_\epsilon \log (1 - D(G(\epsilon))), \qquad
        D = \sigma(\text{score})

    As a chain it carries the generator's gradient: back through the discriminator, whose weights stay, into the
    generator. The discriminator's own step is taken outside of the chain, with real examples and fakes in one batch.

    Parameters
    ----------
    generator : Layer
        From noise (N, latent_size) to fakes, in the shape of the real examples.
    discriminator : Layer
        From examples to scores before the sigmoid, (N, 1). It should see each example by itself: with batch norm
        inside, a batch of half fakes would give itself away.
    latent_size : int
        Numbers of the noise.

    Raises
    ------
    TypeError
        If a player is no layer.
    ValueError
        If ``latent_size`` is below 1.

    References
    ----------
    Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, "Generative adversarial nets",
    NIPS 2014, arXiv:1406.2661, algorithm 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> gan = point_gan(rng=rng)
    >>> gan.sample(5, rng=rng).shape
    (5, 2)
    >>> optimisers = gan.optimisers(lr=1e-3)
    >>> losses = gan.step(np.ones((64, 2)), optimisers, rng=rng)
    """

    def __init__(self, generator: Layer, discriminator: Layer, *, latent_size: int):
        super().__init__(generator=generator, discriminator=discriminator)
        self.latent_size = integer("latent_size", latent_size, minimum=1)

    def noise(self, n: int, *, rng: np.random.Generator) -> np.ndarray:
        """Return standard normal noise (n, latent_size) in the generator's floating type."""
        shape = integer("n", n, minimum=1), self.latent_size
        return as_generator(rng).standard_normal(shape).astype(self._dtype())

    def sample(self, n: int, *, rng: np.random.Generator) -> np.ndarray:
        """Return n examples of the generator."""
        return self._painted(self.noise(n, rng=rng), training=False)

    def optimisers(self, *, lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)) -> Optimisers:
        """Return Adam for each player, the generator's first.

        With a beta1 of 0.5, as in Radford et al. (2016): in a game the direction turns all the time, and with 0.9
        the average over the last ten steps is out of date.
        """
        generator, discriminator = (Adam(player.parameters, lr=lr, betas=betas) for player in self)
        return generator, discriminator

    def step(
        self,
        real: ArrayLike,
        optimisers: Optimisers,
        *,
        rng: np.random.Generator,
        kind: str = "non-saturating",
        discriminator_steps: int = 1,
    ) -> tuple[float, float]:
        """Let both players move: first the discriminator, then the generator.

        Parameters
        ----------
        real : array_like
            A batch of real examples (N, ...). The fakes are as many.
        optimisers : pair of Optimiser
            The generator's and the discriminator's, each made of the parameters of its player; see :meth:`optimisers`.
        rng : numpy.random.Generator
            Draws the noise.
        kind : {"non-saturating", "minimax"}
            The generator's loss; see :func:`cvlib.losses.generator_loss`.
        discriminator_steps : int
            Moves of the discriminator, against new fakes each, before the generator moves: k in the paper.

        Returns
        -------
        discriminator_loss, generator_loss : float
            Each before its (last) move.

        Raises
        ------
        TypeError, ValueError
            If an argument is not what is described above.
        """
        choice("kind", kind, _KINDS)
        of_generator, of_discriminator = _checked_optimisers(self, optimisers)
        real = as_float("real", real).astype(self._dtype(), copy=False)
        for _ in range(integer("discriminator_steps", discriminator_steps, minimum=1)):
            loss = self.discriminator_loss(real, self.noise(len(real), rng=rng))
            of_discriminator.step(self["discriminator"].gradients)
        fooling_loss = self.generator_loss(self.noise(len(real), rng=rng), kind=kind)
        of_generator.step(self["generator"].gradients)
        return loss, fooling_loss

    def discriminator_loss(self, real: ArrayLike, noise: ArrayLike) -> float:
        """Return the discriminator's loss, and fill its ``gradients``; the generator's stay as they are."""
        fake = self._painted(noise, training=True)
        real = as_float("real", real)
        if real.shape[1:] != fake.shape[1:]:
            sizes = ", ".join(map(str, ("N", *fake.shape[1:])))
            raise ValueError(f"real must be examples like the generator's, ({sizes}), got shape {real.shape}")
        with self.naming("discriminator"):
            scores = self["discriminator"].forward(np.concatenate([real, fake]), training=True)
            dscores = discriminator_loss_backward(scores[: len(real)], scores[len(real) :])
            self["discriminator"].backward(np.concatenate(dscores), needs_dx=False)
        return discriminator_loss(scores[: len(real)], scores[len(real) :])

    def generator_loss(self, noise: ArrayLike, *, kind: str = "non-saturating") -> float:
        """Return the generator's loss, and fill the ``gradients`` of the whole chain: only its own are to be used."""
        scores = self.forward(noise, training=True)
        self.backward(generator_loss_backward(scores, kind=kind), needs_dx=False)
        return generator_loss(scores, kind=kind)

    def _painted(self, noise: ArrayLike, training: bool) -> np.ndarray:
        with self.naming("generator"):
            return self["generator"].forward(noise, training=training)

    def _dtype(self) -> np.dtype:
        return np.result_type(*{p.dtype for p in self.parameters.values()})


def train_gan(
    gan: GAN,
    examples: ArrayLike,
    *,
    optimisers: Optimisers,
    num_epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    kind: str = "non-saturating",
    discriminator_steps: int = 1,
    callback: Callable[[int, GANHistory], object] | None = None,
) -> GANHistory:
    """Let the two players learn from each other, in place.

    Each epoch shows every example once, in an order drawn from ``rng``; what does not fill a last batch waits for the
    next epoch. The same arguments give the same result.

    Parameters
    ----------
    gan : GAN
        Its parameters are changed.
    examples : array_like
        Real examples (N, ...), in the shape that the generator gives.
    optimisers : pair of Optimiser
        The generator's and the discriminator's; ``gan.optimisers()`` makes two.
    num_epochs, batch_size : int
        Both at least 1. A batch of more than all the examples is all of them.
    rng : numpy.random.Generator
        Draws the order and the noise.
    kind : {"non-saturating", "minimax"}
        The generator's loss.
    discriminator_steps : int
        Moves of the discriminator for each of the generator's.
    callback : callable, optional
        ``callback(epoch, history)`` is called after every epoch, counted from 1: the place to keep samples for a film.

    Returns
    -------
    GANHistory

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    References
    ----------
    Goodfellow and others, "Generative adversarial nets", NIPS 2014, arXiv:1406.2661, algorithm 1.

    Examples
    --------
    >>> from cvlib.data import ring_of_gaussians
    >>> rng = np.random.default_rng(0)
    >>> points, _ = ring_of_gaussians(512, rng=rng)
    >>> gan = point_gan(rng=rng)
    >>> history = train_gan(gan, points, optimisers=gan.optimisers(), num_epochs=2, batch_size=128, rng=rng)
    >>> len(history)
    2
    """
    if not isinstance(gan, GAN):
        raise TypeError(f"gan must be a cvlib.models.GAN, got {type(gan).__name__}")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function, got {callback!r}")
    examples = as_float("examples", examples)
    if examples.ndim < 2 or len(examples) == 0:
        raise ValueError(f"examples must be a batch (N, ...) of at least one, got shape {examples.shape}")
    batch_size = min(integer("batch_size", batch_size, minimum=1), len(examples))
    options = {"rng": as_generator(rng), "kind": kind, "discriminator_steps": discriminator_steps}
    history = GANHistory()
    for epoch in range(1, integer("num_epochs", num_epochs, minimum=1) + 1):
        order = rng.permutation(len(examples))[: len(examples) // batch_size * batch_size]
        losses = [gan.step(examples[batch], optimisers, **options) for batch in order.reshape(-1, batch_size)]
        of_discriminator, of_generator = np.mean(losses, axis=0).tolist()
        history.discriminator_loss.append(of_discriminator)
        history.generator_loss.append(of_generator)
        if callback is not None:
            callback(epoch, history)
    return history


def point_gan(
    *,
    rng: np.random.Generator,
    latent_size: int = 2,
    hidden_size: int = 128,
    dtype: DTypeLike = np.float32,
) -> GAN:
    """Return a GAN for points in the plane, of :func:`point_generator` and :func:`point_discriminator`.

    Noise in a plane can be bent into :func:`cvlib.data.ring_of_gaussians`. With ``latent_size=32`` the same nets
    collapse onto a single mode of it: in many dimensions all noise is nearly equally far from 0, and at the beginning
    all of it is painted near one place.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    latent_size, hidden_size : int
        Numbers of the noise, and of each hidden layer.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    GAN

    Raises
    ------
    ValueError
        If a size is below 1.

    Examples
    --------
    >>> gan = point_gan(rng=np.random.default_rng(0))
    >>> gan.output_shape((2,))
    (1,)
    """
    shared = {"rng": rng, "hidden_size": hidden_size, "dtype": dtype}
    generator = point_generator(latent_size, **shared)
    return GAN(generator, point_discriminator(**shared), latent_size=latent_size)


def point_generator(
    latent_size: int, *, rng: np.random.Generator, hidden_size: int = 128, dtype: DTypeLike = np.float32
) -> Chain:
    """Return layers from noise (N, latent_size) to points (N, 2): two hidden layers with ReLU.

    Parameters
    ----------
    latent_size : int
        Numbers of the noise.
    rng : numpy.random.Generator
        Draws the weights.
    hidden_size : int
        Numbers of each hidden layer.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        If a size is below 1.

    Examples
    --------
    >>> point_generator(2, rng=np.random.default_rng(0))
    Chain(
      linear1: Linear(2, 128)
      relu1: ReLU()
      linear2: Linear(128, 128)
      relu2: ReLU()
      point: Linear(128, 2)
    )
    """
    random = {"rng": rng, "dtype": dtype}
    return Chain(
        linear1=Linear(integer("latent_size", latent_size, minimum=1), hidden_size, **random),
        relu1=ReLU(),
        linear2=Linear(hidden_size, hidden_size, **random),
        relu2=ReLU(),
        point=Linear(hidden_size, 2, init=glorot_uniform, **random),
    )


def point_discriminator(
    *, rng: np.random.Generator, hidden_size: int = 128, dtype: DTypeLike = np.float32
) -> Chain:
    """Return layers from points (N, 2) to scores (N, 1): two hidden layers with leaky ReLU.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    hidden_size : int
        Numbers of each hidden layer.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        If ``hidden_size`` is below 1.

    Examples
    --------
    >>> point_discriminator(rng=np.random.default_rng(0))
    Chain(
      linear1: Linear(2, 128)
      relu1: LeakyReLU(negative_slope=0.2)
      linear2: Linear(128, 128)
      relu2: LeakyReLU(negative_slope=0.2)
      score: Linear(128, 1)
    )
    """
    random = {"rng": rng, "dtype": dtype}
    return Chain(
        linear1=Linear(2, hidden_size, **random),
        relu1=LeakyReLU(_SLOPE),
        linear2=Linear(hidden_size, hidden_size, **random),
        relu2=LeakyReLU(_SLOPE),
        score=Linear(hidden_size, 1, init=glorot_uniform, **random),
    )


def digit_gan(
    *,
    rng: np.random.Generator,
    latent_size: int = 64,
    width: int = 16,
    dtype: DTypeLike = np.float32,
) -> GAN:
    """Return a small DCGAN for digits of 28 x 28, of :func:`digit_generator` and :func:`digit_discriminator`.

    What differs from the paper: 28 x 28 grey pixels between 0 and 1 (a sigmoid) for 64 x 64 in colour between -1 and 1
    (a tanh), two steps of the resolution for four, at most ``2 * width`` maps for 1024, He's initial weights for normal
    ones of standard deviation 0.02, and no batch norm in the discriminator, which sees real and fake in one batch.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    latent_size : int
        Numbers of the noise.
    width : int
        Maps of 14 x 14 in both players; those of 7 x 7 are twice as many.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    GAN

    Raises
    ------
    ValueError
        If a size is below 1.

    References
    ----------
    Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
    networks", ICLR 2016, arXiv:1511.06434.

    Examples
    --------
    >>> gan = digit_gan(rng=np.random.default_rng(0))
    >>> gan.sample(3, rng=np.random.default_rng(1)).shape
    (3, 1, 28, 28)
    """
    shared = {"rng": rng, "width": width, "dtype": dtype}
    generator = digit_generator(latent_size, **shared)
    return GAN(generator, digit_discriminator(**shared), latent_size=latent_size)


def digit_generator(
    latent_size: int, *, rng: np.random.Generator, width: int = 16, dtype: DTypeLike = np.float32
) -> Chain:
    """Return layers from noise (N, latent_size) to images (N, 1, 28, 28): transposed convolutions with batch norm.

    Parameters
    ----------
    latent_size : int
        Numbers of the noise.
    rng : numpy.random.Generator
        Draws the weights.
    width : int
        Maps of 14 x 14; those of 7 x 7 are twice as many.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        If a size is below 1.

    Examples
    --------
    >>> digit_generator(64, rng=np.random.default_rng(0))
    Chain(
      linear: Linear(64, 1568, bias=False)
      unflatten: Unflatten((32, 7, 7))
      norm1: BatchNorm(32)
      relu1: ReLU()
      conv1: ConvTranspose2d(32, 16, 4, stride=2, padding=1, bias=False)
      norm2: BatchNorm(16)
      relu2: ReLU()
      conv2: ConvTranspose2d(16, 1, 4, stride=2, padding=1)
      sigmoid: Sigmoid()
    )
    """
    random = {"rng": rng, "dtype": dtype}
    maps = 2 * integer("width", width, minimum=1)
    latent_size = integer("latent_size", latent_size, minimum=1)
    return Chain(
        linear=Linear(latent_size, maps * 7 * 7, bias=False, **random),
        unflatten=Unflatten((maps, 7, 7)),
        norm1=BatchNorm(maps, dtype=dtype),
        relu1=ReLU(),
        conv1=ConvTranspose2d(maps, width, 4, stride=2, padding=1, bias=False, **random),
        norm2=BatchNorm(width, dtype=dtype),
        relu2=ReLU(),
        conv2=ConvTranspose2d(width, 1, 4, stride=2, padding=1, **random),
        sigmoid=Sigmoid(),
    )


def digit_discriminator(*, rng: np.random.Generator, width: int = 16, dtype: DTypeLike = np.float32) -> Chain:
    """Return layers from images (N, 1, 28, 28) to scores (N, 1): two convolutions of stride 2, leaky ReLU.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    width : int
        Maps of 14 x 14; those of 7 x 7 are twice as many.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        If ``width`` is below 1.

    Examples
    --------
    >>> digit_discriminator(rng=np.random.default_rng(0))
    Chain(
      conv1: Conv2d(1, 16, 4, stride=2, padding=1)
      relu1: LeakyReLU(negative_slope=0.2)
      conv2: Conv2d(16, 32, 4, stride=2, padding=1)
      relu2: LeakyReLU(negative_slope=0.2)
      flatten: Flatten()
      score: Linear(1568, 1)
    )
    """
    random = {"rng": rng, "dtype": dtype}
    maps = 2 * integer("width", width, minimum=1)
    return Chain(
        conv1=Conv2d(1, width, 4, stride=2, padding=1, **random),
        relu1=LeakyReLU(_SLOPE),
        conv2=Conv2d(width, maps, 4, stride=2, padding=1, **random),
        relu2=LeakyReLU(_SLOPE),
        flatten=Flatten(),
        score=Linear(maps * 7 * 7, 1, init=glorot_uniform, **random),
    )


def mode_coverage(points: ArrayLike, centres: ArrayLike, *, distance: float) -> tuple[int, float]:
    r"""Return how many modes the points reach, and the share of points that lie at one.

    A generator that has collapsed reaches few modes, perhaps with a share near 1: what it paints is good, but always
    the same. A mode counts as reached from one point on; the number says little unless there are many points.

    Parameters
    ----------
    points : array_like, (N, D)
        Samples of a generator.
    centres : array_like, (K, D)
        The modes of the data.
    distance : float
        Up to which a point lies at a mode, at least 0; three standard deviations in the papers.

    Returns
    -------
    modes : int
        From 0 to K.
    share : float
        From 0 to 1.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If the shapes do not fit, there are no points or no centres, or ``distance`` is negative.

    References
    ----------
    Srivastava, Valkov, Russell, Gutmann and Sutton, "VEEGAN: reducing mode collapse in GANs using implicit variational
    learning", NIPS 2017, arXiv:1705.07761, section 4.1.

    Examples
    --------
    >>> mode_coverage([[0.1, 0.0], [0.0, 0.2], [0.5, 0.5], [0.9, 0.0]], [[0, 0], [1, 0], [0, 1]], distance=0.3)
    (2, 0.75)
    """
    points = as_float("points", points, ndim=2, layout="(N, D)")
    centres = as_float("centres", centres, ndim=2, layout="(K, D)")
    if points.shape[1] != centres.shape[1] or not points.size or not centres.size:
        raise ValueError(
            f"points and centres must be (N, D) and (K, D), none empty, got {points.shape} and {centres.shape}"
        )
    distance = within("distance", distance, 0)
    apart = np.linalg.norm(points[:, None] - centres, axis=2)
    at = apart <= distance
    return int(np.count_nonzero(at.any(axis=0))), float(np.mean(at.any(axis=1)))


def _checked_optimisers(gan: GAN, optimisers: Optimisers) -> Optimisers:
    """Make sure that each player's step moves that player."""
    if not isinstance(optimisers, tuple | list) or len(optimisers) != 2:
        raise TypeError(f"optimisers must be a pair (generator's, discriminator's), got {optimisers!r}")
    for (name, player), optimiser in zip(gan.layers.items(), optimisers, strict=True):
        if not isinstance(optimiser, Optimiser):
            raise TypeError(
                f"the {name}'s optimiser must be a cvlib.optim.Optimiser, got {type(optimiser).__name__}"
            )
        own = player.parameters
        if own.keys() != optimiser.parameters.keys() or any(
            optimiser.parameters[key] is not p for key, p in own.items()
        ):
            raise ValueError(f"the {name}'s optimiser must hold its player's own arrays, got others")
    return optimisers[0], optimisers[1]
