"""Convolution and pooling, forward: every window laid out, and the sizes that come out."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, NamedTuple

from byhand import definitions, mistakes
from byhand.calculation import Calculation
from byhand.concept import Concept, Misconception, Point
from byhand.draws import Degenerate, Draws
from byhand.given import expect, expect_window, reals, shape, wholes
from byhand.mistakes import Mistake, Slip
from byhand.moves.convolution import cells_of, convolve, max_pool, no_ties, relu
from byhand.moves.counting import conv_shape, counted, output_size, padded, pool_shape
from byhand.notation import Shape, exact, numbers, sizes, tex
from byhand.trace import Work
from cvlib.shapes import conv_output_size

Grid = list[list[Any]]


# One map, one filter


PADDING_ADDED = Slip(
    "padding_added",
    "You laid the filter over the edge of the map. Without padding, only windows that lie wholly inside the map count.",
    "Write down the output size first: rows and columns of your result must match it.",
)
WINDOWS_SIDE_BY_SIDE = Slip(
    "windows_side_by_side",
    "You laid the windows side by side, as pooling often does. The windows of a convolution overlap: the stride says "
    "how far each one is from the one before.",
    "Write down the output size first: rows and columns of your result must match it.",
)
LARGEST_PRODUCT = Slip(
    "maximum_for_sum",
    "You kept the largest product of each window. Convolution adds all the products up; keeping the largest value is "
    "max pooling.",
    "Count the products of one window: each of them must be in your sum.",
)
ONE_LINE_OF_THE_FILTER = Slip(
    "one_line_of_the_filter",
    "You used one line of the filter only. Its other lines see the edge too, and all the products of a window are "
    "added up.",
    "Count the products of one window: there are as many as the filter has cells.",
)


def flipped(kernel: Grid) -> Grid:
    """Return the filter turned by 180 degrees."""
    return [row[::-1] for row in kernel[::-1]]


def transposed(matrix: Grid) -> Grid:
    """Return a matrix with rows and columns exchanged."""
    return [list(column) for column in zip(*matrix, strict=True)]


def conv(image: Grid, kernel: Grid, **options: int) -> Grid:
    """Return the cross-correlation of one map with one filter."""
    return definitions.conv2d([[image]], [[kernel]], **options)[0][0]


def largest_products(image: Grid, kernel: Grid, *, stride: int = 1, padding: int = 0) -> Grid:
    """Return the largest product, in place of the sum, of every window."""
    edge = [0] * padding
    rows = [[*edge, *row, *edge] for row in image]
    blank = [[0] * len(rows[0]) for _ in range(padding)]
    rows = [*blank, *rows, *blank]
    height, width = (
        conv_output_size(n, k, stride=stride)
        for n, k in ((len(rows), len(kernel)), (len(rows[0]), len(kernel[0])))
    )
    taps = cells_of(kernel)
    return [
        [max(rows[i * stride + a][j * stride + b] * kernel[a][b] for a, b in taps) for j in range(width)]
        for i in range(height)
    ]


def window_slips(part: str, image: str, *, again: str = "") -> tuple[Mistake, ...]:
    """Return the slips of laying a filter on a map: ``image`` names the given map; stride and padding are given too.

    ``again`` replaces the message about padding.
    """

    def options(given: SimpleNamespace) -> dict[str, int]:
        return {"stride": getattr(given, "stride", 1), "padding": getattr(given, "padding", 0)}

    def slip(kind: Slip, wrong: Callable[[Grid, Grid, dict[str, int]], Grid | None], **words: str) -> Mistake:
        return kind.on(
            part, lambda given, _: wrong(getattr(given, image), given.kernel, options(given)), **words
        )

    return (
        slip(mistakes.KERNEL_FLIPPED, lambda x, k, o: conv(x, flipped(k), **o)),
        slip(
            PADDING_ADDED,
            lambda x, k, o: None if o["padding"] else conv(x, k, **o | {"padding": 1}),
            message=again,
        ),
        slip(mistakes.PADDING_FORGOTTEN, lambda x, k, o: conv(x, k, **o | {"padding": 0})),
        slip(mistakes.STRIDE_IGNORED, lambda x, k, o: conv(x, k, **o | {"stride": 1})),
        slip(WINDOWS_SIDE_BY_SIDE, lambda x, k, o: conv(x, k, **o | {"stride": len(k)})),
        slip(LARGEST_PRODUCT, lambda x, k, o: largest_products(x, k, **o)),
    )


class ConvolutionPoolingReLU(Calculation):
    """Forward through a filter, a max pooling and a ReLU."""

    id = "A1"
    title = "Convolution, max pooling and ReLU, forward"
    coursework = exact(
        {
            "image": [[1, 3, 2, 4, 6, 4], [4, 8, 3, 1, 0, 2], [2, 1, 4, 3, 9, 1], [4, 7, 2, 3, 9, 2]],
            "kernel": [[-1, 0, 1]] * 3,
        }
    )
    symbols = {"image": "I", "kernel": "W"}
    givens = {"image": reals("map $I$", "h:3-8 w:3-8"), "kernel": reals("filter $W$", "f:1-5 g:1-5")}
    parts = {"J": "the map after the convolution", "K": "the map after pooling", "O": "the output after ReLU"}
    slips = (
        *window_slips("J", "image"),
        mistakes.MEAN_POOL_FOR_MAX.on("K", lambda given, right: definitions.avg_pool2d([[right.J]], 2)[0][0]),
        mistakes.STRIDE_IGNORED.on(
            "K", lambda given, right: definitions.max_pool2d([[right.J]], 2, stride=1)[0][0]
        ),
        mistakes.RELU_FORGOTTEN.on("O", lambda given, right: right.K),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Grid]:
        row = draws.choice([[-1, 0, 1], [1, 0, -1], [0, 1, -1], [1, -1, 0], [1, 1, 0]])
        kernel = draws.choice([[row] * 3, [[entry] * 3 for entry in row], draws.matrix(3, 3, -1, 1)])
        return {"image": draws.matrix(4, 6, 0, 9), "kernel": kernel}

    def refuse(self) -> None:
        if self.given.kernel == flipped(self.given.kernel):
            raise Degenerate("the filter is the same when it is flipped")
        no_ties(self.values["J"], 2)
        pooled = numbers(self.values["K"])
        if 0 in pooled:
            raise Degenerate("a value lies on the kink of the ReLU")
        if max(pooled) < 0:
            raise Degenerate("nothing is left after the ReLU")

    def accept(self) -> None:
        expect_window(
            sizes(self.given.image), sizes(self.given.kernel), "kernel", places=2
        )  # one window to pool

    def pose(self) -> str:
        return (
            "The map $I$ goes through a convolution with the filter $W$ (stride 1, no padding, no bias), then through "
            r"a $2 \times 2$ max pooling with stride 2, then through a ReLU. Compute every map on the way."
        )

    def solve(self, work: Work) -> None:
        feature = convolve(work, "J", self.given.image, self.given.kernel)
        pooled = max_pool(work, "K", feature, 2, symbol="J")
        relu(work, "O", pooled, symbol="K")


class EdgeFilter(Calculation):
    """A filter that answers to edges, on a map with one edge."""

    id = "B8"
    title = "A filter that finds edges"
    coursework = exact(
        {"image": [[10, 10, 10, 0, 0, 0]] * 6, "kernel": [[1, 0, -1]] * 3, "stride": 1, "padding": 0}
    )
    symbols = {"image": "I", "kernel": "W"}
    givens = {"image": reals("map $I$", "h:2-8 w:2-8"), "kernel": reals("filter $W$", "f:1-5 g:1-5")}
    parts = {"J": "the map after the convolution"}
    slips = (
        ONE_LINE_OF_THE_FILTER.on("J", lambda given, _: conv(given.image, one_line(given.kernel))),
        *window_slips("J", "image"),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        across, along = draws.integer(5, 7), draws.integer(4, 6)
        edge = draws.integer(2, across - 2)
        bright, dark = draws.integer(4, 12), draws.choice([0, 0, 1, 2])
        first, second = draws.choice([(bright, dark), (dark, bright)])
        image = [[first] * edge + [second] * (across - edge)] * along
        sign = draws.choice([1, -1])
        kernel = [
            [sign * weight * entry for entry in (1, 0, -1)] for weight in draws.choice([(1, 1, 1), (1, 2, 1)])
        ]
        if draws.choice([True, False]):
            image, kernel = transposed(image), transposed(kernel)
        return {"image": image, "kernel": kernel, "stride": 1, "padding": 0}

    def accept(self) -> None:
        image, kernel = self.given.image, self.given.kernel
        expect_window(sizes(image), sizes(kernel), "kernel")
        expect(
            has_one_edge(image) or has_one_edge(transposed(image)),
            "The map is to have one edge: one number on one side of a straight line, another on the other.",
            "image",
        )
        expect(sum(numbers(kernel)) == 0, "The weights of a filter that finds edges add up to 0.", "kernel")

    def refuse(self) -> None:
        if not any(numbers(self.values["J"])):
            raise Degenerate("the filter looks for edges that run another way, and every window gives 0")

    def pose(self) -> str:
        image, upright = self.given.image, len(set(self.given.image[0])) > 1
        before, after = ("left", "right") if upright else ("upper", "lower")
        return (
            f"The {len(image)} × {len(image[0])} map $I$ has one edge: its {before} part is {image[0][0]}, its {after} "
            f"part is {image[-1][-1]}. It goes through a convolution with the filter $W$ (stride 1, no padding, no "
            "bias). Compute the map that comes out, and see where it tells of the edge."
        )

    def solve(self, work: Work) -> None:
        work.step(
            "The weights add up to 0, so a window that lies wholly on one side of the edge gives 0. Only the windows "
            "that see both sides answer, and their sign says on which side it is brighter.",
            formula=r"\sum_{a,b} W_{ab} = 0",
        )
        convolve(work, "J", self.given.image, self.given.kernel)


def has_one_edge(image: Grid) -> bool:
    """Tell whether all rows are alike: one number up to some column, another from there on."""
    first, last = image[0][0], image[0][-1]
    edge = image[0].count(first)
    return first != last and all(row == [first] * edge + [last] * (len(row) - edge) for row in image)


def one_line(kernel: Grid) -> Grid:
    """Return an edge filter with its middle line alone, along the direction in which it takes differences."""
    if any(sum(row) for row in kernel):  # differences run down the columns
        return transposed(one_line(transposed(kernel)))
    middle = len(kernel) // 2
    return [row if i == middle else [0] * len(row) for i, row in enumerate(kernel)]


class ConvolutionByHand(Calculation):
    """One filter on one small map."""

    id = "C2a"
    title = "One filter on a small map"
    coursework = exact(
        {
            "M": [[1, 0, 0, 2], [0, 1, 0, 1], [0, 0, 1, 2], [0, 0, 0, 1]],
            "kernel": [[0, 0], [1, 1]],
            "stride": 1,
            "padding": 0,
        }
    )
    symbols = {"M": "M", "kernel": "K"}
    givens = {
        "M": reals("map $M$", "n n"),
        "kernel": reals("filter $K$", "f:1-5 f"),
        "stride": wholes("stride", low=1, high=4),
        "padding": wholes("padding on each side", low=0, high=3),
    }
    parts = {"Y": "the map after the convolution"}
    slips = window_slips("Y", "M")

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        size, kernel_size, stride, padding = draws.choice(
            [(4, 2, 1, 0), (4, 2, 1, 0), (5, 3, 1, 0), (5, 3, 2, 1), (3, 3, 1, 1), (3, 2, 1, 1)]
        )
        kernel = draws.matrix(kernel_size, kernel_size, draws.choice([0, -1]), 1)
        M = [[draws.choice([0, 0, 1, 1, 2, 3]) for _ in range(size)] for _ in range(size)]
        return {"M": M, "kernel": kernel, "stride": stride, "padding": padding}

    def refuse(self) -> None:
        kernel = self.given.kernel
        if kernel == flipped(kernel):
            raise Degenerate("the filter is the same when it is flipped")
        if numbers(self.values["Y"]).count(0) > len(numbers(self.values["Y"])) // 2:
            raise Degenerate("most of the result is zero")

    def accept(self) -> None:
        given = self.given
        expect_window(sizes(given.M), sizes(given.kernel), "kernel", padding=given.padding)

    def pose(self) -> str:
        n, f = len(self.given.M), len(self.given.kernel)
        return (
            f"The {n} × {n} map $M$ goes through a convolution with the {f} × {f} filter $K$: stride "
            f"{self.given.stride}, {padded(self.given.padding)}, no bias. Compute the map that comes out."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        options = {"stride": given.stride, "padding": given.padding}
        what = "First the size: count the places of the filter along a side."
        output_size(work, what, len(given.M), len(given.kernel), **options)
        convolve(work, "Y", given.M, given.kernel, symbols=("M", "K"), **options)


# Sizes of whole stacks of maps


STRIDE_REDUCES_DEPTH = Slip(
    "stride_reduces_depth",
    "You divided the depth by the stride as well. The window moves over height and width only; the depth of the output "
    "is the number of filters, or, for pooling, the depth of the input.",
    "Ask what makes one map of the output: one filter of a convolution, one map below a pooling.",
)
DEPTH_KEPT = Slip(
    "depth_of_the_input_kept",
    "You kept the depth of the input. A filter adds up over all maps of the input and makes one map, so the depth of "
    "the output is the number of filters.",
    "Ask what makes one map of the output: one filter.",
)
SHRUNK_TO_A_POINT = Slip(
    "one_by_one_means_one_pixel",
    "You took 1 × 1 for the size of the result. It is the size of the filter: it is laid on every pixel, so height and "
    "width stay.",
    "Use the size formula with $f = 1$, $s = 1$, $p = 0$.",
)


class Layer(NamedTuple):
    """A convolution or a pooling on a stack of maps; a pooling has no filters (None) and keeps the depth."""

    shape: Shape
    kernel_size: int
    filters: int | None
    stride: int = 1
    padding: int = 0

    def sized(self, places: Callable[[int], int]) -> Shape | None:
        """Return the shape that comes out if ``places`` counts them along a side; None if nothing is left."""
        height, width, depth = self.shape
        shape = Shape(places(height), places(width), depth if self.filters is None else self.filters)
        return shape if min(shape) > 0 else None

    def places(self, size: int) -> int:
        """Return the number of places of the window along a side; 0 if it does not fit."""
        return (size + 2 * self.padding - self.kernel_size) // self.stride + 1


def size_slips(part: str, layer: Callable[[SimpleNamespace, SimpleNamespace], Layer]) -> tuple[Mistake, ...]:
    """Return the slips in the size formula, for the layer that makes ``part`` of the givens and right values."""

    def slip(kind: Slip, places: Callable[[int, Layer], int]) -> Mistake:
        return kind.on(part, lambda given, right: (it := layer(given, right)).sized(lambda n: places(n, it)))

    return (
        slip(mistakes.PLUS_ONE_FORGOTTEN, lambda n, it: it.places(n) - 1),
        slip(mistakes.STRIDE_IGNORED, lambda n, it: it._replace(stride=1).places(n)),
        slip(
            mistakes.CEIL_FOR_FLOOR, lambda n, it: -((it.kernel_size - n - 2 * it.padding) // it.stride) + 1
        ),
        slip(mistakes.PADDING_FORGOTTEN, lambda n, it: it._replace(padding=0).places(n)),
        slip(mistakes.PADDING_ON_ONE_SIDE, lambda n, it: it._replace(padding=0).places(n + it.padding)),
    )


def kept_sizes(shape: Shape, depth: int) -> Shape:
    """Return a shape with another depth."""
    return Shape(*shape[:2], depth)


def stack(shape: list[int]) -> str:
    """Return words for a stack of maps: "a stack of 10 maps of 28 × 28"."""
    maps = "a map" if shape[2] == 1 else f"a stack of {shape[2]} maps"
    return f"{maps} of {shape[0]} × {shape[1]}"


class ThreeWaysToReduce(Calculation):
    """Pooling and stride for height and width, 1 x 1 filters for depth."""

    id = "A18"
    title = "Making activation maps smaller, in space and in depth"
    coursework = {"shape": [32, 32, 64], "window": 2, "kernel_size": 3, "padding": 1, "filters": 16}
    givens = {
        "shape": shape("height × width × depth of the stack", low=2),
        "window": wholes("side of the pooling's window, and its stride", low=2, high=16),
        "kernel_size": wholes("side of the filters of the convolution with stride 2", low=1, high=15),
        "padding": wholes("padding of this convolution, on each side", low=0, high=7),
        "filters": wholes("number of 1 × 1 filters", low=1, high=1024),
    }
    parts = {
        "pooled": "the size after the pooling (height × width × depth)",
        "strided": "the size after the convolution with stride 2",
        "reduced": "the size after the convolution with 1 × 1 filters",
    }
    slips = (
        STRIDE_REDUCES_DEPTH.on(
            "pooled", lambda given, right: kept_sizes(right.pooled, right.pooled[2] // 2)
        ),
        mistakes.STRIDE_IGNORED.on(
            "pooled", lambda given, _: way(given, "pooled").sized(lambda n: n - given.window + 1)
        ),
        STRIDE_REDUCES_DEPTH.on(
            "strided",
            lambda given, right: kept_sizes(right.strided, right.strided[2] // 2),
            recorded="a stride reduces the depth of the maps",
            why="Depth was treated as a third direction in which the window moves.",
        ),
        *size_slips("strided", lambda given, _: way(given, "strided")),
        DEPTH_KEPT.on("reduced", lambda given, _: Shape(*given.shape)),
        mistakes.DEPTH_MULTIPLIED.on(
            "reduced", lambda given, right: kept_sizes(right.reduced, given.filters * given.shape[2])
        ),
        SHRUNK_TO_A_POINT.on("reduced", lambda given, _: Shape(1, 1, given.filters)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        height = draws.choice([14, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64])
        width = draws.choice([height, height, 24, 32, 48])
        kernel_size = draws.choice([2, 3, 3, 5])
        depth, filters = draws.choice(
            [(24, 8), (32, 8), (48, 16), (64, 16), (64, 32), (96, 24), (128, 32), (192, 64)]
        )
        return {
            "shape": [height, width, depth],
            "window": draws.choice([2, 2, 4]),
            "kernel_size": kernel_size,
            "padding": (kernel_size - 1) // 2,
            "filters": filters,
        }

    def accept(self) -> None:
        given, sides = self.given, self.given.shape[:2]
        expect_window(sides, [given.window] * 2, "window")
        expect_window(sides, [given.kernel_size] * 2, "kernel_size", padding=given.padding)
        smaller = all(way(given, "strided").places(side) < side for side in sides)
        expect(
            smaller,
            "The convolution with stride 2 is to make the maps smaller: expected less padding.",
            "padding",
        )
        expect(
            given.filters < given.shape[2],
            f"The 1 × 1 filters are to make the stack less deep: expected fewer than its {given.shape[2]} maps.",
            "filters",
        )

    def pose(self) -> str:
        given, window = self.given, self.given.window
        return (
            f"A layer has put out {stack(given.shape)}. Three layers are tried on it, each on the stack itself:\n\n"
            f"- a {window} × {window} max pooling with stride {window};\n"
            f"- a convolution with {given.shape[2]} filters of {given.kernel_size} × {given.kernel_size}, stride 2, "
            f"{padded(given.padding)};\n"
            f"- a convolution with {given.filters} filters of 1 × 1, stride 1, no padding.\n\n"
            "Which of them make the maps smaller, and which makes the stack less deep?"
        )

    def solve(self, work: Work) -> None:
        given, shape = self.given, self.given.shape
        pool_shape(work, "pooled", shape, given.window, stride=given.window)
        conv_shape(work, "strided", shape, given.kernel_size, shape[2], stride=2, padding=given.padding)
        work.step(
            "A filter of 1 × 1 sees one pixel in all maps at once, so it mixes maps and leaves height and width alone. "
            "Pooling and stride make maps smaller; the number of filters alone decides how many there are."
        )
        conv_shape(work, "reduced", shape, 1, given.filters)


def way(given: SimpleNamespace, part: str) -> Layer:
    """Return the layer of A18 that makes this part."""
    shape = Shape(*given.shape)
    if part == "pooled":
        return Layer(shape, given.window, None, given.window)
    return Layer(shape, given.kernel_size, shape[2], 2, given.padding)


class HalvingConvolution(Calculation):
    """The padding with which a convolution of stride 2 halves height and width."""

    id = "A19"
    title = "A convolution that halves height and width"
    coursework = {"shape": [28, 28, 16], "even_filter": 2, "odd_filter": 3}
    givens = {
        "shape": shape("height × width × depth of the stack", low=2),
        "even_filter": wholes("side of the filters of even size", low=2, high=32),
        "odd_filter": wholes("side of the filters of odd size", low=1, high=31),
    }
    parts = {
        "even": "the padding on each side for the filters of even size",
        "odd": "the padding on each side for the filters of odd size",
        "filters": "the number of filters",
    }
    SIGN = Slip(
        "sign_in_the_size_formula",
        "A term changed sides and kept its sign. From $h + 2p - f + 2 = h$ it follows that $2p = f - 2$, and one more "
        "where the floor takes off a remainder.",
        "Put your padding back into the size formula: half the height must come out.",
    )
    FLOOR_IGNORED = Slip(
        "floor_ignored",
        "Half a cell of padding does not exist. The size formula rounds down, so $h + 2p - f$ may leave a remainder of "
        "1 when it is divided by 2: take $2p = f - 1$.",
        "A padding is a whole number.",
    )
    slips = (
        SIGN.on(
            "even",
            lambda given, _: (given.even_filter + 2) // 2,
            recorded="the size formula solved for the padding with a sign error",
            why="A term changed sides and kept its sign, and the padding that came out was never put back into the "
            "formula.",
        ),
        mistakes.PLUS_ONE_FORGOTTEN.on("even", lambda given, _: given.even_filter // 2),
        mistakes.PADDING_ON_ONE_SIDE.on(
            "even",
            lambda given, right: 2 * right.even,
            message="That is the padding of both sides together; $p$ counts one side.",
        ),
        SIGN.on(
            "odd",
            lambda given, _: (given.odd_filter + 1) // 2,
            message="You found $2p = f + 1$: the $+1$ of the size formula was lost, or a term changed sides and kept "
            "its sign. From $h + 2p - f + 2 = h + 1$ it follows that $2p = f - 1$.",
        ),
        FLOOR_IGNORED.on("odd", lambda given, _: Fraction(given.odd_filter - 2, 2)),
        mistakes.PADDING_ON_ONE_SIDE.on(
            "odd",
            lambda given, right: 2 * right.odd,
            message="That is the padding of both sides together; $p$ counts one side.",
        ),
        STRIDE_REDUCES_DEPTH.on(
            "filters",
            lambda given, right: 2 * right.filters,
            message="You doubled the number of filters, as if the stride halved the depth too. The stride acts on "
            "height and width alone: as many maps come out as there are filters.",
        ),
        mistakes.DEPTH_MULTIPLIED.on(
            "filters",
            lambda given, _: 1,
            message="One filter does not work on each map by itself: it adds up over all of them and makes a single "
            "map.",
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        height = 2 * draws.integer(8, 32)
        return {
            "shape": [
                height,
                draws.choice([height, height, 2 * draws.integer(8, 32)]),
                draws.integer(2, 12) * 4,
            ],
            "even_filter": draws.choice([2, 4, 6, 8]),
            "odd_filter": draws.choice([3, 5, 7, 9]),
        }

    def accept(self) -> None:
        given = self.given
        even_sides = not any(side % 2 for side in given.shape[:2])
        expect(even_sides, "Height and width are to be halved: expected even numbers.", "shape")
        expect(given.even_filter % 2 == 0, "Expected filters whose side is an even number.", "even_filter")
        expect(given.odd_filter % 2 == 1, "Expected filters whose side is an odd number.", "odd_filter")

    def pose(self) -> str:
        given, (height, width, depth) = self.given, self.given.shape
        even, odd = given.even_filter, given.odd_filter
        return (
            f"A convolution with stride 2 is to make {stack([height // 2, width // 2, depth])} out of "
            f"{stack(given.shape)}. Which padding does it need with filters of {even} × {even}, which with filters of "
            f"{odd} × {odd}, and how many filters?"
        )

    def solve(self, work: Work) -> None:
        given, depth = self.given, self.given.shape[2]
        work.step(
            "Put half the height into the size formula, with stride 2.",
            formula=r"\left\lfloor \frac{h + 2p - f}{2} \right\rfloor + 1 = \frac{h}{2}",
        )
        work.step(
            "Take the 1 to the other side and multiply by 2. Rounding down lets a remainder of 0 or 1 go by.",
            formula=r"h - 2 \le h + 2p - f \le h - 1",
        )
        work.step(
            "Take $h$ away and add $f$: the height drops out, so one padding halves every even height, and every even "
            "width.",
            formula=r"f - 2 \le 2p \le f - 1",
        )
        self._padding(work, "even", given.even_filter, "f - 2")
        self._padding(work, "odd", given.odd_filter, "f - 1")
        work.step(
            f"Each filter makes one map of the output, and {depth} maps are wanted.",
            formula="n = d",
            symbol="n",
            result=depth,
        )
        work.part("filters", depth)

    def _padding(self, work: Work, part: str, kernel_size: int, total: str) -> None:
        number = kernel_size - 2 if part == "even" else kernel_size - 1
        work.step(
            f"$2p$ is even, and of the two candidates for $f = {kernel_size}$ only ${total}$ is.",
            formula=rf"p = \frac{{{total}}}{{2}}",
            symbol="p",
            numbers=rf"\frac{{{tex(kernel_size)} - {total[-1]}}}{{2}}",
            result=number // 2,
        )
        height = self.given.shape[0]
        what = f"Check: {height} must become {height // 2}."
        output_size(work, what, height, kernel_size, stride=2, padding=number // 2)
        work.part(part, number // 2)


class OutputShape(Calculation):
    """What comes out of a convolution on a stack of maps."""

    id = "A20"
    title = "The output size of a convolutional layer"
    coursework = {"shape": [28, 28, 10], "kernel_size": 3, "filters": 4, "stride": 1, "padding": 0}
    givens = {
        "shape": shape("height × width × depth of the input"),
        "kernel_size": wholes("side of the filters", low=1, high=64),
        "filters": wholes("number of filters", low=1, high=1024),
        "stride": wholes("stride", low=1, high=16),
        "padding": wholes("padding on each side", low=0, high=32),
    }
    parts = {"output": "the size of the output (height × width × depth)"}
    slips = (
        mistakes.ONE_AFTER_ANOTHER.on(
            "output",
            lambda given, _: one_after_another(given),
            recorded="20 × 20 × 10",
            why="Each of the four filters took 2 off height and width, one after another (28, 26, 24, 22, 20), and the "
            "ten maps were thought to stay ten.",
        ),
        mistakes.ONE_AFTER_ANOTHER.on(
            "output",
            lambda given, _: (shape := one_after_another(given)) and kept_sizes(shape, given.filters),
        ),
        DEPTH_KEPT.on("output", lambda given, right: kept_sizes(right.output, given.shape[2])),
        mistakes.DEPTH_MULTIPLIED.on(
            "output", lambda given, right: kept_sizes(right.output, given.shape[2] * given.filters)
        ),
        *size_slips("output", lambda given, _: only_layer(given)),
        PADDING_ADDED.on(
            "output",
            lambda given, _: None if given.padding else kept_sizes(Shape(*given.shape), given.filters),
            message="You kept height and width. That takes padding, and there is none here: only windows that lie "
            "wholly inside the maps count.",
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        kernel_size, stride, padding = draws.choice(
            [
                (3, 1, 0),
                (5, 1, 0),
                (7, 1, 0),
                (2, 1, 0),
                (3, 2, 0),
                (5, 2, 0),
                (5, 1, 1),
                (3, 2, 1),
                (7, 2, 3),
                (4, 2, 1),
            ]
        )
        height = draws.integer(16, 64)
        return {
            "shape": [height, draws.choice([height, height, draws.integer(16, 64)]), draws.integer(3, 16)],
            "kernel_size": kernel_size,
            "filters": draws.integer(2, 12),
            "stride": stride,
            "padding": padding,
        }

    def refuse(self) -> None:
        if self.given.filters == self.given.shape[2]:
            raise Degenerate("there are as many filters as maps, so their roles cannot be told apart")

    def accept(self) -> None:
        given = self.given
        expect_window(given.shape[:2], [given.kernel_size] * 2, "kernel_size", padding=given.padding)

    def pose(self) -> str:
        given, f = self.given, self.given.kernel_size
        return (
            f"{stack(given.shape).capitalize()} goes through a convolution with {counted(given.filters, 'filter')} of "
            f"{f} × {f}: stride {given.stride}, {padded(given.padding)}."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        options = {"stride": given.stride, "padding": given.padding}
        conv_shape(work, "output", given.shape, given.kernel_size, given.filters, **options)


def only_layer(given: SimpleNamespace) -> Layer:
    """Return the layer of A20."""
    return Layer(Shape(*given.shape), given.kernel_size, given.filters, given.stride, given.padding)


def one_after_another(given: SimpleNamespace) -> Shape | None:
    """Return the size if every filter shrank the maps anew and the depth stayed; None once nothing is left."""
    shape = Shape(*given.shape)
    for _ in range(given.filters):
        shape = Layer(shape, given.kernel_size, None, given.stride, given.padding).sized(
            only_layer(given).places
        )
        if shape is None:
            return None
    return shape


# Pooling has nothing to learn


WINDOW_AS_WEIGHTS = Slip(
    "window_counted_as_weights",
    "You counted the cells of the window. Pooling only looks at them: nothing there is multiplied by a learned number.",
    "Ask what gradient descent could change in this layer.",
)
POOLING_AS_CONVOLUTION = Slip(
    "pooling_counted_as_convolution",
    "You counted the layer as if it were a convolution. A pooling has a window and no filters: no weights, no biases.",
    "Ask what gradient descent could change in this layer.",
)
SETTINGS_AS_PARAMETERS = Slip(
    "settings_counted_as_parameters",
    "You counted the size of the window and the stride. They are chosen by people and stay as they are "
    "(hyperparameters); parameters are what training changes.",
    "Ask what gradient descent could change in this layer.",
)


class PoolingParameters(Calculation):
    """The learnable parameters of a pooling layer; ``kind`` and ``does`` say which one it is."""

    kind = ""
    does = ""
    coursework = {"shape": [28, 28, 10], "window": 2, "stride": 2}
    givens = {
        "shape": shape("height × width × depth of the input"),
        "window": wholes("side of the window", low=1, high=64),
        "stride": wholes("stride", low=1, high=64),
    }
    parts = {"parameters": "the number of learnable parameters of the layer"}

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        size, window = draws.integer(12, 64), draws.integer(2, 5)
        return {
            "shape": [size, size, draws.integer(3, 64)],
            "window": window,
            "stride": draws.choice([window, 2]),
        }

    def accept(self) -> None:
        expect_window(self.given.shape[:2], [self.given.window] * 2, "window")

    def pose(self) -> str:
        given, f = self.given, self.given.window
        return (
            f"{stack(given.shape).capitalize()} goes through {self.kind} pooling with a {f} × {f} window and stride "
            f"{given.stride}."
        )

    def solve(self, work: Work) -> None:
        given, depth = self.given, self.given.shape[2]
        work.step(self.does, formula=r"\text{weights} = 0", symbol=r"\text{weights}", result=0)
        work.step(
            "Nothing is added to the result either.",
            formula=r"\text{biases} = 0",
            symbol=r"\text{biases}",
            result=0,
        )
        work.step("So training has nothing to change.", symbol="N", numbers="0 + 0", result=0)
        area = given.window**2
        work.step(
            f"Compare: a convolution with the same window that keeps {counted(depth, 'map')} has something to learn.",
            formula=r"N_{\text{conv}} = n \cdot (f \cdot f \cdot d + 1)",
            symbol=r"N_{\text{conv}}",
            numbers=rf"{depth} \cdot ({given.window} \cdot {given.window} \cdot {depth} + 1)",
            result=depth * (area * depth + 1),
        )
        work.part("parameters", 0)


def pooling_slips(message: str = "") -> tuple[Mistake, ...]:
    """Return the slips of counting a pooling; ``message`` is for the cells of the window."""
    part = "parameters"
    return (
        WINDOW_AS_WEIGHTS.on(part, lambda given, _: given.window**2, message=message),
        WINDOW_AS_WEIGHTS.on(
            part,
            lambda given, _: given.window**2 * given.shape[2],
            message="You gave every map a window of weights. The window is only a place to look at: nothing in it is "
            "learned.",
        ),
        POOLING_AS_CONVOLUTION.on(part, lambda given, _: (given.window**2 + 1) * given.shape[2]),
        POOLING_AS_CONVOLUTION.on(part, lambda given, _: given.window**2 * given.shape[2] ** 2),
        POOLING_AS_CONVOLUTION.on(
            part, lambda given, _: (given.window**2 * given.shape[2] + 1) * given.shape[2]
        ),
        SETTINGS_AS_PARAMETERS.on(part, lambda given, _: 2),
    )


class MaxPoolingParameters(PoolingParameters):
    """Max pooling learns nothing."""

    id = "A21"
    title = "Parameters of max pooling"
    kind = "max"
    does = "Max pooling hands on the largest value of each window. It compares, and multiplies by no weight."
    slips = pooling_slips()


class AveragePoolingParameters(PoolingParameters):
    """Average pooling learns nothing."""

    id = "A22"
    title = "Parameters of average pooling"
    kind = "average"
    does = (
        "Average pooling adds up each window and divides by its number of cells. That is a multiplication by a "
        "constant, which the size of the window fixes: no weight is learned."
    )
    slips = pooling_slips(
        "You counted one weight for each cell of the window. Each cell does count with the factor $1/f^2$, but the "
        "size of the window fixes it: it is not learned."
    )


class WhyConvolutions(Concept):
    """Locality, sharing, equivariance."""

    id = "A16"
    title = "Why convolutional nets suit images"
    question = "Why do convolutional nets suit images better than fully connected nets do?"
    model = (
        "A convolution builds in what is true of images. Its connections are local: each unit looks at a small "
        "neighbourhood, where the pixels belong together. Its weights are shared: the same filter is laid on every "
        "place, so that what it has learned in one place it finds everywhere. Both together leave far fewer parameters "
        "than a fully connected layer between the same maps has, so fewer examples are needed. Sharing also makes the "
        "layer translation equivariant: when the image shifts, the map shifts along. Pooling adds some invariance on "
        "top: after a small shift, much of the pooled map is the same."
    )
    points = (
        Point(
            "A unit of a convolution is connected to a small neighbourhood of its input only.",
            "local | neighbor | nearby | small window | small region | small patch | sparse connect | receptive field",
        ),
        Point(
            "The same filter, with the same weights, is used at every place of the image.",
            "shar weight | shar param | shar filter | shar kernel | weight-sharing | same filter | same weight | same "
            "kernel",
        ),
        Point(
            "A convolution is translation equivariant: away from the edges, a shifted image gives an equally shifted "
            "map.",
            "equivarian | shift map along | map shift too | map shift same | translat output map",
        ),
        Point(
            "Pooling helps to make a net roughly invariant to small shifts (Goodfellow et al. 2016, section 9.3).",
            "pool invarian | pool shift | pool robust | pool toler",
        ),
        Point(
            "A convolution has far fewer parameters than a fully connected layer between the same maps.",
            "fewer param | fewer weight | less param | less weight | number param small | few param | reduc param | "
            "fewer free",
        ),
    )
    misconceptions = (
        Misconception(
            "rotation_for_free",
            "Because its filters are shared, a convolution finds rotated and enlarged objects as reliably as upright "
            "ones.",
            "Sharing covers shifts. A filter is not turned or stretched: rotated or enlarged objects need filters of "
            "their own, or examples in training.",
            "rotat as | rotat automat | rotat free | rotation invariant | enlarg as",
            catch="Turn the image by 90 degrees: does the same filter give the turned map?",
        ),
        Misconception(
            "invariance_for_equivariance",
            "A convolution is translation invariant: when an object moves in the image, the map stays as it was.",
            "A convolution is *equivariant*: when the object moves, its trace in the map moves along. The map would "
            "have to stay the same for invariance; pooling brings a net a little closer to that.",
            "convol invariant | cnn invariant | cnns invariant | convnet invariant | filter invariant | shar invariant "
            "| they are invariant",
            catch="Shift the input by one pixel: what happens to the map?",
            recorded="convolutional nets are translation invariant",
            why="The two words are easily mixed up. What was described, the same filter in every place, is "
            "equivariance.",
        ),
        Misconception(
            "more_expressive",
            "A convolution can represent more functions than a fully connected layer between the same maps.",
            "It is the other way round: a fully connected layer becomes any convolution if most of its weights are 0 "
            "and the others repeat. A convolution can represent *fewer* functions, and those suit images.",
            "more function | more express | more power",
            catch="Try to write the convolution as a matrix: which layer multiplies by a matrix?",
        ),
        Misconception(
            "dense_layer_knows_neighbours",
            "A fully connected layer sees all pixels at once, so it knows which of them are neighbours.",
            "It has no notion of place: reorder the pixels of all images in the same way, and it learns just as well. "
            "Which pixels are neighbours is built into the convolution.",
            "fully know neighbor | dense know neighbor | fully aware neighbor | linear know neighbor",
            catch="Shuffle the pixels of all images in the same way: which of the two layers suffers?",
        ),
        Misconception(
            "a_filter_for_every_place",
            "A convolution has its own filter for every place of the image.",
            "One filter is laid on all places: that is weight sharing. A layer with a filter for every place is called "
            "locally connected, and has many times as many weights.",
            "own filter | different filter place | different filter position | separate filter | filter per pixel",
            catch="How does the number of weights depend on the size of the image?",
        ),
    )
