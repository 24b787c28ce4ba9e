"""Synthetic scenes: what is told about a picture is read off the picture again, by other means."""

import re

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlib.boxes import iou
from cvlib.data import (
    BOS,
    CLASSES,
    COLOURS,
    EOS,
    PAD,
    VOCABULARY,
    Scenes,
    decode_captions,
    encode_captions,
    make_scenes,
    to_grey,
)

SETTINGS = {
    "default": {},
    "crowded": {"max_objects": 4},
    "smallest": {"max_objects": 4, "image_size": 28},
    "large": {"image_size": 61, "max_objects": 2},
    "one": {"max_objects": 1},
}


def scenes(n=200, seed=0, **options):
    return make_scenes(n, rng=np.random.default_rng(seed), **options)


@pytest.fixture(scope="module", params=SETTINGS)
def some(request):
    """Scenes without noise."""
    return scenes(noise=0, **SETTINGS[request.param])


def test_shapes_types_and_range():
    some = scenes(50)
    assert some.images.shape == (50, 3, 32, 32)
    assert some.masks.shape == (50, 32, 32)
    assert some.images.dtype == np.float32
    assert some.masks.dtype == np.int64
    assert some.images.flags.c_contiguous
    assert some.images.min() >= 0
    assert some.images.max() <= 1
    assert len(some.boxes) == len(some.labels) == len(some.colours) == len(some.captions) == 50
    for boxes, labels, colours in zip(some.boxes, some.labels, some.colours, strict=True):
        assert boxes.shape == (len(labels), 4)
        assert boxes.dtype == np.float32
        assert labels.dtype == colours.dtype == np.int64
        assert labels.shape == colours.shape
        assert 1 <= len(labels) <= 3


def test_no_scenes():
    none = scenes(0)
    assert none.images.shape == (0, 3, 32, 32)
    assert none.masks.shape == (0, 32, 32)
    assert none.boxes == none.labels == none.captions == []


