"""The landing page's filters: what the words say is what the numbers do."""

import numpy as np
import pytest
from scipy.ndimage import correlate

from cvlib.viz import render
from cvlib.viz.landing import FILTERS, describe_filter, draw_filter, kernel_of, photograph


@pytest.mark.parametrize("filter", FILTERS)
def test_strength_goes_from_nothing_to_all(filter):
    np.testing.assert_array_equal(kernel_of(filter, 0), [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(kernel_of(filter, 1), FILTERS[filter][0])


def test_blur_smooths_and_sharpen_roughens():
    def roughness(filter):
        result = correlate(photograph()[0, 0], kernel_of(filter, 1))
        return np.abs(np.diff(result)).mean()

    plain = np.abs(np.diff(photograph()[0, 0])).mean()
    assert roughness("blur") < plain < roughness("sharpen")


def test_words_name_the_numbers():
    assert "the middle number is 5, and all nine add up to 1." in describe_filter("sharpen", 1)
    assert "all nine add up to 0." in describe_filter("edges", 1)


def test_pictures_have_one_size_and_differ():
    pictures = {render(draw_filter(filter, strength)) for filter in FILTERS for strength in (0.5, 1)}
    assert len(pictures) == 2 * len(FILTERS)
    assert len({(picture.width, picture.height) for picture in pictures}) == 1
