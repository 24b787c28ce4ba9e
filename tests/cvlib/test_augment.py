"""Augmentation against plain slices, one image at a time, and against what every draw must have in common."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlib.augment import add_noise, compose, crop, cutout, flip_horizontally, rotate, shift

AUGMENTATIONS = {
    "shift": partial(shift, pixels=2),
    "crop": partial(crop, size=(4, 5), padding=1),
    "flip": flip_horizontally,
    "cutout": partial(cutout, size=3),
    "noise": partial(add_noise, std=0.1),
    "rotate": partial(rotate, degrees=30),
    "composed": compose(partial(shift, pixels=1), flip_horizontally),
}
every_augmentation = pytest.mark.parametrize("augment", AUGMENTATIONS.values(), ids=AUGMENTATIONS)


def rng(seed=0):
    return np.random.default_rng(seed)


def numbered(n=200, c=2, h=4, w=5):
    """Return images in which every pixel is another number, none of them 0."""
    return np.arange(1.0, 1 + n * c * h * w).reshape(n, c, h, w)


def place(image, original):
    """Return by how much the numbered pixels that are left have moved, (down, right), the same for all."""
    found = {
        tuple(np.subtract(np.argwhere(image == number)[0], np.argwhere(original == number)[0]).tolist())
        for number in image[image != 0]
    }
    assert len(found) == 1
    ((channel, *way),) = found
    assert channel == 0
    return tuple(way)


@every_augmentation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_are_new_and_of_the_same_type(augment, dtype):
    images = numbered(6).astype(dtype)
    images.flags.writeable = False
    result = augment(images, rng())
    assert (type(result), result.dtype, result.shape) == (np.ndarray, dtype, images.shape)
    assert result.flags.c_contiguous
    assert result.flags.writeable
    assert not np.shares_memory(result, images)
    elsewhere = np.asfortranarray(images)[:, :, ::-1][:, :, ::-1]
    from_elsewhere = augment(elsewhere, rng())
    assert from_elsewhere.flags.c_contiguous
    np.testing.assert_array_equal(from_elsewhere, result)


@every_augmentation
def test_the_same_seed_draws_the_same(augment):
    images = numbered()
    np.testing.assert_array_equal(augment(images, rng(1)), augment(images, rng(1)))
    assert (augment(images, rng(1)) != augment(images, rng(2))).any()


@every_augmentation
def test_every_image_is_treated_in_its_own_way(augment):
    images = np.repeat(numbered(1), 50, axis=0)
    assert len({image.tobytes() for image in augment(images, rng())}) > 1


@every_augmentation
def test_no_images_give_no_images(augment):
    assert augment(np.zeros((0, 2, 4, 5)), rng()).shape == (0, 2, 4, 5)


def test_shift_reaches_every_place_and_no_other():
    images = numbered(600)
    shifted = shift(images, rng(), pixels=(1, 2))
    ways = [place(image, original) for image, original in zip(shifted, images, strict=True)]
    counts = {way: ways.count(way) for way in ways}
    assert counts.keys() == {(down, right) for down in range(-1, 2) for right in range(-2, 3)}
    assert min(counts.values()) > 600 / 15 / 2
    for image, original, (down, right) in zip(shifted, images, ways, strict=True):
        expected = np.zeros_like(original)
        for channel, row, column in np.ndindex(original.shape):
            if 0 <= row + down < 4 and 0 <= column + right < 5:
                expected[channel, row + down, column + right] = original[channel, row, column]
        np.testing.assert_array_equal(image, expected)


def test_shift_by_nothing_is_the_image():
    np.testing.assert_array_equal(shift(numbered(), rng(), pixels=0), numbered())


@settings(max_examples=30, deadline=None)
@given(size=st.tuples(st.integers(1, 6), st.integers(1, 9)), seed=st.integers(0, 1000))
def test_crop_is_a_window_of_the_padded_image(size, seed):
    images = numbered(8)
    windows = crop(images, rng(seed), size=size, padding=(1, 2))
    assert windows.shape == (8, 2, *size)
    padded = np.zeros((8, 2, 6, 9))
    padded[:, :, 1:5, 2:7] = images
    for image, window in zip(padded, windows, strict=True):
        places = [
            (top, left)
            for top in range(6 - size[0] + 1)
            for left in range(9 - size[1] + 1)
            if (image[:, top : top + size[0], left : left + size[1]] == window).all()
        ]
        assert places


def test_crop_reaches_every_place():
    corners = {
        tuple(window[0, 0].tolist()) for window in crop(numbered(1).repeat(200, 0), rng(), size=(3, 4))
    }
    assert len(corners) == 2 * 2
    np.testing.assert_array_equal(crop(numbered(), rng(), size=(4, 5)), numbered())  # one place only


@pytest.mark.parametrize(("p", "least", "most"), [(0, 0, 0), (0.25, 30, 70), (1, 200, 200)])
def test_flip_mirrors_whole_images_as_often_as_asked(p, least, most):
    images = numbered()
    mirrored = 0
    for image, original in zip(flip_horizontally(images, rng(), p=p), images, strict=True):
        is_mirrored = (image == original[:, :, ::-1]).all()
        assert is_mirrored or (image == original).all()
        mirrored += is_mirrored
    assert least <= mirrored <= most


@pytest.mark.parametrize("size", [1, 2, 3, (2, 3), 20])
def test_cutout_covers_a_rectangle_around_a_pixel(size):
    images = numbered()
    height, width = size if isinstance(size, tuple) else (size, size)
    holes = set()
    for image, original in zip(cutout(images, rng(), size=size, value=-7), images, strict=True):
        candidates = []
        for row, column in np.ndindex(4, 5):
            expected = original.copy()
            top, left = row - height // 2, column - width // 2
            expected[:, max(top, 0) : top + height, max(left, 0) : left + width] = -7
            candidates.append((expected == image).all())
        assert any(candidates)
        holes.add((image[0] == -7).tobytes())
    assert len(holes) == (1 if size == 20 else 4 * 5)  # every pixel is a centre somewhere


def test_noise_has_the_mean_and_the_spread_asked_for():
    images = numbered()
    noise = add_noise(images, rng(), std=0.25) - images
    assert abs(noise.mean()) < 4 * 0.25 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(0.25, rel=4 / np.sqrt(2 * noise.size))
    np.testing.assert_array_equal(add_noise(images, rng(), std=0), images)


class Always(np.random.Generator):
    """Draws one number only, and remembers between which limits it was asked to."""

    def __init__(self, number):
        super().__init__(np.random.PCG64())
        self.number = number

    def uniform(self, low, high, size):
        self.limits = (low, high)
        return np.full(size, self.number)


@pytest.mark.parametrize(("angle", "quarters"), [(0, 0), (90, 1), (180, 2), (-90, 3)])
def test_rotations_by_right_angles_move_pixels(angle, quarters):
    generator = Always(angle)
    images = numbered(3, 2, 5, 5)
    np.testing.assert_allclose(
        rotate(images, generator, degrees=180), np.rot90(images, quarters, axes=(2, 3)), atol=1e-9
    )
    assert generator.limits == (-180, 180)


@pytest.mark.parametrize(("height", "width"), [(6, 6), (5, 8), (9, 4)])
def test_rotation_turns_about_the_centre_in_pixels_whatever_the_sides(height, width):
    """A plane a + b across + c down stays one under bilinear reading: inside, its values are known exactly."""
    across, down = np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)
    image = 100 + 3 * across + 5 * down
    turned = rotate(image[None, None], Always(20), degrees=20)[0, 0]
    cos, sin = np.cos(np.pi / 9), np.sin(np.pi / 9)
    source_across, source_down = cos * across - sin * down, sin * across + cos * down
    inside = (np.abs(source_across) <= (width - 1) / 2) & (np.abs(source_down) <= (height - 1) / 2)
    assert inside.sum() > 0.4 * inside.size
    expected = 100 + 3 * source_across + 5 * source_down
    np.testing.assert_allclose(turned[inside], expected[inside], rtol=1e-12)


def test_compose_goes_from_left_to_right():
    double, add = (lambda images, rng: 2 * images), (lambda images, rng: images + rng.integers(1, 2))
    assert compose(double, add)(np.array([3]), rng()) == [7]
    assert compose(add, double)(np.array([3]), rng()) == [8]
    assert compose()(np.array([3]), rng()) == [3]


@every_augmentation
def test_batches_and_generators_are_checked(augment):
    with pytest.raises(ValueError, match=r"images must have 4 axes \(N, C, H, W\), got shape \(4, 5\)"):
        augment(np.zeros((4, 5)), rng())
    with pytest.raises(ValueError, match=r"images must have at least one pixel, got shape \(2, 1, 0, 5\)"):
        augment(np.zeros((2, 1, 0, 5)), rng())
    with pytest.raises(TypeError, match="images must hold real numbers"):
        augment("cat", rng())
    with pytest.raises(TypeError, match="rng must be a numpy Generator"):
        augment(numbered(1), 0)


@pytest.mark.parametrize(
    ("augment", "options", "error", "message"),
    [
        (shift, {"pixels": -1}, ValueError, "pixels must be at least 0, got -1"),
        (shift, {"pixels": 0.5}, TypeError, r"pixels must be an integer, got 0\.5"),
        (crop, {"size": 0}, ValueError, "size must be at least 1, got 0"),
        (crop, {"size": (4, 6)}, ValueError, r"size must be at most that of the padded image, \(4, 5\), got \(4, 6\)"),
        (crop, {"size": 9, "padding": 2}, ValueError, r"padded image, \(8, 9\), got \(9, 9\)"),
        (crop, {"size": 2, "padding": -1}, ValueError, "padding must be at least 0, got -1"),
        (flip_horizontally, {"p": 1.5}, ValueError, r"p must be in \[0, 1\], got 1\.5"),
        (flip_horizontally, {"p": None}, TypeError, "p must be a number, got None"),
        (cutout, {"size": -2}, ValueError, "size must be at least 0, got -2"),
        (cutout, {"size": 2, "value": "grey"}, TypeError, "value must be a number, got 'grey'"),
        (add_noise, {"std": -0.1}, ValueError, r"std must be in \[0, inf\), got -0\.1"),
        (rotate, {"degrees": -5}, ValueError, r"degrees must be in \[0, inf\), got -5"),
        (rotate, {"degrees": "5"}, TypeError, "degrees must be a number, got '5'"),
    ],
)  # fmt: skip
def test_options_are_checked(augment, options, error, message):
    with pytest.raises(error, match=message):
        augment(numbered(1), rng(), **options)


def test_compose_refuses_what_is_no_function():
    with pytest.raises(TypeError, match=r"hooks\[1\] must be a function \(images, rng\) -> images, got 3"):
        compose(flip_horizontally, 3)
