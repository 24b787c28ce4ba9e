"""The captioner against the same net written anew in JAX; its captions against a search step by step."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from strategies import normal

from cvlib import nn
from cvlib.data import shapes
from cvlib.data.shapes import PAD, VOCABULARY, encode_captions, make_scenes
from cvlib.losses import sequence_cross_entropy, sequence_cross_entropy_backward
from cvlib.models import Captioner, captioner
from cvlib.optim import Adam

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)

F64 = {"dtype": np.float64}
START, END = 1, 2
each_cell = pytest.mark.parametrize("cell", ["rnn", "lstm"])


def rng(seed=0):
    return np.random.default_rng(seed)


def small(cell, seed=0):
    """A captioner of 7 words for 2 x 4 x 4 images, with an encoder without windows."""
    features = 5 if cell == "rnn" else 10
    encoder = nn.Chain(nn.Flatten(), nn.Linear(32, features, rng=rng(seed), **F64), nn.Tanh())
    model = Captioner(
        encoder, vocabulary_size=7, cell=cell, hidden_size=5, embedding_dim=3, rng=rng(seed + 1), **F64
    )
    for p in model.parameters.values():
        p += normal(*p.shape, seed=seed) / 4
    return model


IMAGES = normal(3, 2, 4, 4)
WORDS = np.array([[1, 4, 6, 3], [1, 5, 5, 2], [1, 6, 2, 0]])


def jax_captioner(p, images, words):
    features = images.reshape(len(images), -1) @ p["encoder.1.weight"].T + p["encoder.1.bias"]
    features = jnp.tanh(features)
    h, c = features[:, :5], features[:, 5:]
    logits = []
    for t in range(words.shape[1]):
        vectors = p["embedding.weight"][words[:, t]]
        a = vectors @ p["decoder.weight_ih"].T + h @ p["decoder.weight_hh"].T + p["decoder.bias"]
        if c.shape[1] == 0:
            h = jnp.tanh(a)
        else:
            i, f, g, o = (a[:, n : n + 5] for n in (0, 5, 10, 15))
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        logits.append(h @ p["output.weight"].T + p["output.bias"])
    return jnp.stack(logits, axis=1)


@each_cell
def test_the_model_and_its_gradients_match_jax(cell):
    """The image's gradient arrives through the first state, that of the words' vectors at every step."""
    model, upstream = small(cell), normal(3, 4, 7)

    @jax.jit
    def expected_results(p, images, upstream):
        logits, pull_back = jax.vjp(lambda p, images: jax_captioner(p, images, WORDS), p, images)
        return logits, *pull_back(upstream)

    logits, gradients, dimages = expected_results(dict(model.parameters), IMAGES, upstream)
    np.testing.assert_allclose(model((IMAGES, WORDS)), logits, rtol=0, atol=1e-12)
    dx, dwords = model.backward(upstream)
    assert dwords is None
    np.testing.assert_allclose(dx, dimages, rtol=0, atol=1e-12)
    assert model.gradients.keys() == model.parameters.keys() == gradients.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(model.gradients[name], gradient, rtol=0, atol=1e-12, err_msg=name)
    before = dict(model.gradients)
    assert model.backward(upstream, needs_dx=False) is None
    for name, gradient in before.items():
        np.testing.assert_array_equal(model.gradients[name], gradient)


@each_cell
def test_a_word_hears_only_of_the_words_before_it(cell):
    model, others = small(cell), WORDS.copy()
    others[:, 2] = 0
    same = np.isclose(model((IMAGES, WORDS)), model((IMAGES, others))).all(axis=(0, 2))
    assert same.tolist() == [True, True, False, False]


@each_cell
def test_the_image_is_heard_in_every_word(cell):
    model = small(cell)
    assert (np.abs(model((IMAGES, WORDS)) - model((IMAGES[::-1], WORDS)))[0] > 1e-6).any(axis=1).all()


# Captions


def said_step_by_step(model, image, max_length):
    """Feed the whole caption so far through the model, again for every word."""
    words = [START]
    while len(words) <= max_length and words[-1] != END:
        words.append(int(model((image[None], np.array([words])))[0, -1].argmax()))
    return [word for word in words[1:] if word != END]


@each_cell
@pytest.mark.parametrize("max_length", [1, 3, 9])
def test_captions_are_the_models_own_words(cell, max_length):
    """Of several images at once, each the words it would get alone; among them some that end and some that do not."""
    lengths = set()
    for seed in range(12):
        model, images = small(cell, seed), normal(4, 2, 4, 4, seed=seed)
        expected = [said_step_by_step(model, image, max_length) for image in images]
        assert model.caption(images, start=START, end=END, max_length=max_length) == expected
        lengths |= set(map(len, expected))
    assert {0, 1, max_length} <= lengths


def test_nothing_is_said_after_the_end():
    """A model that prefers END, whatever it sees: empty captions, after one step."""
    model = small("rnn")
    model.parameters["output.bias"][END] = 100
    assert model.caption(IMAGES, start=START, end=END, max_length=10**9) == [[], [], []]
    model.parameters["output.bias"][5] = 1000
    assert model.caption(IMAGES, start=START, end=END, max_length=4) == [[5] * 4] * 3


def test_greedy_is_not_optimal():
    """Coursework A43: a first word of 0.6, then 0.3 at best, against one of 0.4, then 0.9. Greedy says 0.18, not 0.36.

    The words are 3 and 4, then 5 and 6; the decoder copies the word it reads, and the output layer holds the
    logarithms of the probabilities.
    """
    encoder = nn.Chain(nn.Flatten(), nn.Linear(1, 7, rng=rng(), **F64))
    model = Captioner(
        encoder, vocabulary_size=7, cell="rnn", hidden_size=7, embedding_dim=7, rng=rng(), **F64
    )
    for p in model.parameters.values():
        p[...] = 0
    model.parameters["embedding.weight"][...] = 100 * np.eye(7)
    model.parameters["decoder.weight_ih"][...] = np.eye(7)  # tanh(100) = 1: one-hot words
    p_next = np.full((7, 7), 1e-9)
    p_next[START, 3], p_next[START, 4] = 0.6, 0.4
    p_next[3, 5], p_next[3, 6], p_next[3, 0], p_next[3, 4] = 0.3, 0.25, 0.25, 0.2
    p_next[4, 6], p_next[4, 5] = 0.9, 0.1
    p_next[5:, END] = 1
    model.parameters["output.weight"][...] = np.log(p_next).T
    image = np.ones((1, 1, 1, 1))

    def probability(caption):
        logits = model((image, np.array([[START, *caption]])))[0]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return np.prod([p[t, word] for t, word in enumerate([*caption, END])])

    assert model.caption(image, start=START, end=END, max_length=9) == [[3, 5]]
    assert probability([3, 5]) == pytest.approx(0.18)
    assert probability([4, 6]) == pytest.approx(0.36)


# The small net for scenes


def test_the_net_by_its_numbers():
    """32 x 32 -> 16 -> 8 -> 4, and 64 maps of 4 x 4 make 1024 numbers."""
    model = captioner(rng=rng(), vocabulary_size=20)
    sizes = {name: p.shape for name, p in model.parameters.items()}
    assert sizes["encoder.features.weight"] == (256, 1024)
    assert sizes["embedding.weight"] == (20, 32)
    assert sizes["decoder.weight_ih"] == (512, 32)
    assert sizes["output.weight"] == (20, 128)
    assert model.output_shape(((3, 32, 32), (9,))) == (9, 20)
    encoder = 1024 * 16 * 27 + 256 * 32 * 144 + 64 * 64 * 288 + 1024 * 256
    assert model.macs(((3, 32, 32), (9,))) == encoder + 9 * (512 * (32 + 128) + 128 * 20)


def test_another_net():
    """19 -> 9 -> 4 -> 2 pixels; a plain net has one array of states."""
    sizes = {"in_channels": 1, "image_size": 19, "hidden_size": 6, "embedding_dim": 3}
    model = captioner(rng=rng(), vocabulary_size=9, cell="rnn", **sizes)
    assert model.parameters["encoder.features.weight"].shape == (6, 64 * 2 * 2)
    logits = model((np.ones((2, 1, 19, 19), np.float32), np.ones((2, 4), int)))
    assert (logits.shape, logits.dtype) == ((2, 4, 9), np.float32)
    exact = captioner(rng=rng(), vocabulary_size=3, **F64)
    assert {p.dtype for p in exact.parameters.values()} == {np.dtype(float)}


def test_it_learns_the_captions_of_a_few_scenes():
    """With teacher forcing, and then says them on its own. The same seeds give the same numbers."""
    scenes = make_scenes(16, rng=rng(), max_objects=2)
    words = encode_captions(scenes.captions)
    model = captioner(rng=rng(1), vocabulary_size=len(VOCABULARY), hidden_size=64)
    adam, pair, losses = Adam(model.parameters, lr=0.003), (scenes.images, words[:, :-1]), []
    for _ in range(120):
        logits = model.forward(pair, training=True)
        losses.append(sequence_cross_entropy(logits, words[:, 1:], padding_label=PAD))
        dlogits = sequence_cross_entropy_backward(logits, words[:, 1:], padding_label=PAD)
        model.backward(dlogits, needs_dx=False)
        adam.step(model.gradients)
    assert losses[0] == pytest.approx(np.log(len(VOCABULARY)), rel=0.3)
    assert losses[-1] < 0.05
    said = model.caption(scenes.images, start=shapes.BOS, end=shapes.EOS, max_length=20)
    assert [" ".join(VOCABULARY[word] for word in caption) for caption in said] == scenes.captions


def test_the_same_rng_gives_the_same_weights():
    one, two = (captioner(rng=rng(3), vocabulary_size=9) for _ in range(2))
    for name, p in one.parameters.items():
        np.testing.assert_array_equal(p, two.parameters[name])


# What it refuses


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: captioner(rng=rng(), vocabulary_size=9, cell="gru"), ValueError, "cell must be one of 'rnn', 'lstm'"),
        (lambda: captioner(rng=rng(), vocabulary_size=0), ValueError, "vocabulary_size must be at least 1, got 0"),
        (lambda: captioner(rng=rng(), vocabulary_size=9, image_size=7), ValueError, "image_size must be at least 8"),
        (lambda: captioner(rng=rng(), vocabulary_size=9, hidden_size=0), ValueError, "hidden_size must be at least 1"),
        (lambda: captioner(rng=0, vocabulary_size=9), TypeError, "rng must be a numpy Generator"),
        (lambda: small("rnn")(IMAGES), TypeError, "x must be a pair (images, words), got ndarray"),
        (lambda: small("rnn")((IMAGES, WORDS[:2])), ValueError, "words must be as many captions as images, 3, got 2"),
        (lambda: small("rnn")((IMAGES, WORDS + 1)), ValueError, "indices must lie in 0 ... 6, got 7 at index (0, 2)"),
        (lambda: small("rnn")((IMAGES, WORDS / 1)), TypeError, "indices must be integers, got an array of float64"),
        (lambda: small("rnn").backward(WORDS), RuntimeError, "has no input to go back to: call forward before"),
        (lambda: small("rnn").caption(IMAGES, start=7, end=2, max_length=3), ValueError, "start must lie in 0 ... 6"),
        (lambda: small("rnn").caption(IMAGES, start=1, end=-1, max_length=3), ValueError, "end must be at least 0"),
        (lambda: small("rnn").caption(IMAGES, start=1, end=2, max_length=0), ValueError, "max_length must be at leas"),
        (lambda: small("rnn").output_shape((2, 4, 4)), TypeError, "x must be a pair (images, words), got tuple"),
        (
            lambda: Captioner(nn.Flatten(), vocabulary_size=9, hidden_size=4, rng=rng())((IMAGES, WORDS)),
            ValueError,
            "encoder must give features (N, 8), got shape (3, 32)",
        ),
    ],
)  # fmt: skip
def test_it_refuses(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
