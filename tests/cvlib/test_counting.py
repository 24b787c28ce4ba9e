"""Counts against the coursework's answers, published totals, and counting one by one."""

import doctest
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from cvlib import counting
from cvlib.counting import (
    ALEXNET,
    LENET5,
    VGG16,
    Conv,
    Dense,
    Flatten,
    Pool,
    conv2d_macs,
    conv2d_parameters,
    conv_transpose2d_macs,
    conv_transpose2d_parameters,
    flops,
    layer_table,
    linear_macs,
    linear_parameters,
    memory_bytes,
)

# The coursework's numbers.


def test_a19_a_convolution_that_halves_the_map():
    for options in ({"kernel_size": 2}, {"kernel_size": 3, "padding": 1}):
        table = layer_table((7, 20, 14), [Conv(7, stride=2, **options)])
        assert table.rows[0].output_shape == (7, 10, 7)


def test_a20_four_filters_on_ten_maps():
    assert layer_table((10, 28, 28), [Conv(4, 3)]).rows[0].output_shape == (4, 26, 26)


def test_a21_a22_pooling_learns_nothing():
    assert layer_table((10, 28, 28), [Pool(2)]).parameters == 0


def test_a23_parameters_of_a_convolution():
    assert conv2d_parameters(10, 5, 5) == 1255
    assert conv2d_parameters(10, 5, 5, bias=False) == 1250


def test_b4_parameters_of_a_fully_connected_net():
    table = layer_table((3,), [Dense(4), Dense(2)])
    assert [row.parameters for row in table.rows] == [16, 10]
    assert table.parameters == 26


def test_b13_bottleneck():
    assert conv2d_macs(192, 32, 3, 28) == 43_352_064
    assert conv2d_macs(192, 32, 5, 28) == 120_422_400
    assert conv2d_macs(192, 16, 1, 28) == 2_408_448
    assert conv2d_macs(16, 32, 5, 28) == 10_035_200
    through = layer_table((192, 28, 28), [Conv(16, 1), Conv(32, 5, padding="same")])
    assert through.macs == 12_443_648
    assert round(120_422_400 / through.macs, 2) == 9.68


def test_b13_padding_a_1x1_is_the_mistake():
    assert conv2d_macs(192, 16, 1, 30) == 2_764_800


def test_b14_inception_module():
    assert conv2d_macs(192, 128, 3, 32) == 226_492_416
    assert conv2d_macs(192, 32, 5, 32) == 157_286_400
    assert conv2d_macs(192, 64, 1, 32) + conv2d_macs(64, 128, 3, 32) == 88_080_384
    assert conv2d_macs(192, 16, 1, 32) + conv2d_macs(16, 32, 5, 32) == 16_252_928


def test_b15_flatten_and_connect():
    assert linear_parameters(32 * 32, 5, bias=False) == linear_macs(1024, 5) == 5120


def test_c3_layer_table():
    layers = [
        Conv(6, 5, stride=2),
        Pool(3, stride=2),
        Conv(10, 3, padding="same"),
        Flatten(),
        Dense(10),
    ]
    table = layer_table((3, 21, 21), layers)
    assert [row.output_shape for row in table.rows] == [(6, 9, 9), (6, 4, 4), (10, 4, 4), (160,), (10,)]
    assert [row.parameters for row in table.rows] == [456, 0, 550, 0, 1610]
    assert table.parameters == 2616
    # 81 places * 6 filters * 75 weights; 16 * 10 * 54; 160 * 10
    assert [row.macs for row in table.rows] == [36_450, 0, 8_640, 0, 1_600]
    assert [row.receptive_field for row in table.rows] == [(5, 5), (9, 9), (17, 17), None, None]
    without = layer_table((3, 21, 21), [*layers[:-1], Dense(10, bias=False, name="last")])
    assert without["last"].parameters == 1600


# Published architectures.


def test_lenet5_against_the_literature():
    table = layer_table(*LENET5)
    # C1, C5 and F6 as printed in LeCun et al. 1998, section II.B
    assert (table["conv1"].parameters, table["dense1"].parameters, table["dense2"].parameters) == (
        156,
        48_120,
        10_164,
    )
    assert table.parameters == 61_706
    c3 = sum(conv2d_parameters(seen, 1, 5) for seen in [3] * 6 + [4] * 9 + [6])
    assert c3 == 1516
    # What the docstring says is different in 1998: C3, S2 and S4, the output.
    assert 61_706 - table["conv2"].parameters + c3 + 2 * 6 + 2 * 16 - table["dense3"].parameters == 60_000


