"""The coursework behind the book: every answer comes out twice. (`test_chapters.py` holds that every row is taught.)

The expected numbers are the coursework's verified answers. cvlib and byhand compute each by their own route.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from byhand import definitions
from cvlib import counting, losses, ops, optim, shapes
from cvlib.counting import Conv, Dense, Flatten, Pool, layer_table

LOGITS = [-0.1, 12, 3, -3.2, -8, 17, 1.9, 0.6, 4.9, -12]
EDGE = [[-1, 0, 1]] * 3


def test_a1_convolution_pooling_relu():
    image = [[[[1, 3, 2, 4, 6, 4], [4, 8, 3, 1, 0, 2], [2, 1, 4, 3, 9, 1], [4, 7, 2, 3, 9, 2]]]]
    for route in (ops, definitions):
        feature = route.conv2d(image, [[EDGE]])
        pooled = route.max_pool2d(feature, 2)
        np.testing.assert_array_equal(np.array(feature)[0, 0], [[2, -4, 6, -1], [-1, -9, 9, -2]])
        np.testing.assert_array_equal(np.array(pooled)[0, 0], [[2, 9]])
        np.testing.assert_array_equal(np.array(route.relu(pooled))[0, 0], [[2, 9]])


def test_a6_softmax_of_ten_logits():
    for route in (ops, definitions):
        p = np.array(route.softmax(LOGITS))
        np.testing.assert_allclose(p[[1, 5]], [0.0066928058, 0.99330046], rtol=1e-6)
        assert np.delete(p, [1, 5]).max() < 1e-5


def test_a7_cross_entropy_in_nats_and_bits():
    one_hot = [[0, 1, 0, 0, 0, 0, 0, 0, 0, 0]]
    for labels in ([1], one_hot):
        assert losses.cross_entropy([LOGITS], labels) == pytest.approx(5.0067221, abs=1e-7)
        assert losses.cross_entropy([LOGITS], labels, base=2) == pytest.approx(7.2231731, abs=1e-7)
        assert losses.cross_entropy([LOGITS], labels, base=10) == pytest.approx(
            2.17439, abs=1e-5
        )  # the mistake
    assert definitions.cross_entropy([LOGITS], [1]) == pytest.approx(5.0067221, abs=1e-7)


def test_a8_cross_entropy_from_zero_to_unbounded():
    assert losses.cross_entropy([[1000.0, 0.0]], [0]) == 0
    assert losses.cross_entropy([[1000.0, 0.0]], [1]) == 1000


def test_a14_gradient_descent():
    expected = [(-0.98, 0.96), (-0.9604, 0.92461056), (-0.941192, 0.892992404), (-0.92236816, 0.864508253)]
    values = [1.80974656, 1.65323018, 1.52174565, 1.40933169]
    point = {"x": np.array(-1.0), "y": np.array(1.0)}
    descent = optim.SGD(point, lr=0.01)
    x, y = Fraction(-1), Fraction(1)
    for (x_expected, y_expected), value in zip(expected, values, strict=True):
        descent.step({"x": 2 * point["x"], "y": 4 * point["y"] ** 3})
        x, y = x - Fraction(2, 100) * x, y - Fraction(4, 100) * y**3
        for a, b in ((point["x"], point["y"]), (float(x), float(y))):
            np.testing.assert_allclose([a, b, a**2 + b**4], [x_expected, y_expected, value], rtol=1e-8)


@pytest.mark.parametrize(("f", "s", "p"), [(2, 2, 0), (3, 2, 1), (5, 2, 2)])
def test_a19_halving(f: int, s: int, p: int):
    assert all(shapes.conv_output_size(n, f, stride=s, padding=p) == n // 2 for n in range(4, 100, 2))


def test_a20_a23_counts():
    assert shapes.conv_output_size(28, 3) == 26
    assert ops.conv2d(np.zeros((1, 10, 28, 28)), np.zeros((4, 10, 3, 3))).shape == (1, 4, 26, 26)
    assert counting.conv2d_parameters(10, 5, 5) == 1255
    assert counting.conv2d_parameters(10, 5, 5, bias=False) == 1250


def test_a28_a_dense_head_as_a_convolution():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 3, 4, 4)), rng.normal(size=(5, 48)), rng.normal(size=5)
    dense, convolved = ops.linear(x.reshape(2, 48), w, b), ops.conv2d(x, w.reshape(5, 3, 4, 4), b)
    np.testing.assert_allclose(convolved[:, :, 0, 0], dense)


def test_b1_softmax():
    for route in (ops, definitions):
        np.testing.assert_allclose(route.softmax([2.0, 1.0, 0.1]), [0.65900, 0.24243, 0.09857], atol=5e-6)


def test_b4_b15_dense_counts():
    assert counting.linear_parameters(3, 4) == 16
    assert counting.linear_parameters(4, 2) == 10
    assert counting.linear_parameters(32 * 32, 5, bias=False) == 5120


def test_b8_vertical_edge():
    image = [[[[10, 10, 10, 0, 0, 0]] * 6]]
    for route in (ops, definitions):
        np.testing.assert_array_equal(route.conv2d(image, [[[[1, 0, -1]] * 3]]), [[[[0, 30, 30, 0]] * 4]])


def test_c1_sigmoid_neuron():
    z = ops.linear([[2.0, 1.0]], [[0.2, 0.3]], [0.1])
    assert ops.sigmoid(z).item() == pytest.approx(0.6899745, abs=1e-7)
    nats = losses.binary_cross_entropy_with_logits(z, [[1]])
    assert nats == pytest.approx(0.3711007, abs=1e-7)
    assert nats / np.log(2) == pytest.approx(0.5353851, abs=1e-7)
    assert losses.binary_cross_entropy(ops.sigmoid(z), [[1]]) == pytest.approx(nats)
    ((by_hand,),) = definitions.linear([[2, 1]], [[Fraction(1, 5), Fraction(3, 10)]], [Fraction(1, 10)])
    assert by_hand == Fraction(4, 5)


def test_c2a_convolution():
    image = [[[[1, 0, 0, 2], [0, 1, 0, 1], [0, 0, 1, 2], [0, 0, 0, 1]]]]
    for route in (ops, definitions):
        y = route.conv2d(image, [[[[0, 0], [1, 1]]]])
        np.testing.assert_array_equal(y, [[[[1, 1, 1], [0, 1, 3], [0, 0, 1]]]])


def test_c3_layer_table():
    layers = [Conv(6, 5, stride=2), Pool(3, stride=2), Conv(10, 3, padding=1), Flatten(), Dense(10)]
    table = layer_table((3, 21, 21), layers)
    assert [row.output_shape for row in table.rows[-5:]] == [(6, 9, 9), (6, 4, 4), (10, 4, 4), (160,), (10,)]
    assert [row.parameters for row in table.rows[-5:]] == [456, 0, 550, 0, 1610]
    assert table.parameters == 2616


def test_d4_subtracting_the_maximum():
    for logits in ([1000.0, 1001.0, 999.0], [-1000.0, -999.0, -1001.0]):
        np.testing.assert_allclose(ops.softmax(logits), ops.softmax(np.array(logits) - max(logits)))
        assert np.isfinite(ops.log_softmax(logits)).all()


def test_d5_d6_gradient_of_cross_entropy():
    p = ops.softmax(LOGITS)
    gradient = losses.cross_entropy_backward([LOGITS], [1])[0]
    np.testing.assert_allclose(losses.cross_entropy([LOGITS], [1]), -np.log(p[1]))
    np.testing.assert_allclose(gradient, p - np.eye(10)[1], rtol=1e-12)
    np.testing.assert_allclose(definitions.cross_entropy_backward([LOGITS], [1])[0], gradient)
