"""Sizes, parameters and costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple

from byhand import mistakes
from byhand.calculation import Calculation
from byhand.concept import Concept, Misconception, Point
from byhand.definitions import linear
from byhand.draws import Degenerate, Draws, Inconvenient
from byhand.given import choice, expect, expect_window, reals, shape, wholes
from byhand.mistakes import Mistake, Slip
from byhand.moves.convolution import convolve, sum_of_products
from byhand.moves.counting import (
    conv_parameters,
    conv_shape,
    counted,
    dense_count,
    dense_parameters,
    flattened,
    padded,
    pool_shape,
    receptive_field,
)
from byhand.notation import Shape, factor, plain, tex
from byhand.problems.convolution import (
    DEPTH_KEPT,
    POOLING_AS_CONVOLUTION,
    STRIDE_REDUCES_DEPTH,
    WINDOW_AS_WEIGHTS,
    WINDOWS_SIDE_BY_SIDE,
    Layer,
    conv,
    flipped,
    kept_sizes,
    size_slips,
    stack,
    transposed,
)
from byhand.trace import Work
from cvlib.shapes import conv_output_size

Values = SimpleNamespace


# Slips in counting parameters


BIAS_COUNTED = Slip(
    "bias_counted",
    "You counted biases, and there are none here: only weights are asked for.",
    "Read once more what is to be counted.",
)
ONE_BIAS = Slip(
    "one_bias_for_the_layer",
    "You gave the whole layer one bias. Each filter of a convolution and each unit of a dense layer has its own.",
    "Count the biases alone: as many as there are output maps, or output units.",
)
ONE_FILTER = Slip(
    "one_filter_only",
    "You counted one filter. The layer has several of them, each with weights of its own.",
    "Each map of the output has a filter of its own.",
)
NOT_SHARED = Slip(
    "weights_not_shared",
    "You counted the weights anew for every place of the filter. All places use the same ones: that is weight sharing.",
    "The number of parameters of a convolution does not depend on the size of the image.",
)
ONE_UNIT_PER_MAP = Slip(
    "one_unit_per_map",
    "You gave the fully connected layer one unit for each map of the output. It needs one for each *number* of the "
    "output.",
    "Write the output of the dense layer as one long row, and count it.",
)
BIAS_ON_INPUTS = Slip(
    "bias_on_inputs",
    "You gave the inputs biases too. Inputs are given, not computed: biases belong to the units of later layers.",
    "Count the biases alone: as many as there are units, inputs aside.",
)
WIDTHS_MULTIPLIED = Slip(
    "widths_multiplied",
    "You multiplied all the widths. Each layer has its own weights, from its inputs to its units, and they are added "
    "up.",
    "One line for each layer, then the sum.",
)
SIDE_FOR_AREA = Slip(
    "side_for_area",
    "You took one side of the image. Flattened, it has height times width numbers.",
    "Count the pixels of the image.",
)


FLAT_DEPTH = replace(
    mistakes.DEPTH_NOT_MULTIPLIED,
    message="You left out the depth: flattening lays the numbers of all maps in one row.",
    catch="A stack of maps has height times width times depth numbers.",
)
BIAS_NOT_ADDED = replace(
    mistakes.BIAS_FORGOTTEN,
    message="You forgot the bias: it is added to every score of its class.",
    catch="For a window of zeros, the score must be the bias.",
)
STRIDE_NOT_SEEN = replace(
    mistakes.STRIDE_IGNORED,
    message="You ignored the strides. Behind a stride of 2, neighbouring units stand 2 pixels apart, so each further "
    "unit that a filter sees adds 2 pixels.",
    catch="Mark the pixels that two neighbouring units see, and measure how far one window is from the other.",
)


class Filters(NamedTuple):
    """The filters of a convolution, as far as parameters go."""

    depth: int
    filters: int
    area: int
    bias: bool = True


def conv_slips(part: str, layer: Callable[[Values, Values], Filters]) -> tuple[Mistake, ...]:
    """Return the slips in counting a convolution's parameters, for the layer whose count is ``part``."""

    def slip(kind: Slip, count: Callable[[Filters], int | None]) -> Mistake:
        return kind.on(part, lambda given, right: count(layer(given, right)))

    return (
        slip(mistakes.BIAS_FORGOTTEN, lambda it: it.filters * it.area * it.depth if it.bias else None),
        slip(BIAS_COUNTED, lambda it: None if it.bias else it.filters * (it.area * it.depth + 1)),
        slip(mistakes.DEPTH_NOT_MULTIPLIED, lambda it: it.filters * (it.area + it.bias)),
        slip(
            mistakes.BIAS_PER_INPUT_CHANNEL,
            lambda it: it.filters * (it.area + 1) * it.depth if it.bias else None,
        ),
        slip(ONE_BIAS, lambda it: it.filters * it.area * it.depth + 1 if it.bias else None),
        slip(ONE_FILTER, lambda it: it.area * it.depth + it.bias),
    )


def dense_slips(part: str, layer: Callable[[Values, Values], tuple[int, int]]) -> tuple[Mistake, ...]:
    """Return the slips in counting a fully connected layer with biases; ``layer`` gives its inputs and units."""

    def slip(kind: Slip, count: Callable[[int, int], int]) -> Mistake:
        return kind.on(part, lambda given, right: count(*layer(given, right)))

    return (
        slip(mistakes.BIAS_FORGOTTEN, lambda n_in, n_out: n_in * n_out),
        slip(ONE_BIAS, lambda n_in, n_out: n_in * n_out + 1),
        slip(BIAS_ON_INPUTS, lambda n_in, n_out: n_in * n_out + n_in),
    )


# One layer