def test_alexnet_against_the_literature():
    table = layer_table(*ALEXNET)
    assert table.parameters == 60_965_224  # Caffe's bvlc_alexnet
    # Krizhevsky et al. 2012, figure 2: maps of 55, 27, 13 pixels; neurons of layers 2 to 5
    sizes = [table[f"conv{n}"].output_shape for n in range(1, 6)]
    assert sizes == [(96, 55, 55), (256, 27, 27), (384, 13, 13), (384, 13, 13), (256, 13, 13)]
    assert table["flatten"].output_shape == (256 * 6 * 6,)
    # Chen et al., "Eyeriss", ISSCC 2016: 2.3 million weights and 666 million MACs in the convolutions;
    # Sze et al. 2017, arXiv:1703.09039, table II: 58.6 million MACs fully connected, 724 million in all
    convolutions = [row for row in table.rows if row.name.startswith("conv")]
    assert round(sum(row.parameters for row in convolutions) / 1e6, 1) == 2.3
    assert round(sum(row.macs for row in convolutions) / 1e6) == 666
    assert round(sum(table[f"dense{n}"].macs for n in (6, 7, 8)) / 1e6, 1) == 58.6
    assert round(table.macs / 1e6) == 724
    assert sum(row.parameters > 0 for row in table.rows) == 8


def test_vgg16_against_the_literature():
    table = layer_table(*VGG16)
    assert table.parameters == 138_357_544  # keras.applications and torchvision alike
    assert round(table.macs / 1e9, 1) == 15.5  # Sze et al. 2017, table II
    assert sum(row.parameters > 0 for row in table.rows) == 16
    assert table["pool5"].output_shape == (512, 7, 7)
    assert table["conv5_3"].receptive_field == (196, 196)


# Counting one by one.


def test_conv_counts_by_listing():
    in_channels, out_channels, groups, height, width = 4, 6, 2, 3, 2
    weights = [
        (k, c, u, v)
        for k in range(out_channels)
        for c in range(in_channels)
        for u in range(height)
        for v in range(width)
        if k // 3 == c // 2  # the same group
    ]
    counts = in_channels, out_channels, (height, width)
    assert conv2d_parameters(*counts, groups=groups, bias=False) == len(weights)
    assert conv2d_parameters(*counts, groups=groups) == len(weights) + out_channels
    pixels = [(i, j) for i in range(5) for j in range(7)]
    assert conv2d_macs(*counts, (5, 7), groups=groups) == len(weights) * len(pixels)


def test_transposed_conv_counts_by_listing():
    in_channels, out_channels, groups, height, width = 4, 6, 2, 3, 2
    counts = in_channels, out_channels, (height, width)
    weights = [
        (c, k, u, v)
        for c in range(in_channels)
        for k in range(out_channels)
        for u in range(height)
        for v in range(width)
        if c // 2 == k // 3  # the same group
    ]
    assert conv_transpose2d_parameters(*counts, groups=groups, bias=False) == len(weights)
    assert conv_transpose2d_parameters(*counts, groups=groups) == len(weights) + out_channels
    pixels = [(i, j) for i in range(5) for j in range(7)]  # of the input
    assert conv_transpose2d_macs(*counts, (5, 7), groups=groups) == len(weights) * len(pixels)


def test_dcgan_generator_against_the_literature():
    """Radford, Metz and Chintala 2015, as PyTorch's example builds it: 3,576,704 parameters with 4 batch norms."""
    maps = [100, 512, 256, 128, 64, 3]
    kernels = [conv_transpose2d_parameters(a, b, 4, bias=False) for a, b in pairwise(maps)]
    assert sum(kernels) + 2 * sum(maps[1:-1]) == 3_576_704


def test_parameters_do_not_depend_on_the_image():
    small, large = (layer_table((3, n, n), [Conv(8, 3)]) for n in (8, 80))
    assert small.parameters == large.parameters == 8 * 28


def test_macs_and_flops():
    assert flops(linear_macs(3, 4)) == 24


def test_memory():
    assert memory_bytes((2, 3, 4)) == 96
    assert memory_bytes((2, 3, 4), dtype_bytes=8) == 192
    assert memory_bytes(()) == 4


def test_rectangular_layers():
    table = layer_table((1, 9, 12), [Conv(2, (3, 5), stride=(2, 1)), Pool((1, 2))])
    assert [row.output_shape for row in table.rows] == [(2, 4, 8), (2, 4, 4)]
    assert [row.receptive_field for row in table.rows] == [(3, 5), (3, 6)]
    dilated = layer_table((1, 9, 12), [Conv(2, 3, dilation=2, padding="same")])
    assert dilated.rows[0].output_shape == (2, 9, 12)
    assert dilated.rows[0].receptive_field == (5, 5)


# The table as text and as HTML.

TABLE = layer_table((2, 4, 4), [Conv(3, 3, name="<c&>"), Flatten(), Dense(1000)])


def test_text_table():
    assert str(TABLE).splitlines() == [
        "layer    output  parameters    MACs  bytes  receptive field",
        "-----------------------------------------------------------",
        "input     2×4×4                        128",
        "<c&>      3×2×2          57     216     48              3×3",
        "flatten      12           0       0      0",
        "dense      1000      13,000  12,000  4,000",
        "-----------------------------------------------------------",
        "total                13,057  12,216  4,176",
    ]
    assert repr(TABLE) == str(TABLE)


