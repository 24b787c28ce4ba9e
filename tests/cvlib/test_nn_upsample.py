"""Resizing as a layer."""

import re

import numpy as np
import pytest

from cvlib import nn, ops

BATCH = np.random.default_rng(5).normal(0, 1, (3, 4, 5, 6))


@pytest.mark.parametrize(
    ("layer", "options", "text"),
    [
        (nn.Upsample(2), {"scale_factor": 2}, "Upsample(2)"),
        (
            nn.Upsample(scale_factor=(1.5, 0.5), mode="nearest"),
            {"scale_factor": (1.5, 0.5), "mode": "nearest"},
            "Upsample((1.5, 0.5), mode='nearest')",
        ),
        (nn.Upsample(size=9), {"size": 9}, "Upsample(size=9)"),
        (
            nn.Upsample(size=[4, 8], align_corners=True),
            {"size": (4, 8), "align_corners": True},
            "Upsample(size=(4, 8), align_corners=True)",
        ),
    ],
)
def test_is_its_operation(layer, options, text):
    y = ops.interpolate(BATCH, **options)
    np.testing.assert_array_equal(layer(BATCH), y)
    assert layer.output_shape(BATCH.shape[1:]) == y.shape[1:]
    dy = np.random.default_rng(6).normal(0, 1, y.shape)
    np.testing.assert_array_equal(layer.backward(dy), ops.interpolate_backward(dy, BATCH, **options))
    assert layer.backward(dy, needs_dx=False) is None
    assert layer.parameters == layer.gradients == {}
    assert layer.macs(BATCH.shape[1:]) == 0
    assert layer.windows() is None
    assert repr(layer) == text


def test_in_a_chain():
    """Resize and convolve, the other way to enlarge; what comes behind sees no window of input pixels any more."""
    rng = np.random.default_rng(0)
    net = nn.Chain(nn.Upsample(2, mode="nearest"), nn.Conv2d(4, 2, 3, padding=1, rng=rng))
    table = nn.summary(net, (4, 5, 6))
    assert [row.output_shape for row in table.rows] == [(4, 10, 12), (2, 10, 12)]
    assert [row.receptive_field for row in table.rows] == [None, None]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "give either size or scale_factor, got size=None and scale_factor=None"),
        (
            {"scale_factor": 2, "size": 3},
            ValueError,
            "give either size or scale_factor, got size=3 and scale_factor=2",
        ),
        ({"scale_factor": 0}, ValueError, "scale_factor must be positive and finite, got 0"),
        ({"scale_factor": "2"}, TypeError, "scale_factor must be a number, got '2' of type str"),
        ({"size": (3, 0)}, ValueError, "size must be at least 1, got 0"),
        ({"size": 2.0}, TypeError, "size must be an integer"),
        ({"size": 3, "mode": "cubic"}, ValueError, "mode must be one of 'bilinear', 'nearest', got 'cubic'"),
        ({"size": 3, "align_corners": 2}, ValueError, "align_corners must be one of False, True, got 2"),
        (
            {"size": 3, "mode": "nearest", "align_corners": True},
            ValueError,
            'align_corners has no meaning for mode "nearest": it must be False',
        ),
    ],
)
def test_refuses(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        nn.Upsample(**options)


def test_refuses_other_inputs():
    layer = nn.Upsample(0.25)
    with pytest.raises(RuntimeError, match="call forward before backward"):
        layer.backward(BATCH)
    with pytest.raises(ValueError, match=r"input_shape must be \(C, H, W\), without N, got \(8, 8\)"):
        layer.output_shape((8, 8))
    with pytest.raises(
        ValueError, match=r"scale_factor \(0.25, 0.25\) leaves nothing: \(8, 3\) would become \(2, 0\)"
    ):
        layer.output_shape((4, 8, 3))