def test_the_same_generator_state_gives_the_same_scenes():
    for one, other in zip(scenes(20, seed=3), scenes(20, seed=3), strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(scenes(20, seed=3).masks, scenes(20, seed=4).masks)
    rng = np.random.default_rng(3)
    assert make_scenes(20, rng=rng).captions != make_scenes(20, rng=rng).captions


def test_boxes_and_labels_are_those_of_the_connected_pixels(some):
    """SciPy finds the connected regions of each mask and their extent."""
    for boxes, labels, mask in zip(some.boxes, some.labels, some.masks, strict=True):
        regions, count = scipy.ndimage.label(mask, structure=np.ones((3, 3)))
        found = set()
        for region, (rows, columns) in enumerate(scipy.ndimage.find_objects(regions), start=1):
            (label,) = np.unique(mask[regions == region])
            found.add((columns.start, rows.start, columns.stop, rows.stop, label))
        assert count == len(labels)
        assert found == {(*box, label) for box, label in zip(boxes.tolist(), labels.tolist(), strict=True)}


def test_objects_stay_apart(some):
    """Two pixels at least: boxes that grow by one on each side do not meet."""
    for boxes in some.boxes:
        grown = boxes + np.array([-1, -1, 1, 1], np.float32)
        assert np.all(iou(grown, grown)[~np.eye(len(boxes), dtype=bool)] == 0)


def test_sizes_are_a_quarter_to_a_third_of_the_picture(some):
    size = some.masks.shape[1]
    sides = np.concatenate([boxes[:, 2:] - boxes[:, :2] for boxes in some.boxes])
    np.testing.assert_array_equal(sides[:, 0], sides[:, 1])
    assert set(sides[:, 0].astype(int).tolist()) == set(range(size // 4, size // 3 + 1))


def test_each_class_has_its_shape(some):
    """Centres of pixels in plane figures: a square, its inscribed circle, a triangle on its foot."""
    for boxes, labels, mask in zip(some.boxes, some.labels, some.masks, strict=True):
        for (x1, y1, x2, y2), label in zip(boxes.astype(int).tolist(), labels.tolist(), strict=True):
            side = x2 - x1
            y, x = np.mgrid[y1:y2, x1:x2] + 0.5
            off = np.hypot(x - (x1 + x2) / 2, y - (y1 + y2) / 2)
            inside = {
                "square": np.ones((side, side)),
                "circle": off <= side / 2,
                # The edges go from the foot's corners to a tip one pixel wide.
                "triangle": np.abs(x - (x1 + x2) / 2) <= (y - y1 + 0.5) / 2,
            }[CLASSES[label]]
            np.testing.assert_array_equal(mask[y1:y2, x1:x2] == label, inside)
            area = {"square": 1, "circle": np.pi / 4, "triangle": 1 / 2}[CLASSES[label]] * side**2
            assert inside.sum() == pytest.approx(area, abs=side)


def test_colours_are_painted_where_the_mask_is(some):
    """The ground is dark; red, green and blue have most of their channel, yellow has red and green."""
    ground = some.images.transpose(0, 2, 3, 1)[some.masks == 0]
    assert np.unique(ground).tolist() == [np.float32(0.05)]
    paints = {}
    for image, boxes, colours, mask in zip(some.images, some.boxes, some.colours, some.masks, strict=True):
        for (x1, y1, x2, y2), colour in zip(boxes.astype(int), colours, strict=True):
            pixels = image[:, y1:y2, x1:x2][:, mask[y1:y2, x1:x2] > 0]
            assert np.ptp(pixels, axis=1).max() == 0
            paints.setdefault(COLOURS[colour], set()).add(tuple(pixels[:, 0].tolist()))
    assert sorted(paints) == sorted(COLOURS)
    paint = {name: values for name, (values,) in paints.items()}
    assert [np.argmax(paint[name]) for name in ("red", "green", "blue")] == [0, 1, 2]
    assert min(paint["yellow"][:2]) > 0.8 > 0.3 > paint["yellow"][2]


def test_noise_is_normal_and_clipped():
    clean, noisy = scenes(50, noise=0), scenes(50, noise=0.03)
    np.testing.assert_array_equal(clean.masks, noisy.masks)
    assert noisy.captions == clean.captions
    grain = (noisy.images - clean.images)[(clean.images > 0.15) & (clean.images < 0.85)]
    assert abs(grain.mean()) < 0.001
    assert grain.std() == pytest.approx(0.03, rel=0.02)
    loud = scenes(50, noise=0.3).images
    assert loud.min() == 0
    assert loud.max() == 1


def test_grey_scenes_are_the_luma_and_keep_silent_about_colours():
    grey, colour = scenes(50, noise=0, channels=1), scenes(50, noise=0)
    assert grey.images.shape == (50, 1, 32, 32)
    assert grey.images.dtype == np.float32
    np.testing.assert_allclose(grey.images, to_grey(colour.images), rtol=1e-6)
    assert not set(COLOURS) & set(" ".join(grey.captions).split())
    for one, other in zip(grey.captions, colour.captions, strict=True):
        assert one == " ".join(word for word in other.split() if word not in COLOURS)


def test_everything_is_drawn_evenly():
    many = scenes(3000, noise=0)
    counts = np.bincount([len(labels) for labels in many.labels])[1:] / 3000
    np.testing.assert_allclose(counts, 1 / 3, atol=0.04)
    classes = np.bincount(np.concatenate(many.labels), minlength=4)
    assert classes[0] == 0
    np.testing.assert_allclose(classes[1:] / classes.sum(), 1 / 3, atol=0.03)
    colours = np.bincount(np.concatenate(many.colours))
    np.testing.assert_allclose(colours / colours.sum(), 1 / 4, atol=0.03)
    # Single objects stand anywhere; the places of several lean outwards, but as often left as right.
    alone = np.concatenate([boxes for boxes in many.boxes if len(boxes) == 1])
    assert alone.min() == 0
    assert alone.max() == 32
    place = alone[:, :2] / (32 - (alone[:, 2:] - alone[:, :2]))
    middle = np.mean(abs(place - 0.5) < 0.25)
    assert middle == pytest.approx(0.5, abs=0.05)
    centres = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in many.boxes])
    np.testing.assert_allclose(centres.mean(axis=0), 16, atol=0.5)


# Captions.


def test_captions_follow_from_what_is_seen(some):
    """Each caption is taken apart again and held against boxes, classes and colours."""
    for caption, boxes, labels, colours in zip(
        some.captions, some.boxes, some.labels, some.colours, strict=True
    ):
        objects = [
            (f"a {COLOURS[colour]} {CLASSES[label]}", (x1 + x2) / 2, (y1 + y2) / 2)
            for (x1, y1, x2, y2), label, colour in zip(boxes.tolist(), labels, colours, strict=True)
        ]
        if len(objects) == 1:
            assert caption == objects[0][0]
        elif len(objects) == 2:
            first, relation, second = re.fullmatch("(a .+) (above|left of) (a .+)", caption).groups()
            assert sorted([first, second]) == sorted(name for name, _, _ in objects)
            (_, x, y), (_, u, v) = objects if objects[0][0] == first else objects[::-1]
            if first == second:  # then either may be meant
                x, u, y, v = min(x, u), max(x, u), min(y, v), max(y, v)
            if relation == "above":
                assert v - y >= abs(u - x) + 1
            else:
                assert u - x >= abs(v - y) + 1
        else:
            names = caption.removeprefix("from left to right ").split(" then ")
            assert caption.startswith("from left to right a ")
            assert names == [name for name, _, _ in sorted(objects, key=lambda thing: thing[1])]
            assert np.all(np.diff(sorted(x for _, x, _ in objects)) >= 1)


def test_captions_survive_encoding(some):
    tokens = encode_captions(some.captions)
    assert tokens.dtype == np.int64
    assert decode_captions(tokens) == some.captions
    words = [len(caption.split()) for caption in some.captions]
    assert tokens.shape == (200, max(words) + 2)
    assert np.all(tokens[:, 0] == BOS)
    np.testing.assert_array_equal((tokens == EOS).sum(axis=1), 1)
    np.testing.assert_array_equal((tokens == EOS).argmax(axis=1), np.add(words, 1))
    np.testing.assert_array_equal((tokens != PAD).sum(axis=1), np.add(words, 2))
    assert decode_captions(encode_captions(some.captions, length=40)) == some.captions


def test_every_word_is_used():
    words = {word for caption in scenes(300, max_objects=4).captions for word in caption.split()}
    assert words == set(VOCABULARY[3:])
    assert VOCABULARY[:3] == ("<pad>", "<start>", "<end>")
    assert (PAD, BOS, EOS) == (0, 1, 2)
    assert len(set(VOCABULARY)) == len(VOCABULARY) == 18


@given(
    st.lists(st.lists(st.sampled_from(VOCABULARY[3:]), max_size=6).map(" ".join), max_size=4),
    st.integers(0, 3),
)
@settings(max_examples=50, deadline=None)
def test_any_words_survive_encoding(captions, more):
    tokens = encode_captions(captions)
    assert decode_captions(tokens) == captions
    longer = encode_captions(captions, length=tokens.shape[1] + more)
    assert decode_captions(longer) == captions
    np.testing.assert_array_equal(longer[:, : tokens.shape[1]], tokens)
    assert np.all(longer[:, tokens.shape[1] :] == PAD)


def test_decoding_what_a_net_may_say():
    a, red, circle = (VOCABULARY.index(word) for word in ("a", "red", "circle"))
    said = [[BOS, a, PAD, red, BOS, circle], [a, EOS, red, circle, EOS, PAD], [EOS, BOS, PAD, a, a, a]]
    assert decode_captions(said) == ["a red circle", "a", ""]
    assert decode_captions(np.zeros((0, 5), int)) == []


WRONG = [
    (TypeError, lambda: scenes(2.5), r"n must be an integer, got 2.5"),
    (ValueError, lambda: scenes(-1), "n must be at least 0, got -1"),
    (TypeError, lambda: make_scenes(1, rng=0), "rng must be a numpy Generator such as"),
    (ValueError, lambda: scenes(image_size=27), "image_size must be at least 28, got 27"),
    (ValueError, lambda: scenes(max_objects=0), "max_objects must be at least 1, got 0"),
    (ValueError, lambda: scenes(max_objects=5), "max_objects must be at most 4, got 5"),
    (ValueError, lambda: scenes(channels=2), "channels must be one of 1, 3, got 2"),
    (ValueError, lambda: scenes(noise=-0.1), "noise must be finite and at least 0, got -0.1"),
    (ValueError, lambda: scenes(noise=np.inf), "noise must be finite and at least 0, got inf"),
    (ValueError, lambda: scenes(noise=np.nan), "noise must be finite and at least 0, got nan"),
    (TypeError, lambda: scenes(noise="much"), "noise must be a number, got 'much'"),
    (TypeError, lambda: encode_captions("a circle"), "captions must be a list of strings, got 'a circle'"),
    (TypeError, lambda: encode_captions([1]), r"captions must be a list of strings, got \[1\]"),
    (ValueError, lambda: encode_captions(["a pink circle"]), "captions must be made of a, above, .*, got 'pink'"),
    (ValueError, lambda: encode_captions(["a circle"], length=3), "length must be at least 4, got 3"),
    (ValueError, lambda: decode_captions([[18]]), r"tokens must lie in 0 ... 17, got 18 at index \(0, 0\)"),
    (ValueError, lambda: decode_captions([1, 2]), r"tokens must have 2 axes \(N, T\), got shape \(2,\)"),
    (TypeError, lambda: decode_captions([[1.0]]), "tokens must be integers, got an array of float64"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "call", "message"), WRONG)
def test_wrong_arguments_are_named(kind, call, message):
    with pytest.raises(kind, match="^" + message):
        call()


def test_scenes_tell_what_they_hold():
    for field in Scenes._fields:
        assert f"\n    {field} : " in Scenes.__doc__