class Cells(HTMLParser):
    """Every start tag with its scope, and all text, of a table whose tags must balance."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.append((tag, dict(attributes).get("scope")))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_html_table():
    cells = Cells()
    cells.feed(TABLE._repr_html_())
    assert cells.open == []
    assert cells.tags[1] == ("caption", None)
    assert cells.text[0] == (
        "13,057 parameters, 12,216 MACs, 4,176 bytes of activations for one input of 2×4×4"
    )
    assert cells.tags.count(("th", "col")) == 6
    assert cells.tags.count(("th", "row")) == 5  # input, three layers, total
    assert cells.tags.count(("td", None)) == 25
    assert "<c&>" in cells.text


def test_a_layer_by_name():
    assert TABLE["dense"].parameters == 13_000
    with pytest.raises(KeyError, match="no layer is called 'conv9'; there are <c&>, flatten, dense"):
        TABLE["conv9"]


def test_layers_are_plain_frozen_data():
    assert Conv(6, 5) == Conv(6, 5, stride=1)
    with pytest.raises(AttributeError):
        Pool(2).kernel_size = 3


WRONG_VALUES = [
    (lambda: linear_parameters(0, 3), "^in_features must be at least 1, got 0"),
    (lambda: linear_parameters(3, -1), "^out_features must be at least 1, got -1"),
    (lambda: linear_parameters(3, 1, bias="no"), "^bias must be one of True, False, got 'no'"),
    (lambda: conv2d_parameters(3, 4, 0), "^kernel_size must be at least 1, got 0"),
    (lambda: conv2d_parameters(3, 4, 3, groups=2), "^groups must divide in_channels 3 and out_channels 4, got 2"),
    (lambda: conv2d_macs(3, 4, 3, (5, 0)), "^output_size must be at least 1, got 0"),
    (lambda: conv_transpose2d_parameters(3, 4, 3, groups=2), "^groups must divide in_channels 3 and out_channels 4"),
    (lambda: conv_transpose2d_macs(3, 4, 3, (5, 0)), "^input_size must be at least 1, got 0"),
    (lambda: flops(-1), "^macs must be at least 0, got -1"),
    (lambda: memory_bytes((2, -3)), r"^shape\[1\] must be at least 0, got -3"),
    (lambda: layer_table((3, 4), []), r"^input_shape must be \(C, H, W\) or \(features,\), got \(3, 4\)"),
    (lambda: layer_table((3, 4, 0), []), r"^input_shape\[2\] must be at least 1, got 0"),
    (lambda: layer_table((1, 4, 4), [Conv(2, 5)]), r"^layers\[0\] \(conv\): kernel_size 5 with dilation 1 spans 5"),
    (lambda: layer_table((1, 4, 4), [Dense(2)]), r"^layers\[0\] \(dense\): .* needs a flat input: put Flatten\(\)"),
    (lambda: layer_table((16,), [Pool(2)]), r"^layers\[0\] \(pool\): .* needs maps \(C, H, W\), got shape \(16,\)"),
    (lambda: layer_table((16,), [Conv(2, 3)]), r"^layers\[0\] \(conv\): .* needs maps"),
    (lambda: layer_table((3, 4, 4), [Conv(2, 3, groups=2)]), r"^layers\[0\] \(conv\): groups must divide"),
    (lambda: layer_table((3, 4, 4), [Conv(0, 3)]), r"^layers\[0\] \(conv\): out_channels must be at least 1"),
    (lambda: layer_table((3, 4, 4), [Conv(2, 3, padding="full")]), r"\(conv\): padding must be one of 'same'"),
    (lambda: layer_table((3, 4, 4), [Conv(2, 3, padding="same", stride=2)]), r'padding "same" needs stride 1'),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG_VALUES)
def test_wrong_values_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


WRONG_KINDS = [
    (lambda: linear_macs(2.5, 3), "^in_features must be an integer, got 2.5"),
    (lambda: linear_macs(2, True), "^out_features must be an integer, got True"),
    (lambda: conv2d_parameters(3, 4, "3"), "^kernel_size must be an integer, got '3'"),
    (lambda: memory_bytes(12), "^shape must be a sequence of integers, got 12"),
    (lambda: layer_table((3, 4, 4), ["conv"]), r"^layers\[0\] must be a Conv, Pool, Flatten or Dense, got 'conv'"),
    (lambda: layer_table((3, 4, 4), [Pool(2.0)]), r"^layers\[0\] \(pool\): kernel_size must be an integer"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG_KINDS)
def test_wrong_kinds_are_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_no_numpy_needed():
    code = "import sys, cvlib.counting, cvlib.shapes; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_examples_in_the_docstrings():
    failed, attempted = doctest.testmod(counting)
    assert attempted > 5
    assert failed == 0


def test_numpy_integers_count_like_python_s():
    """A small fixed-width integer must not wrap around: the counts are Python's."""
    assert counting.conv2d_macs(512, np.int32(512), 3, (224, 224)) == 118_380_036_096
    assert counting.conv2d_parameters(3, np.int8(100), 1) == 400
    assert counting.linear_parameters(3, np.uint8(200)) == 800


def test_bias_is_true_or_false():
    with pytest.raises(ValueError, match=r"bias must be one of True, False, got 1\.0"):
        counting.linear_parameters(3, 4, bias=1.0)