class ConvolutionParameters(Calculation):
    """The learnable parameters of a convolution."""

    id = "A23"
    title = "Parameters of a convolutional layer"
    coursework = {"rows": 5, "columns": 5, "depth": 10, "filters": 5, "bias": True}
    givens = {
        "rows": wholes("height of a filter", low=1, high=100),
        "columns": wholes("width of a filter", low=1, high=100),
        "depth": wholes("depth of a filter", low=1, high=4096),
        "filters": wholes("number of filters", low=1, high=4096),
        "bias": choice("a bias for each filter", yes=True, no=False),
    }
    parts = {"parameters": "the number of learnable parameters of the layer"}
    slips = conv_slips(
        "parameters",
        lambda given, _: Filters(given.depth, given.filters, given.rows * given.columns, given.bias),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        rows = draws.choice([1, 2, 3, 3, 4, 5, 5, 7])
        return {
            "rows": rows,
            "columns": draws.choice([rows, rows, rows, draws.choice([1, 3, 5])]),
            "depth": draws.integer(2, 16),
            "filters": draws.integer(2, 12),
            "bias": draws.choice([True, True, False]),
        }

    def pose(self) -> str:
        given = self.given
        biases = "each with one bias" if given.bias else "without biases"
        return (
            f"A convolutional layer has {counted(given.filters, 'filter')} of {given.rows} × {given.columns} × "
            f"{given.depth} (height × width × depth), {biases}."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        size = (given.rows, given.columns)
        conv_parameters(work, "parameters", given.depth, given.filters, size, bias=given.bias)


class DenseNetParameters(Calculation):
    """The learnable parameters of a small fully connected net."""

    id = "B4"
    title = "Parameters of a fully connected net"
    coursework = {"widths": [3, 4, 2]}
    givens = {"widths": wholes("inputs, units of each hidden layer, outputs", "l:3-4", low=1, high=10_000)}
    parts = {"parameters": "the number of learnable parameters of the net"}
    slips = (
        mistakes.BIAS_FORGOTTEN.on("parameters", lambda given, _: weights_of(given.widths)),
        BIAS_ON_INPUTS.on("parameters", lambda given, _: weights_of(given.widths) + sum(given.widths)),
        ONE_BIAS.on("parameters", lambda given, _: weights_of(given.widths) + len(given.widths) - 1),
        WIDTHS_MULTIPLIED.on("parameters", lambda given, _: math.prod(given.widths)),
        WIDTHS_MULTIPLIED.on("parameters", lambda given, _: math.prod(given.widths) + sum(given.widths[1:])),
        Slip(
            "units_counted",
            "You counted the units. Parameters are what training changes: the weights on the connections between "
            "units, and the biases.",
            "Draw the net and count its lines, then one bias for each unit that a line ends in.",
        ).on("parameters", lambda given, _: sum(given.widths)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        hidden = draws.vector(draws.choice([1, 1, 2]), 3, 9)
        return {"widths": [draws.integer(2, 8), *hidden, draws.integer(1, 5)]}

    def pose(self) -> str:
        inputs, *hidden, outputs = self.given.widths
        layers = f"a hidden layer of {counted(hidden[0], 'unit')}"
        if len(hidden) > 1:
            layers = f"two hidden layers of {hidden[0]} and {hidden[1]} units"
        name = "-".join(map(str, self.given.widths))
        return (
            f"{'An' if _with_a_vowel(inputs) else 'A'} {name} net is fully connected: {counted(inputs, 'input')}, "
            f"{layers}, {counted(outputs, 'output')}. Every unit behind the inputs has a bias."
        )

    def solve(self, work: Work) -> None:
        counts = []
        for number, (inputs, outputs) in enumerate(pairwise(self.given.widths), start=1):
            counts.append(dense_count(work, inputs, outputs, symbol=f"N_{{{number}}}"))
        added_up(work, "parameters", counts)


def _with_a_vowel(number: int) -> bool:
    """Tell whether a number begins with a vowel when it is read: eight, eleven, eighteen, eighty, ..."""
    return str(number)[0] == "8" or number in (11, 18)


def weights_of(widths: Sequence[int]) -> int:
    """Return the number of weights of a fully connected net, without biases."""
    return sum(inputs * outputs for inputs, outputs in pairwise(widths))


def added_up(work: Work, part: str, counts: Sequence[int]) -> int:
    """Add up counts in one step and close the part."""
    work.step(
        "Add the layers up.",
        formula=r"N = \sum_l N_l",
        symbol="N",
        numbers=" + ".join(map(tex, counts)),
        result=sum(counts),
    )
    return work.part(part, sum(counts))


# Convolution against fully connected


class ConvolutionAgainstDense(Calculation):
    """Two layers between the same stacks of maps, and what each has to learn."""

    id = "A17"
    title = "A convolution and a dense layer between the same maps"
    coursework = {"shape": [32, 32, 3], "kernel_size": 3, "filters": 16, "padding": 1}
    givens = {
        "shape": shape("height × width × depth of the input"),
        "kernel_size": wholes("side of the filters", low=1, high=15),
        "filters": wholes("number of filters", low=1, high=4096),
        "padding": wholes("padding on each side", low=0, high=7),
    }
    parts = {
        "conv": "the parameters of the convolution",
        "dense": "the parameters of the fully connected layer",
    }
    slips = (
        *conv_slips("conv", lambda given, _: Filters(given.shape[2], given.filters, given.kernel_size**2)),
        NOT_SHARED.on("conv", lambda given, right: right.conv * math.prod(made(given)[:2])),
        ONE_UNIT_PER_MAP.on("dense", lambda given, _: given.filters * (math.prod(given.shape) + 1)),
        mistakes.BIAS_FORGOTTEN.on("dense", lambda given, _: math.prod(made(given)) * math.prod(given.shape)),
        FLAT_DEPTH.on("dense", lambda given, _: math.prod(made(given)) * (math.prod(given.shape[:2]) + 1)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        size, kernel_size = draws.integer(8, 32), draws.choice([3, 3, 5])
        return {
            "shape": [size, size, draws.integer(2, 8)],
            "kernel_size": kernel_size,
            "filters": draws.integer(4, 16),
            "padding": draws.choice([0, kernel_size // 2]),
        }

    def accept(self) -> None:
        expect_part_of_the_map(self.given)

    def pose(self) -> str:
        given, f = self.given, self.given.kernel_size
        return (
            f"A convolution with {counted(given.filters, 'filter')} of {f} × {f}, stride 1 and "
            f"{padded(given.padding)}, makes {stack(made(given))} out of {stack(given.shape)}. A fully connected layer "
            "could stand between the same two. Both have biases. How many parameters has each, and where does the "
            "difference come from?"
        )

    def solve(self, work: Work) -> None:
        given, output = self.given, made(self.given)
        conv_parameters(work, "conv", given.shape[2], given.filters, given.kernel_size)
        inputs = flattened(work, given.shape)
        outputs = flattened(work, output, symbol=r"n_{\text{out}}", primes="'")
        total = dense_count(work, inputs, outputs)
        work.step(
            f"Two things make the difference. Locality: a unit of the convolution reads {window_of(given)} numbers, "
            f"not all {plain(inputs)}. Sharing: the {plain(math.prod(output[:2]))} units of one map all use the same "
            "weights."
        )
        work.part("dense", total)


def expect_part_of_the_map(given: Values) -> None:
    """Refuse filters that do not fit into the map, or leave nothing of it out."""
    least = min(given.shape[:2])
    expect(
        given.kernel_size < least,
        f"A filter is to see a part of the map only: expected a side below {least}.",
        "kernel_size",
    )


def made(given: Values) -> Shape:
    """Return what a stride-1 convolution makes of a stack."""
    padding = getattr(given, "padding", 0)
    height, width = (conv_output_size(side, given.kernel_size, padding=padding) for side in given.shape[:2])
    return Shape(height, width, given.filters)


class SparseAndShared(Calculation):
    """From fully connected to sparse to shared weights."""

    id = "B10"
    title = "Sparse connections and shared weights, counted"
    coursework = {"shape": [28, 28, 1], "kernel_size": 5, "filters": 8}
    givens = {
        "shape": shape("height × width × depth of the input"),
        "kernel_size": wholes("side of the filters", low=1, high=15),
        "filters": wholes("number of filters", low=1, high=4096),
    }
    parts = {
        "dense": "the weights when every output number reads every input number",
        "sparse": "the weights when it reads its window only, with weights of its own",
        "shared": "the weights when all the windows of a map share theirs: the convolution",
    }
    slips = (
        ONE_UNIT_PER_MAP.on("dense", lambda given, _: given.filters * math.prod(given.shape)),
        BIAS_COUNTED.on("dense", lambda given, right: right.dense + math.prod(made(given))),
        Slip(
            "a_window_on_every_pixel",
            "You counted a window for every pixel of the input. Without padding, the windows have fewer places: count "
            "the numbers of the output.",
            "Each number of the output belongs to one window.",
        ).on("sparse", lambda given, _: math.prod(given.shape[:2]) * given.filters * window_of(given)),
        Slip(
            "shared_already",
            "You let the windows share their weights already. Sparse alone means that a unit reads a window only; each "
            "window still has weights of its own.",
            "Sparse weights: one for each connection. Shared weights: one for each cell of a filter.",
        ).on("sparse", lambda given, right: right.shared),
        NOT_SHARED.on("shared", lambda given, right: right.sparse),
        ONE_FILTER.on("shared", lambda given, _: window_of(given)),
        mistakes.DEPTH_NOT_MULTIPLIED.on("shared", lambda given, _: given.filters * given.kernel_size**2),
        BIAS_COUNTED.on("shared", lambda given, right: right.shared + given.filters),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        size = draws.integer(10, 32)
        return {
            "shape": [size, size, draws.choice([1, 1, 2, 3])],
            "kernel_size": draws.choice([3, 5]),
            "filters": draws.integer(4, 12),
        }

    def accept(self) -> None:
        expect_part_of_the_map(self.given)

    def pose(self) -> str:
        given, f = self.given, self.given.kernel_size
        return (
            f"A layer turns {stack(given.shape)} into {stack(made(given))}, as a convolution with filters of {f} × "
            f"{f}, stride 1 and no padding does. Take it apart: count its weights (no biases) when it is fully "
            "connected, when only its connections are sparse, and when its weights are shared as well."
        )

    def solve(self, work: Work) -> None:
        given, output = self.given, made(self.given)
        inputs = flattened(work, given.shape)
        outputs = flattened(work, output, symbol=r"n_{\text{out}}", primes="'")
        dense = dense_parameters(work, "dense", inputs, outputs, bias=False)
        window = window_of(given)
        work.step(
            "Sparse: each number of the output keeps the connections to its window, in every map of the input.",
            formula=r"N = n_{\text{out}} \cdot f \cdot f \cdot d",
            symbol="N",
            numbers=rf"{tex(outputs)} \cdot {given.kernel_size} \cdot {given.kernel_size} \cdot {given.shape[2]}",
            result=outputs * window,
        )
        work.step(
            "Compare: the window takes the place of the whole map.",
            formula=r"\frac{N_{\text{dense}}}{N_{\text{sparse}}} = \frac{h \cdot w}{f \cdot f}",
            numbers=rf"\frac{{{tex(dense)}}}{{{tex(outputs * window)}}}",
            result=Fraction(dense) / (outputs * window),
        )
        sparse = work.part("sparse", outputs * window)
        work.step(
            "Shared: all the numbers of one map use the same window of weights, so only the maps are counted. That "
            "saves weights, not multiplications: each connection still costs one.",
            formula=r"N = n \cdot f \cdot f \cdot d",
            symbol="N",
            numbers=rf"{given.filters} \cdot {given.kernel_size} \cdot {given.kernel_size} \cdot {given.shape[2]}",
            result=given.filters * window,
        )
        work.step(
            "Compare again: one set of weights takes the place of as many as there are places.",
            formula=r"\frac{N_{\text{sparse}}}{N_{\text{shared}}} = h' \cdot w'",
            numbers=rf"\frac{{{tex(sparse)}}}{{{tex(given.filters * window)}}}",
            result=Fraction(sparse) / (given.filters * window),
        )
        work.part("shared", given.filters * window)


def window_of(given: Values) -> int:
    """Return how many numbers a window holds, in all maps."""
    return given.kernel_size**2 * given.shape[2]


class FlattenOrConvolve(Calculation):
    """Two ways from an image to class scores."""

    id = "B15"
    title = "Flatten the image, or convolve first?"
    coursework = {"size": 32, "classes": 5, "kernel_size": 5, "filters": 6, "pool": 4}
    givens = {
        "size": wholes("side of the image", low=2, high=1024),
        "classes": wholes("number of classes", low=2, high=1000),
        "kernel_size": wholes("side of the filters", low=1, high=15),
        "filters": wholes("number of filters", low=1, high=1024),
        "pool": wholes("side of the pooling's window, and its stride", low=2, high=16),
    }
    parts = {
        "dense": "the weights of the first option",
        "filters": "the weights of the filters in the second option",
        "head": "the weights of its fully connected layer",
        "total": "all the weights of the second option",
    }
    slips = (
        BIAS_COUNTED.on("dense", lambda given, right: right.dense + given.classes),
        SIDE_FOR_AREA.on("dense", lambda given, _: given.size * given.classes),
        BIAS_COUNTED.on("filters", lambda given, right: right.filters + given.filters),
        ONE_FILTER.on("filters", lambda given, _: given.kernel_size**2),
        NOT_SHARED.on(
            "filters", lambda given, right: right.filters * (given.size - given.kernel_size + 1) ** 2
        ),
        Slip(
            "pooling_forgotten",
            "You flattened the maps as they leave the convolution. The pooling comes first and makes them smaller.",
            "Write down the size after every layer.",
        ).on(
            "head", lambda given, _: (given.size - given.kernel_size + 1) ** 2 * given.filters * given.classes
        ),
        Slip(
            "head_reads_the_image",
            "You let the last layer read the image. It reads what the layer before it has made.",
            "Write down the size after every layer.",
        ).on("head", lambda given, right: right.dense),
        FLAT_DEPTH.on("head", lambda given, right: right.head // given.filters),
        BIAS_COUNTED.on("head", lambda given, right: right.head + given.classes),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        kernel_size, pool = draws.choice([3, 5, 7]), draws.choice([2, 3, 4])
        return {
            "size": pool * draws.integer(4, 9) + kernel_size - 1,
            "classes": draws.integer(3, 10),
            "kernel_size": kernel_size,
            "filters": draws.integer(2, 8),
            "pool": pool,
        }

    def refuse(self) -> None:
        if 2 * self.values["total"] > self.values["dense"]:
            raise Inconvenient("the convolution saves little")

    def accept(self) -> None:
        given = self.given
        expect_window([given.size], [given.kernel_size], "kernel_size")
        side = conv_output_size(given.size, given.kernel_size)
        expect(
            side % given.pool == 0,
            f"The convolution leaves {side} places along a side: expected a pooling that divides them evenly.",
            "pool",
        )
        dense, total = self.values["dense"], self.values["total"]
        expect(
            total < dense,
            f"Here the convolution would save nothing: {plain(total)} weights in place of {plain(dense)}. Expected a "
            "larger image, fewer filters or a larger pooling.",
        )

    def pose(self) -> str:
        given, f, pool = self.given, self.given.kernel_size, self.given.pool
        return (
            f"Grey images of {given.size} × {given.size} are to be sorted into {given.classes} classes. There are "
            "two options:\n\n- flatten the image, then one fully connected layer;\n- a convolution with "
            f"{counted(given.filters, 'filter')} of {f} × {f} (stride 1, no padding), a {pool} × {pool} max pooling "
            f"with stride {pool}, flatten, then one fully connected layer.\n\nCount the weights (no "
            "biases). Which option would you choose?"
        )

    def solve(self, work: Work) -> None:
        given = self.given
        pixels = flattened(work, (given.size, given.size, 1))
        dense_parameters(work, "dense", pixels, given.classes, bias=False)
        weights = conv_parameters(work, "filters", 1, given.filters, given.kernel_size, bias=False)
        side = conv_output_size(given.size, given.kernel_size)
        pooled = conv_output_size(side, given.pool, stride=given.pool)
        work.step(
            f"The convolution leaves {given.size} − {given.kernel_size} + 1 = {side} places along a side, the pooling "
            f"{side} / {given.pool} = {pooled}."
        )
        numbers = flattened(work, (pooled, pooled, given.filters))
        head = dense_parameters(work, "head", numbers, given.classes, bias=False)
        work.step(
            "The second option needs fewer weights, although it has one more layer: its filters are shared by all "
            "places and see neighbouring pixels together. The first knows nothing of neighbours. Choose the second.",
            formula=r"N = N_{\text{filters}} + N_{\text{head}}",
            symbol="N",
            numbers=rf"{tex(weights)} + {tex(head)}",
            result=weights + head,
        )
        work.part("total", weights + head)


# Chains of layers


class LayerTable(Calculation):
    """Sizes and parameters of a small convolutional net, layer by layer."""

    id = "C3"
    title = "A layer table: sizes and parameters"
    coursework = {"shape": [21, 21, 3], "conv1": [5, 6, 2], "pool": [3, 2], "conv2": [3, 10], "units": 10}
    givens = {
        "shape": shape("height × width × depth of the image"),
        "conv1": wholes("layer 1: side of the filters, their number, stride", "3", low=1, high=512),
        "pool": wholes("layer 2: side of the window, stride", "2", low=1, high=64),
        "conv2": wholes("layer 3: side of the filters, their number", "2", low=1, high=512),
        "units": wholes("layer 5: number of units", low=1, high=4096),
    }
    parts = {
        "conv1": "the size after layer 1 (height × width × depth)",
        "params1": "the parameters of layer 1",
        "pool": "the size after layer 2",
        "params2": "the parameters of layer 2",
        "conv2": "the size after layer 3",
        "params3": "the parameters of layer 3",
        "flat": "the length after layer 4",
        "params4": "the parameters of layer 4",
        "dense": "the length after layer 5",
        "params5": "the parameters of layer 5",
        "total": "all the parameters of the net",
    }
    slips = (
        *size_slips("conv1", lambda given, _: first_layer(given)),
        DEPTH_KEPT.on("conv1", lambda given, right: kept_sizes(right.conv1, given.shape[2])),
        STRIDE_REDUCES_DEPTH.on(
            "conv1",
            lambda given, right: (
                kept_sizes(right.conv1, right.conv1[2] // 2) if given.conv1[2] == 2 else None
            ),
        ),
        *conv_slips("params1", lambda given, _: Filters(given.shape[2], given.conv1[1], given.conv1[0] ** 2)),
        *size_slips("pool", lambda given, right: Layer(right.conv1, given.pool[0], None, given.pool[1])),
        STRIDE_REDUCES_DEPTH.on("pool", lambda given, right: kept_sizes(right.pool, right.pool[2] // 2)),
        WINDOW_AS_WEIGHTS.on("params2", lambda given, _: given.pool[0] ** 2),
        WINDOW_AS_WEIGHTS.on("params2", lambda given, right: given.pool[0] ** 2 * right.pool[2]),
        POOLING_AS_CONVOLUTION.on("params2", lambda given, right: (given.pool[0] ** 2 + 1) * right.pool[2]),
        mistakes.PADDING_FORGOTTEN.on(
            "conv2",
            lambda given, right: Layer(right.pool, *given.conv2).sized(lambda n: n - given.conv2[0] + 1),
            message="You left the padding out. A *same* convolution is padded so that height and width stay.",
        ),
        DEPTH_KEPT.on("conv2", lambda given, right: right.pool),
        *conv_slips(
            "params3", lambda given, right: Filters(right.pool[2], given.conv2[1], given.conv2[0] ** 2)
        ),
        FLAT_DEPTH.on("flat", lambda given, right: right.flat // right.conv2[2]),
        mistakes.BIAS_FORGOTTEN.on(
            "params5",
            lambda given, right: right.flat * given.units,
            message="You forgot the biases of the fully connected layer: each of its units has one.",
            recorded="1600 parameters in the dense layer, 2606 in all",
            why="The weights from 160 inputs to 10 units were counted, the biases of the 10 units were not.",
        ),
        *dense_slips("params5", lambda given, right: (right.flat, given.units)),
        mistakes.BIAS_FORGOTTEN.on(
            "total", lambda given, right: right.total - given.conv1[1] - given.conv2[1] - given.units
        ),
        Slip(
            "last_layer_only",
            "You gave the parameters of the last layer. Those of all layers together are asked for.",
            "The total is a sum of five numbers; two of them are 0.",
        ).on("total", lambda given, right: right.params5),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        conv1 = [draws.choice([3, 5]), draws.integer(4, 8), draws.choice([1, 2])]
        pool = draws.choice([[2, 2], [3, 2], [3, 3]])
        size = draws.integer(13, 33)
        return {
            "shape": [size, size, draws.choice([1, 3, 3])],
            "conv1": conv1,
            "pool": pool,
            "conv2": [draws.choice([3, 3, 5]), draws.integer(6, 12)],
            "units": draws.integer(4, 10),
        }

    def refuse(self) -> None:
        given, values = self.given, self.values
        if not 3 <= values["conv2"][0] <= 8:
            raise Inconvenient("the maps end up too small or too large")
        depths = [given.shape[2], given.conv1[1], given.conv2[1]]
        if len(set(depths)) < len(depths):
            raise Degenerate("two layers have the same depth, so their roles cannot be told apart")

    def accept(self) -> None:
        given, sides = self.given, self.given.shape[:2]
        expect(
            given.shape[2] in (1, 3), "An image is 1 deep if it is grey, and 3 if it is in colour.", "shape"
        )
        expect_window(sides, [given.conv1[0]] * 2, "conv1")
        sides = [conv_output_size(side, given.conv1[0], stride=given.conv1[2]) for side in sides]
        expect_window(sides, [given.pool[0]] * 2, "pool")
        odd = given.conv2[0] % 2 == 1
        expect(odd, "Padding on both sides can keep the size for filters with an odd side only.", "conv2")

    def pose(self) -> str:
        given = self.given
        (f, filters, stride), (window, jump), (g, more) = given.conv1, given.pool, given.conv2
        height, width, depth = given.shape
        colour = "A grey image" if depth == 1 else "A colour image"
        return (
            f"{colour} of {height} × {width} × {depth} goes through a small net whose filters and units have "
            f"biases:\n\n- layer 1: convolution, {counted(filters, 'filter')} of {f} × {f}, stride {stride}, no "
            f"padding;\n- layer 2: {window} × {window} max pooling with stride {jump};\n- layer 3: convolution, "
            f"{counted(more, 'filter')} of {g} × {g}, stride 1, padded so that the size stays "
            f"(*same*);\n- layer 4: flatten;\n- layer 5: fully connected, {counted(given.units, 'unit')}."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        (f, filters, stride), (window, jump), (g, more) = given.conv1, given.pool, given.conv2
        shape = conv_shape(work, "conv1", given.shape, f, filters, stride=stride)
        counts = [conv_parameters(work, "params1", given.shape[2], filters, f)]
        shape = pool_shape(work, "pool", shape, window, stride=jump)
        counts.append(_nothing(work, "params2", "Pooling only compares: nothing in it is learned."))
        depth = shape[2]
        work.step(
            "*Same* means padding with which the size stays at stride 1.",
            formula=r"p = \frac{f - 1}{2}",
            symbol="p",
            numbers=rf"\frac{{{g} - 1}}{{2}}",
            result=(g - 1) // 2,
        )
        shape = conv_shape(work, "conv2", shape, g, more, padding=(g - 1) // 2)
        counts.append(conv_parameters(work, "params3", depth, more, g))
        length = work.part("flat", flattened(work, shape, symbol="n"))
        counts.append(_nothing(work, "params4", "Flattening only lays the numbers in a row."))
        work.step(
            "The layer puts out one number for each of its units.",
            symbol=r"n_{\text{out}}",
            result=given.units,
        )
        units = work.part("dense", given.units)
        counts.append(dense_parameters(work, "params5", length, units))
        added_up(work, "total", counts)


def first_layer(given: Values) -> Layer:
    """Return the first convolution of C3."""
    f, filters, stride = given.conv1
    return Layer(Shape(*given.shape), f, filters, stride)


def _nothing(work: Work, part: str, what: str) -> int:
    work.step(what, symbol="N", result=0)
    return work.part(part, 0)


FIELDS = ("r1", "r2", "r3", "r4")


def field_slips(kind: Slip, rule: Callable[[list[list[int]]], int]) -> tuple[Mistake, ...]:
    """Return a slip in every layer's receptive field; ``rule`` finds the wrong one from the layers up to it."""

    def slip(part: str, count: int) -> Mistake:
        return kind.on(part, lambda given, _: rule(given.layers[:count]))

    return tuple(slip(part, count) for count, part in enumerate(FIELDS, start=1))


def _seen(layers: list[list[int]], *, own_stride: bool = False, whole_window: bool = False) -> int:
    """Return the receptive field, with the slips that are asked for."""
    field, jump = 1, 1
    for number, (kernel_size, stride, _) in enumerate(layers):
        before, jump = jump, jump * stride
        further = kernel_size if whole_window and number else kernel_size - 1
        field += further * (jump if own_stride else before)
    return field


class GrowingReceptiveField(Calculation):
    """What a unit sees through more and more layers."""

    id = "B9"
    title = "What more convolutional layers see"
    coursework = {
        "layers": [[3, 1, 0], [3, 1, 0], [2, 2, 1], [3, 1, 0]]
    }  # window, stride, whether it is a pooling
    givens = {
        "layers": wholes(
            "layers, one in each row: side of the window, stride, and 1 for a pooling or 0 for a convolution",
            "4 3",
            low=0,
            high=15,
        )
    }
    parts = {
        part: f"the receptive field of a unit in layer {number}"
        for number, part in enumerate(FIELDS, start=1)
    }
    slips = (
        *field_slips(
            STRIDE_NOT_SEEN,
            lambda layers: 1 + sum(kernel_size - 1 for kernel_size, _, _ in layers),
        ),
        *field_slips(
            Slip(
                "stride_counted_too_early",
                "You used the stride of the layer itself. It moves the windows of this layer apart, but does not make "
                "them larger: its effect begins with the next layer.",
                "Try one layer alone: a unit sees as many pixels as its filter has, whatever the stride.",
            ),
            lambda layers: _seen(layers, own_stride=True),
        ),
        *field_slips(
            Slip(
                "whole_window_added",
                "You added the whole filter. Its first cell looks at what was already counted; only $f - 1$ cells "
                "bring something new.",
                "Two 3 × 3 layers see 5 pixels, not 6.",
            ),
            lambda layers: _seen(layers, whole_window=True),
        ),
        *field_slips(
            Slip(
                "windows_multiplied",
                "You multiplied the sizes of the filters. Neighbouring windows overlap, so each layer adds to what is "
                "seen.",
                "Two 3 × 3 layers see 5 pixels, not 9.",
            ),
            lambda layers: math.prod(kernel_size for kernel_size, _, _ in layers),
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        convolutions = [[3, 1, 0], [3, 1, 0], [5, 1, 0], [3, 2, 0], [5, 2, 0], [7, 2, 0]]
        poolings = [[2, 2, 1], [3, 2, 1], [3, 3, 1]]
        layers = [draws.choice(convolutions) for _ in range(4)]
        layers[draws.integer(1, 2)] = draws.choice(poolings)
        return {"layers": layers}

    def refuse(self) -> None:
        if self.values["r4"] > 60:
            raise Inconvenient("the last unit sees very far")

    def accept(self) -> None:
        layers = self.given.layers
        windows = all(min(kernel_size, stride) >= 1 for kernel_size, stride, _ in layers)
        expect(windows, "Windows and strides are at least 1.", "layers")
        overlap = all(kernel_size >= stride for kernel_size, stride, _ in layers)
        expect(
            overlap,
            "Between windows there are to be no gaps: expected strides up to the side of the window.",
            "layers",
        )
        kinds = all(pooling in (0, 1) for *_, pooling in layers)
        expect(kinds, "The last number of a row is 1 for a pooling, 0 for a convolution.", "layers")

    def pose(self) -> str:
        lines = [
            f"- layer {number}: {_named(*layer)};" for number, layer in enumerate(self.given.layers, start=1)
        ]
        lines[-1] = lines[-1][:-1] + "."
        return "\n".join(
            [
                "Layers are stacked on an image:",
                "",
                *lines,
                "",
                "How far does a unit of each layer see? Give the side of its receptive field in pixels of the image.",
            ]
        )

    def solve(self, work: Work) -> None:
        work.step(
            "Each further layer sees windows of windows: its units see more of the image, and make features out of "
            "features. It also costs parameters and multiplications of its own, and a deeper plain net is harder to "
            "train (He et al. 2016). Here we count what it sees."
        )
        receptive_field(work, list(self.parts), [layer[:2] for layer in self.given.layers])


def _named(kernel_size: int, stride: int, pooling: int) -> str:
    name = "max pooling" if pooling else "convolution"
    return f"{kernel_size} × {kernel_size} {name}, stride {stride}"


# A fully connected head as a convolution


BY_COLUMNS = Slip(
    "flattened_by_columns",
    "You went through the window column by column. The head was trained on maps flattened row by row, and the order "
    "must stay.",
    "Flatten the window and the filter in the same order: row 0 first.",
)


class HeadAsConvolution(Calculation):
    """The same weights as a dense head and as filters: equal scores, equal parameters, and more on a larger map."""

    id = "A28"
    title = "A dense head, and the same weights as a convolution"
    coursework = {
        "X": [[2, 0, 1, 3], [1, 3, 0, 1], [0, 1, 2, 0]],
        "W": [[1, 0, -1, 2], [0, 1, 1, -1]],
        "b": [1, -2],
    }
    symbols = {"X": "X", "W": "W", "b": "b"}
    givens = {
        "X": reals("map $X$", "h:2-8 w:2-8"),
        "W": reals("weights $W$", "2 4"),
        "b": reals("biases $b$", "2"),
    }
    parts = {
        "z": "the two scores of the dense head for the upper left window",
        "P": "the map of first scores, by the convolution",
        "Q": "the map of second scores, by the convolution",
        "dense": "the parameters of the dense head",
        "conv": "the parameters of the convolution",
    }
    slips = (
        BIAS_NOT_ADDED.on("z", lambda given, right: [z - b for z, b in zip(right.z, given.b, strict=True)]),
        BY_COLUMNS.on("z", lambda given, _: [by_columns(given, k)[0][0] for k in range(len(given.W))]),
        *(
            slip
            for k, part in enumerate("PQ")
            for slip in (
                mistakes.KERNEL_FLIPPED.on(
                    part, lambda given, _, k=k: scores(given, k, flipped(filter_of(given, k)))
                ),
                BY_COLUMNS.on(part, lambda given, _, k=k: by_columns(given, k)),
                BIAS_NOT_ADDED.on(part, lambda given, _, k=k: conv(given.X, filter_of(given, k))),
                WINDOWS_SIDE_BY_SIDE.on(
                    part, lambda given, _, k=k: scores(given, k, filter_of(given, k), stride=2)
                ),
            )
        ),
        *dense_slips("dense", lambda given, _: (len(given.W[0]), len(given.W))),
        NOT_SHARED.on("conv", lambda given, right: right.conv * len(right.P) * len(right.P[0])),
        *conv_slips("conv", lambda given, _: Filters(1, len(given.W), len(given.W[0]))),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {
            "X": draws.matrix(*draws.choice([(3, 4), (3, 3), (4, 3)]), 0, 4),
            "W": draws.matrix(2, 4, -2, 2),
            "b": draws.vector(2, -2, 2, but=[0]),
        }

    def refuse(self) -> None:
        for k, row in enumerate(self.given.W):
            if row.count(0) > 1 or filter_of(self.given, k) in (
                flipped(filter_of(self.given, k)),
                transposed(filter_of(self.given, k)),
            ):
                raise Degenerate("a filter looks the same when it is turned")
        if self.given.W[0] == self.given.W[1]:
            raise Degenerate("both classes have the same weights")
        if self.values["z"][0] == self.values["z"][1]:
            raise Degenerate("the two classes have the same score")

    def pose(self) -> str:
        rows, columns = len(self.given.X), len(self.given.X[0])
        return (
            "A dense head was trained on maps of 2 × 2. It flattens them row by row and gives two scores, $z = W x + "
            "b$. As a convolution, each row of $W$ becomes a filter of 2 × 2, with the same bias, laid on a larger "
            f"map (stride 1, no padding). Here is a map $X$ of {rows} × {columns}. Show that both heads say the same "
            "about its upper left 2 × 2 window, what else the convolution says, and how the number of parameters "
            "changes."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        window = [(a, b) for a in range(2) for b in range(2)]
        x = [given.X[a][b] for a, b in window]
        work.step("Flatten the window row by row.", symbol="x", result=x, cells={"X": window})
        z = []
        for k, (row, bias) in enumerate(zip(given.W, given.b, strict=True)):
            z.append(linear([x], [row], [bias])[0][0])
            work.step(
                "Multiply the window by a row of the weights, number by number; add up with the bias.",
                formula=r"z_k = \sum_i W_{ki}\, x_i + b_k",
                symbol=f"z_{{{k}}}",
                numbers=f"{sum_of_products(row, x)} + {factor(bias)}",
                result=z[k],
                cells={"X": window, "W": [(k, i) for i in range(len(row))], "b": [(k,)], "z": [(k,)]},
            )
        work.part("z", z)
        for k, (part, symbol) in enumerate((("P", "F"), ("Q", "G"))):
            kernel = work.show(symbol, filter_of(given, k))
            work.step(
                f"Fold row {k} of $W$ into a filter, row by row. In the corner it meets the same window with the same "
                f"weights as the dense head: ${part}_{{0,0}}$ must be $z_{k}$.",
                symbol=symbol,
                result=kernel,
            )
            options = {"bias": given.b[k], "bias_symbol": f"b_{k}"}
            convolve(work, part, given.X, kernel, symbols=("X", symbol), **options)
        dense_parameters(work, "dense", len(x), len(given.W))
        work.step(
            "Folding changes no weight, and all windows share them: the larger map costs no further parameter."
        )
        conv_parameters(work, "conv", 1, len(given.W), 2)


def filter_of(given: Values, k: int) -> list[list[Any]]:
    """Return row k of the weights as a filter of 2 x 2."""
    return [given.W[k][:2], given.W[k][2:]]


def scores(given: Values, k: int, kernel: list[list[Any]], **options: int) -> list[list[Any]]:
    """Return the map of scores of class k with another filter."""
    return [[value + given.b[k] for value in row] for row in conv(given.X, kernel, **options)]


def by_columns(given: Values, k: int) -> list[list[Any]]:
    """Return the map of scores of class k with windows read column by column."""
    return scores(given, k, transposed(filter_of(given, k)))


class FullyConvolutionalHead(Concept):
    """What is gained by writing a dense head as convolutions."""

    id = "A27"
    title = "What it brings to turn a dense head into convolutions"
    question = "What is gained when the fully connected head of a net is turned into convolutions?"
    model = (
        "A fully connected layer that reads maps is the same as a convolution whose filters are as large as those "
        "maps; the dense layers behind it become 1 × 1 convolutions. The weights stay the same, they are only "
        "reshaped. But a convolution has no fixed input size: the net now takes any image that is at least as large as "
        "those it was trained on. On a larger image it gives a map of scores, one for each position of the window that "
        "the old net saw. One pass replaces sliding the old net over the image, because overlapping windows share "
        "their computation (Long et al. 2015)."
    )
    points = (
        Point(
            "A fully connected layer that reads maps equals a convolution whose filters are as large as those maps.",
            "filter as large map | filter size map | kernel size map | kernel as large | filter cover map | kernel "
            "cover | filter whole map | convol as large map | same convol large filter | convol size map",
        ),
        Point(
            "The weights stay the same and are only reshaped.",
            "weight same | weight reshap | weight unchang | weight copi | weight kept | weight stay | same param | "
            "param unchang",
        ),
        Point(
            "The converted net accepts images larger than those it was trained on.",
            "any size | any input | any image | arbitrar size | arbitrar input | larger image | larger input | bigger "
            "image | bigger input | different size | vari size | variable input | no fix size | no fix input",
        ),
        Point(
            "On a larger image it gives a map of scores, one for each position of the window.",
            "map score | score map | heatmap | heat-map | grid score | map predict | map class | score position | "
            "predict position",
        ),
        Point(
            "One pass does the work of sliding the old net over the image, as overlapping windows share computation.",
            "one pass | single pass | one forward | single forward | shar comput | slid window | effic window",
        ),
    )
    misconceptions = (
        Misconception(
            "conversion_saves_parameters",
            "The conversion saves parameters, because convolutions share their weights.",
            "The number of parameters stays exactly the same: each row of the dense weights becomes one filter. What "
            "is shared is shared between window positions, and the dense head had only one.",
            "fewer param | fewer weight | less param | less weight | save param | reduc param | reduc weight | save "
            "weight | decreas param",
            catch="Count the numbers in one row of the dense weights and in one filter.",
        ),
        Misconception(
            "needs_new_training",
            "The converted net has to be trained from scratch, as its filters are new.",
            "Its filters are the rows of the trained weights in another shape. On images of the old size it gives "
            "exactly the old scores.",
            "train scratch | must retrain | need retrain | be retrain | train again | train anew | has retrain",
            catch="Put an image of the old size into both nets and compare the scores.",
        ),
        Misconception(
            "one_score_for_any_size",
            "On a larger image, the converted net gives a single score for each class, as before.",
            "It gives a map of scores: one for each position of the window. Whoever wants a single score takes their "
            "mean or their largest.",
            "larger single score | larger one score class | still single score | still one score | bigger single score",
            catch="Use the size formula on the first converted layer.",
        ),
        Misconception(
            "resizes_the_image",
            "The converted net first scales every image to the size it was trained on.",
            "Nothing is scaled. The filters simply find more positions on a larger image.",
            "scale image size train | resize image | resized | crop image | scale every image | scales every image",
            catch="Look for a layer in the net that would scale the image.",
        ),
        Misconception(
            "as_costly_as_sliding",
            "One pass of the converted net costs as much as running the old net on all the overlapping windows one by "
            "one.",
            "Where windows overlap, the layers before the head compute their maps once for all of them; the old net "
            "would compute them anew for each window.",
            "cost as much | cost same | as expensive | as costly | as slow",
            catch="How often is the first layer applied to a pixel that lies in ten windows?",
        ),
    )
