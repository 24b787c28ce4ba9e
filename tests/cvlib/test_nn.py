"""Layers: the operations with memory; chains: the chain rule; summaries: the same numbers as counting."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from cvlib import counting, nn, ops
from cvlib.gradcheck import gradient_error, numerical_gradient
from cvlib.init import glorot_uniform

F64 = {"dtype": np.float64}


def rng(seed=0):
    return np.random.default_rng(seed)


def zeros(shape, *, rng, dtype):
    return np.zeros(shape, dtype)


def small_net():
    """A chain with every kind of layer, in float64, away from kinks: 2 x 6 x 7 -> 3."""
    return nn.Chain(
        nn.Conv2d(2, 4, 3, padding=1, groups=2, rng=rng(1), **F64),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(4, 3, (2, 1), bias=False, rng=rng(2), **F64),
        nn.MaxPool2d((2, 3), stride=1, padding=(0, 1)),
        nn.Flatten(),
        nn.Linear(9, 5, rng=rng(3), init=glorot_uniform, **F64),
        nn.ReLU(),
        nn.Linear(5, 3, bias=False, rng=rng(4), **F64),
        nn.Sigmoid(),
    )


BATCH = rng(5).normal(0, 1, (3, 2, 6, 7))
UPSTREAM = rng(6).normal(0, 1, (3, 3))


# Single layers

LAYERS = [
    (nn.ReLU(), ops.relu, ops.relu_backward, {}),
    (nn.Sigmoid(), ops.sigmoid, ops.sigmoid_backward, {}),
    (nn.Tanh(), ops.tanh, ops.tanh_backward, {}),
    (nn.MaxPool2d(2), ops.max_pool2d, ops.max_pool2d_backward, {"kernel_size": 2}),
    (nn.AvgPool2d(3, stride=(1, 2), padding=1), ops.avg_pool2d, ops.avg_pool2d_backward,
     {"kernel_size": 3, "stride": (1, 2), "padding": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "operation", "operation_backward", "options"), LAYERS)
def test_a_layer_without_parameters_is_its_operation(layer, operation, operation_backward, options):
    y = operation(BATCH, **options)
    np.testing.assert_array_equal(layer(BATCH), y)
    dy = rng(7).normal(0, 1, y.shape)
    np.testing.assert_array_equal(layer.backward(dy), operation_backward(dy, BATCH, **options))
    assert layer.backward(dy, needs_dx=False) is None
    assert layer.parameters == layer.gradients == {}


def test_linear_by_hand():
    layer = nn.Linear(2, 3, rng=rng(), **F64)
    layer.parameters["weight"][...] = [[1, 2], [3, 4], [5, 6]]
    layer.parameters["bias"][...] = [10, 20, 30]
    np.testing.assert_array_equal(layer([[1.0, -1.0]]), [[9, 19, 29]])
    np.testing.assert_array_equal(layer.backward([[1.0, 0.0, -2.0]]), [[-9, -10]])
    np.testing.assert_array_equal(layer.gradients["weight"], [[1, -1], [0, 0], [-2, 2]])
    np.testing.assert_array_equal(layer.gradients["bias"], [1, 0, -2])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stride": (2, 1), "padding": 1, "bias": False},
        {"padding": "same", "dilation": 2},
        {"padding": "same", "dilation": (1, 2), "groups": 2},
    ],
)
def test_conv2d_is_its_operation(options):
    layer = nn.Conv2d(2, 4, 3, rng=rng(8), **F64, **options)
    w, b = layer.parameters["weight"], layer.parameters.get("bias")
    assert (b is None) == ("bias" in options)
    if b is not None:
        b[...] = [1, -2, 3, 4]
    given = {name: value for name, value in options.items() if name != "bias"}
    y = ops.conv2d(BATCH, w, b, **given)
    np.testing.assert_array_equal(layer(BATCH), y)
    assert layer.output_shape(BATCH.shape[1:]) == y.shape[1:]
    dy = rng(9).normal(0, 1, y.shape)
    dx, dw, db = ops.conv2d_backward(dy, BATCH, w, b, **given)
    np.testing.assert_array_equal(layer.backward(dy), dx)
    assert layer.backward(dy, needs_dx=False) is None
    np.testing.assert_allclose(layer.gradients["weight"], dw, rtol=1e-12)
    assert list(layer.gradients) == list(layer.parameters)
    if b is not None:
        np.testing.assert_array_equal(layer.gradients["bias"], db)


def test_flatten_writes_channel_by_channel_and_folds_back():
    flatten = nn.Flatten()
    np.testing.assert_array_equal(flatten(BATCH)[1], [v for c in BATCH[1] for row in c for v in row])
    np.testing.assert_array_equal(flatten.backward(flatten(BATCH)), BATCH)
    with pytest.raises(ValueError, match=r"dy must have shape \(3, 84\), got \(3, 83\)"):
        flatten.backward(np.zeros((3, 83)))
    with pytest.raises(ValueError, match="x must be a batch"):
        flatten([1.0, 2.0])


@pytest.mark.parametrize("bias", [True, False])
def test_new_parameters(bias):
    conv = nn.Conv2d(4, 6, (3, 5), groups=2, bias=bias, rng=rng(0))
    linear = nn.Linear(7, 5, bias=bias, rng=rng(0))
    assert conv.parameters["weight"].shape == (6, 2, 3, 5)
    assert linear.parameters["weight"].shape == (5, 7)
    for layer in (conv, linear):
        assert layer.parameters["weight"].dtype == np.float32
        assert layer.parameters["weight"].std() > 0
        assert ("bias" in layer.parameters) == bias
        if bias:
            assert layer.parameters["bias"].dtype == np.float32
            assert not layer.parameters["bias"].any()


def test_the_default_weights_are_those_of_he():
    assert nn.Linear(400, 300, rng=rng()).parameters["weight"].var() == pytest.approx(2 / 400, rel=0.03)
    assert nn.Conv2d(40, 100, 3, rng=rng()).parameters["weight"].var() == pytest.approx(2 / 360, rel=0.03)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(1, 6, 5, padding=2, rng=rng()), "Conv2d(1, 6, 5, padding=2)"),
        (nn.Conv2d(4, 6, (1, 3), stride=2, dilation=(2, 1), groups=2, bias=False, rng=rng()),
         "Conv2d(4, 6, (1, 3), stride=2, dilation=(2, 1), groups=2, bias=False)"),
        (nn.Linear(4, 3, rng=rng()), "Linear(4, 3)"),
        (nn.Linear(4, 3, bias=False, rng=rng()), "Linear(4, 3, bias=False)"),
        (nn.MaxPool2d(2), "MaxPool2d(2)"),
        (nn.AvgPool2d(3, stride=2, padding=(1, 0)), "AvgPool2d(3, stride=2, padding=(1, 0))"),
        (nn.Flatten(), "Flatten()"),
        (nn.Chain(act=nn.ReLU(), inner=nn.Chain(nn.Tanh())),
         "Chain(\n  act: ReLU()\n  inner: Chain(\n    0: Tanh()\n  )\n)"),
    ],
)  # fmt: skip
def test_a_layer_prints_as_it_was_written(layer, text):
    assert repr(layer) == text


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Linear(0, 3, rng=rng()), ValueError, "in_features must be at least 1, got 0"),
        (lambda: nn.Linear(3, 2.0, rng=rng()), TypeError, "out_features must be an integer"),
        (lambda: nn.Linear(3, 2, rng=0), TypeError, "rng must be a numpy Generator"),
        (
            lambda: nn.Conv2d(3, 4, 3, groups=2, rng=rng()),
            ValueError,
            "groups must divide 3 and 4 channels, got 2",
        ),
        (lambda: nn.Conv2d(3, 4, 3, groups=0, rng=rng()), ValueError, "groups must be at least 1, got 0"),
        (lambda: nn.Conv2d(3, 4, 3, padding="same", stride=2, rng=rng()), ValueError, "stride 1 only"),
        (lambda: nn.Conv2d(3, 4, 4, padding="same", rng=rng()), ValueError, "odd span"),
        (lambda: nn.Conv2d(3, 4, 3, padding="valid", rng=rng()), TypeError, "padding must be"),
        (lambda: nn.Conv2d(3, 4, 0, rng=rng()), ValueError, "kernel_size must be at least 1, got 0"),
        (lambda: nn.MaxPool2d(2, stride=0), ValueError, "stride must be at least 1, got 0"),
        (lambda: nn.Linear(3, 2, rng=rng(), dtype=int), TypeError, "dtype must be float32 or float64"),
        (lambda: nn.Linear(3, 2, rng=rng(), dtype=None, init=zeros), TypeError, "dtype must .* got None"),
        (lambda: nn.Conv2d(3, 2, 1, rng=rng(), dtype="abc"), TypeError, "dtype must .* got 'abc'"),
        (lambda: nn.Conv2d(3, 2, 1, rng=rng(), dtype=bool, init=zeros), TypeError, "dtype must .* 'bool'"),
    ],
)
def test_layers_refuse(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("pool", [nn.MaxPool2d, nn.AvgPool2d])
@pytest.mark.parametrize(("kernel_size", "padding"), [(2, 2), (3, (1, 2)), ((1, 4), 1)])
def test_a_pooling_layer_refuses_the_padding_its_operation_refuses(pool, kernel_size, padding):
    with pytest.raises(ValueError, match="padding must be at most half of kernel_size") as by_operation:
        pool.operation(np.ones((1, 1, 8, 8)), kernel_size, padding=padding)
    with pytest.raises(ValueError, match="padding must be at most half of kernel_size") as by_layer:
        pool(kernel_size, padding=padding)
    assert str(by_layer.value) == str(by_operation.value)


def test_a_pooling_layer_takes_half_of_its_window():
    assert nn.MaxPool2d((4, 3), padding=(2, 1)).output_shape((1, 8, 9)) == (
        1,
        3,
        3,
    )  # (12 - 4)/4 + 1, (11 - 3)/3 + 1


@pytest.mark.parametrize("layer", [nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 2, rng=rng()),
                                   nn.Conv2d(1, 1, 1, rng=rng())], ids=repr)  # fmt: skip
def test_backward_before_forward_is_explained(layer):
    with pytest.raises(RuntimeError, match="call forward before backward"):
        layer.backward(np.ones((1, 2)))


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Conv2d(3, 4, 3, rng=rng()), (1, 8, 8), "input_shape must have 3 channels, got 1"),
        (
            nn.Conv2d(3, 4, 3, rng=rng()),
            (5, 3, 8, 8),
            r"input_shape must be \(C, H, W\), without N, got \(5, 3, 8, 8\)",
        ),
        (nn.Conv2d(3, 4, 3, rng=rng()), (3, 2, 8), "kernel_size 3 .* more than the padded input"),
        (nn.MaxPool2d(2), (8, 8), r"input_shape must be \(C, H, W\)"),
        (nn.Linear(3, 2, rng=rng()), (4,), r"input_shape must be \(3,\), got \(4,\)"),
        (nn.Linear(3, 2, rng=rng()), (3, 1), r"input_shape must be \(D,\), without N, got \(3, 1\)"),
    ],
)
def test_output_shape_refuses(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer.output_shape(shape)


# Chains


def test_output_shape_is_the_shape_that_comes_out():
    x = BATCH
    for layer in small_net():
        expected = layer.output_shape(x.shape[1:])
        x = layer(x)
        assert x.shape[1:] == expected
    assert small_net().output_shape((2, 6, 7)) == (3,)


@pytest.mark.parametrize("name", list(small_net().parameters))
def test_gradients_of_all_parameters(name):
    net = small_net()

    def loss(value):
        net.parameters[name][...] = value
        return np.vdot(UPSTREAM, net(BATCH))

    start = net.parameters[name].copy()
    numerical = numerical_gradient(loss, start)
    net.parameters[name][...] = start
    net(BATCH)
    net.backward(UPSTREAM)
    assert np.abs(numerical).max() > 1e-3
    assert gradient_error(net.gradients[name], numerical) < 1e-6


def test_gradient_of_the_input():
    net = small_net()
    numerical = numerical_gradient(lambda x: np.vdot(UPSTREAM, net(x)), BATCH)
    net(BATCH)
    assert gradient_error(net.backward(UPSTREAM), numerical) < 1e-6


def test_without_dx_the_gradients_of_the_parameters_are_the_same():
    net, lazy = small_net(), small_net()
    net(BATCH), lazy(BATCH)
    assert net.backward(UPSTREAM).shape == BATCH.shape
    assert lazy.backward(UPSTREAM, needs_dx=False) is None
    assert list(lazy.gradients) == list(net.parameters)
    for name, gradient in net.gradients.items():
        np.testing.assert_allclose(lazy.gradients[name], gradient, rtol=1e-12)


class Spy(nn.Layer):
    """The identity, writing down how it is called."""

    def __init__(self, *, learns):
        super().__init__()
        self.calls = []
        if learns:
            self.parameters["p"] = np.zeros(1)

    def forward(self, x, *, training=False):
        self.calls.append(("forward", training))
        return x

    def backward(self, dy, *, needs_dx=True):
        self.calls.append(("backward", needs_dx))
        self.gradients = {name: np.ones(1) for name in self.parameters}
        return dy


@pytest.mark.parametrize(("needs_dx", "first", "second"), [(True, [True], [True]), (False, [], [False])])
def test_the_walk_back_ends_at_the_first_layer_that_learns(needs_dx, first, second):
    spies = Spy(learns=False), Spy(learns=True), Spy(learns=False), Spy(learns=True)
    chain = nn.Chain(*spies)
    chain.forward(np.ones(1), training=True)
    chain.backward(np.ones(1), needs_dx=needs_dx)
    assert [spy.calls[0] for spy in spies] == [("forward", True)] * 4
    walked = [[argument for call, argument in spy.calls if call == "backward"] for spy in spies]
    assert walked == [first, second, [True], [True]]


def test_nothing_to_learn_means_nothing_to_do():
    spy = Spy(learns=False)
    chain = nn.Chain(nn.Chain(spy))
    chain([1.0])
    assert chain.backward([1.0], needs_dx=False) is None
    assert spy.calls == [("forward", False)]


def test_names():
    numbered = nn.Chain(
        nn.ReLU(), nn.Linear(2, 3, rng=rng()), nn.Chain(nn.Linear(3, 1, bias=False, rng=rng()))
    )
    assert list(numbered.parameters) == ["1.weight", "1.bias", "2.0.weight"]
    named = nn.Chain(act=nn.ReLU(), body=numbered)
    assert list(named.parameters) == ["body.1.weight", "body.1.bias", "body.2.0.weight"]
    assert named["body"] is numbered is named[1] is named[-1]
    assert [len(numbered), len(list(named))] == [3, 2]
    assert dict(named.gradients) == {}
    with pytest.raises(KeyError):
        named["tail"]
    with pytest.raises(IndexError):
        named[2]


def test_parameters_are_the_layers_own_arrays():
    chain = nn.Chain(nn.Linear(2, 3, rng=rng()))
    assert chain.parameters["0.weight"] is chain[0].parameters["weight"]
    with pytest.raises(TypeError):
        chain.parameters["0.weight"] = np.zeros((3, 2))  # would change nothing but a copy of the dictionary


def test_chains_refuse():
    shared = nn.ReLU()
    with pytest.raises(ValueError, match="at least one layer"):
        nn.Chain()
    with pytest.raises(ValueError, match="must be different objects"):
        nn.Chain(shared, nn.Tanh(), shared)
    with pytest.raises(ValueError, match="must be different objects"):
        nn.Chain(nn.Chain(shared), nn.Chain(nn.Tanh(), nn.Chain(shared)))
    with pytest.raises(ValueError, match=r"layer 'a\.b' must have a name without dots"):
        nn.Chain(**{"a.b": nn.Linear(2, 2, rng=rng()), "a": nn.Chain(b=nn.Linear(2, 2, rng=rng()))})
    with pytest.raises(TypeError, match=r"layer '1' must be a cvlib.nn.Layer, got type"):
        nn.Chain(nn.ReLU(), nn.Tanh)
    with pytest.raises(TypeError, match="all named or all unnamed"):
        nn.Chain(nn.ReLU(), tanh=nn.Tanh())


@pytest.mark.parametrize("call", [lambda c: c(np.ones((1, 5))), lambda c: c.output_shape((5,)),
                                  lambda c: c.backward(np.ones((1, 3)))])  # fmt: skip
def test_an_error_names_the_layer(call):
    chain = nn.Chain(body=nn.Chain(first=nn.Flatten(), second=nn.Linear(4, 3, rng=rng())))
    with pytest.raises((ValueError, RuntimeError)) as caught:
        call(chain)
    assert "in layer 'second': Linear(4, 3)" in caught.value.__notes__
    assert any(note.startswith("in layer 'body'") for note in caught.value.__notes__)


@pytest.mark.parametrize("method", ["forward", "backward", "output_shape"])
def test_a_layer_that_lacks_a_method_says_so(method):
    with pytest.raises(NotImplementedError, match=f"Layer does not define {method}"):
        getattr(nn.Layer(), method)(np.ones(1))


# Summaries


def coursework_c3():
    """Return the net of coursework C3: 21 x 21 x 3 in, 2616 parameters."""
    return nn.Chain(
        conv1=nn.Conv2d(3, 6, 5, stride=2, rng=rng()),
        pool=nn.MaxPool2d(3, stride=2),
        conv2=nn.Conv2d(6, 10, 3, padding="same", rng=rng()),
        head=nn.Chain(flatten=nn.Flatten(), dense=nn.Linear(160, 10, rng=rng())),
    )


def test_summary_of_coursework_c3():
    table = nn.summary(coursework_c3(), (3, 21, 21))
    assert [row.name for row in table.rows] == [
        "conv1: Conv2d(3, 6, 5, stride=2)",
        "pool: MaxPool2d(3, stride=2)",
        "conv2: Conv2d(6, 10, 3, padding=1)",
        "head.flatten: Flatten()",
        "head.dense: Linear(160, 10)",
    ]
    shapes = [(6, 9, 9), (6, 4, 4), (10, 4, 4), (160,), (10,)]
    assert [row.output_shape for row in table.rows] == shapes
    assert [row.parameters for row in table.rows] == [456, 0, 550, 0, 1610]
    assert [row.macs for row in table.rows] == [81 * 6 * 75, 0, 16 * 10 * 54, 0, 1600]
    # 5; 5 + 2 * 2 = 9; 9 + 2 * 4 = 17; then everything
    assert [row.receptive_field for row in table.rows] == [(5, 5), (9, 9), (17, 17), None, None]
    assert (table.parameters, table.macs) == (2616, 36450 + 8640 + 1600)
    assert coursework_c3().macs((3, 21, 21)) == table.macs
    assert [row.memory for row in table.rows] == [4 * 6 * 81, 4 * 6 * 16, 4 * 10 * 16, 0, 4 * 10]
    assert table.memory == 4 * 3 * 21 * 21 + 1944 + 384 + 640 + 40


def test_summary_agrees_with_the_network_on_paper():
    on_paper = counting.layer_table(*counting.ALEXNET)
    ours = {}
    channels, features = 3, 9216
    for layer in counting.ALEXNET.layers:
        if isinstance(layer, counting.Conv):
            options = {"stride": layer.stride, "padding": layer.padding, "groups": layer.groups}
            made = nn.Conv2d(
                channels, layer.out_channels, layer.kernel_size, rng=rng(), init=zeros, **options
            )
            channels = layer.out_channels
        elif isinstance(layer, counting.Pool):
            made = nn.MaxPool2d(layer.kernel_size, stride=layer.stride)
        elif isinstance(layer, counting.Flatten):
            made = nn.Flatten()
        else:
            made = nn.Linear(features, layer.out_features, rng=rng(), init=zeros)
            features = layer.out_features
        ours[layer.name] = made
    table = nn.summary(nn.Chain(**ours), (3, 227, 227))
    assert [row[1:] for row in table.rows] == [row[1:] for row in on_paper.rows]
    assert table.parameters == 60_965_224


@pytest.mark.parametrize(
    ("layer", "parameters", "macs"),
    [
        (nn.Conv2d(192, 32, 5, padding=2, rng=rng()), counting.conv2d_parameters(192, 32, 5), 120_422_400),
        (
            nn.Conv2d(192, 16, 1, bias=False, rng=rng()),
            counting.conv2d_parameters(192, 16, 1, bias=False),
            2_408_448,
        ),
        (
            nn.Conv2d(192, 192, 3, padding=1, groups=192, rng=rng()),
            counting.conv2d_parameters(192, 192, 3, groups=192),
            counting.conv2d_macs(192, 192, 3, 28, groups=192),
        ),
    ],
)
def test_summary_agrees_with_counting(layer, parameters, macs):
    (row,) = nn.summary(layer, (192, 28, 28)).rows
    assert (row.parameters, row.macs) == (parameters, macs)


def test_summary_of_a_single_layer_and_of_a_rectangular_window():
    (row,) = nn.summary(nn.Linear(1024, 5, rng=rng()), (1024,)).rows
    assert row.name == "0: Linear(1024, 5)"
    assert (row.parameters, row.macs) == (counting.linear_parameters(1024, 5), counting.linear_macs(1024, 5))
    conv = nn.Conv2d(1, 1, (1, 3), dilation=(1, 2), rng=rng())
    rows = nn.summary(nn.Chain(conv, nn.ReLU(), nn.AvgPool2d((3, 1))), (1, 9, 9)).rows
    assert [row.receptive_field for row in rows] == [(1, 5), (1, 5), (3, 5)]


def test_summary_prints_as_a_table():
    first, rule, image, conv1, *_, last = str(nn.summary(coursework_c3(), (3, 21, 21))).splitlines()
    assert first.split("  ")[0] == "layer"
    assert set(rule) == {"-"}
    assert image.split() == ["input", "3×21×21", "5,292"]
    assert conv1.split() == ["conv1:", "Conv2d(3,", "6,", "5,", "stride=2)", "6×9×9", "456", "36,450", "1,944",
                             "5×5"]  # fmt: skip
    assert last.split() == ["total", "2,616", "46,690", "8,300"]


class TableReader(HTMLParser):
    """Collect (tag, scope, text) of all cells, row by row, and what is open at any time."""

    def __init__(self):
        super().__init__()
        self.rows, self.open, self.caption = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append([tag, dict(attrs).get("scope"), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1][-1][2] += data
        if self.open[-1:] == ["caption"]:
            self.caption += data


def test_summary_is_a_real_table_in_html():
    table = nn.summary(coursework_c3(), (3, 21, 21))
    reader = TableReader()
    reader.feed(table._repr_html_())
    assert reader.open == []
    assert "3×21×21" in reader.caption
    head, _, *body, total = reader.rows
    assert {(tag, scope) for tag, scope, _ in head} == {("th", "col")}
    for row in (*body, total):
        assert [(tag, scope) for tag, scope, _ in row] == [("th", "row")] + [("td", None)] * (len(head) - 1)
    assert [row[0][2] for row in body] == [row.name for row in table.rows]
    assert [cell[2] for cell in body[0][1:4]] == ["6×9×9", "456", "36,450"]
    assert [cell[2] for cell in total] == ["total", "", "2,616", "46,690", "8,300", ""]


def test_html_escapes_what_layers_call_themselves():
    class Odd(nn.ReLU):
        def __repr__(self):
            return "<b>&"

    html = nn.summary(nn.Chain(Odd()), (3,))._repr_html_()
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html


def test_summary_refuses():
    with pytest.raises(TypeError, match=r"model must be a cvlib\.nn\.Layer, got list"):
        nn.summary([nn.ReLU()], (3,))
    with pytest.raises(ValueError, match=r"input_shape\[0\] must be at least 1, got -2"):
        nn.summary(nn.Chain(nn.Flatten()), (-2, 3))
    with pytest.raises(TypeError, match=r"input_shape\[1\] must be an integer, got 2.0"):
        nn.summary(nn.ReLU(), (3, 2.0))
    for no_shape in ("abc", 5, None):
        with pytest.raises(TypeError, match=f"input_shape must be a sequence of integers, got {no_shape!r}"):
            nn.summary(nn.ReLU(), no_shape)
    with pytest.raises(ValueError, match="input_shape must have 3 channels, got 1") as caught:
        nn.summary(coursework_c3(), (1, 21, 21))
    assert any(re.match("in layer 'conv1'", note) for note in caught.value.__notes__)
