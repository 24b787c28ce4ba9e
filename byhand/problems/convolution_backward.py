"""Backpropagation through convolution and pooling, cell by cell. ``dX`` stands for dL/dX."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from byhand import definitions, mistakes
from byhand._nested import each
from byhand.calculation import Calculation
from byhand.draws import Degenerate, Draws
from byhand.given import expect, expect_window, reals
from byhand.mistakes import Slip
from byhand.moves.backward import (
    ACTIVATION_FOR_DERIVATIVE,
    FILTER_NOT_TURNED,
    GRADIENT_TURNED,
    MAX_POOL_COPIED,
    MAX_POOL_CORNER,
    RELU_FOR_LEAKY,
    RELU_OF_THE_GRADIENT,
    at,
    cells,
    cellwise,
    difference,
    entry,
    filter_gradient,
    image_gradient,
    in_corner,
    leaky,
    leaky_relu,
    leaky_relu_backward,
    max_pool_backward,
    on_wrong_side,
    relu_backward,
    spread,
    sum_of_products,
    turned,
)
from byhand.moves.classification import show_guard_digits
from byhand.moves.convolution import convolve, max_pool, no_ties, relu, window_cells
from byhand.moves.dense import Term, einsum
from byhand.notation import exact, factor, nested, numbers, plain, sizes, tex
from byhand.problems.backpropagation import (
    _DX,
    BIAS_DROPPED,
    Matrix,
    both_signs,
    fractions,
    minus,
    no_zeros,
    weighted,
)
from byhand.trace import Work

MINUS_LOST = Slip(
    "minus_lost",
    "A minus got lost in the first row: there you counted the last negative gradient as if it were positive.",
    "Put brackets around every negative factor before you multiply.",
)


NOT_SUMMED = Slip(
    "not_summed",
    "You stopped at the contributions of the single cells. All cells share the one slope, so their contributions are "
    "added up.",
    "The gradient for a single number is a single number.",
)


SLOPE_FORGOTTEN = Slip(
    "slope_forgotten",
    "You left out the activation function: a leaky ReLU multiplies negative values by its slope.",
    "Compare the two maps: every negative cell must have changed, no positive one.",
)


_SLOPE_WHERE_POSITIVE = (
    "You multiplied by the slope where the input of the leaky ReLU is positive. The derivative is 1 there, and the "
    "slope on the negative side."
)


_GRADIENT_AS_IT_WAS = (
    "You passed the gradient on as it was. Where the input of the leaky ReLU is negative, its derivative is the "
    "slope."
)


FACTOR_FORGOTTEN = Slip(
    "factor_forgotten",
    "You left a factor of the chain rule out: the weight through which the gradient comes back from the output.",
    "Walk the graph backward from the loss and write down one factor for each edge.",
)


TWO_FORGOTTEN = Slip(
    "two_forgotten",
    "You forgot the 2: this loss has no factor $\\frac{1}{2}$ in front, so the 2 of the square stays.",
    "Differentiate the loss as it is written, factor and all.",
)


LARGEST_SIZE = Slip(
    "largest_absolute_value",
    "You kept the value that is largest without its sign. Max pooling compares with the sign: $-1$ is larger than "
    "$-10$.",
    "Order the window on the number line and take the rightmost value.",
)


def conv(image: Matrix, kernel: Matrix) -> Matrix:
    """Return the cross-correlation of one map with one filter."""
    return definitions.conv2d([[image]], [[kernel]])[0][0]


def pool(x: Matrix) -> Matrix:
    """Return the maxima of the 2 x 2 windows of one map."""
    return definitions.max_pool2d([[x]], 2)[0][0]


def with_forward(given: dict[str, Matrix]) -> dict[str, Matrix]:
    """Return the givens of A2 with the maps of the forward pass, which problem A1 asks for."""
    feature = conv(given["image"], given["kernel"])
    pooled = pool(feature)
    return {**given, "feature": feature, "pooled": pooled, "output": definitions.relu(pooled)}


def expect_even_feature(image: Matrix, kernel: Matrix) -> None:
    """Refuse a map and a filter between which the windows of the pooling do not fit evenly."""
    expect_window(sizes(image), sizes(kernel), "kernel", places=2)
    rows, columns = sizes(conv(image, kernel))
    expect(
        rows % 2 == columns % 2 == 0,
        f"The convolution makes a map of {rows} × {columns}, which windows of 2 × 2 do not cover: expected a filter "
        "that leaves even sides.",
        "kernel",
    )


def with_a_minus_lost(given: SimpleNamespace, right: SimpleNamespace) -> Matrix | None:
    """Return dW with its first row computed as if the last negative gradient were positive."""
    negative = [cell for cell in cells(right.dJ) if at(right.dJ, cell) < 0]
    if not negative:
        return None
    lost = [list(row) for row in right.dJ]
    i, j = negative[-1]
    lost[i][j] = -lost[i][j]
    return [conv(given.image, lost)[0], *right.dW[1:]]


def with_filter_not_turned(given: SimpleNamespace, right: SimpleNamespace) -> Matrix:
    """Return dI made with the filter as it is."""
    return definitions.conv2d_backward([[right.dJ]], [[given.image]], [[turned(given.kernel)]])[0][0][0]


class ConvolutionBackward(Calculation):
    """Backward through a ReLU, a max pooling and a filter."""

    id = "A2"
    title = "Convolution, max pooling and ReLU, backward"
    coursework = with_forward(
        exact(
            {
                "image": [[1, 3, 2, 4, 6, 4], [4, 8, 3, 1, 0, 2], [2, 1, 4, 3, 9, 1], [4, 7, 2, 3, 9, 2]],
                "kernel": [[-1, 0, 1]] * 3,
                "target": [[7, 10]],
            }
        )
    )
    symbols = {
        "image": "I",
        "kernel": "W",
        "feature": "J",
        "pooled": "K",
        "output": "O",
        "target": "T",
    }
    givens = {
        "image": reals("map $I$", "h:3-8 w:3-8"),
        "kernel": reals("filter $W$", "f:1-5 g:1-5"),
        "target": reals("target $T$", "p q", low=-10_000, high=10_000),
    }
    parts = {
        "dO": "the gradient for the output",
        "dK": "the gradient for the map after pooling",
        "dJ": "the gradient for the map after the convolution",
        "dW": "the gradient for the filter",
        "dI": "the gradient for the image",
    }

    slips = (
        mistakes.GRADIENT_SIGN.on("dO", lambda given, right: minus(right.dO)),
        mistakes.HALF_FORGOTTEN.on("dO", lambda given, right: nested(right.dO, lambda value: 2 * value)),
        mistakes.RELU_MASK_FORGOTTEN.on("dK", lambda given, right: right.dO),
        RELU_OF_THE_GRADIENT.on("dK", lambda given, right: definitions.relu(right.dO)),
        ACTIVATION_FOR_DERIVATIVE.on("dK", lambda given, right: weighted(right.dO, given.output)),
        mistakes.MAX_POOL_SPREAD.on("dJ", lambda given, right: spread(right.dK, Fraction(1, 4))),
        MAX_POOL_COPIED.on("dJ", lambda given, right: spread(right.dK, 1)),
        MAX_POOL_CORNER.on("dJ", lambda given, right: in_corner(right.dK)),
        MINUS_LOST.on(
            "dW",
            with_a_minus_lost,
            recorded="Two entries in the first row of $dW$ were wrong, and one sign.",
            why="Slips of arithmetic: every entry is a sum of products with negative factors. One lost minus, as here, "
            "is enough to spoil two entries of the first row.",
        ),
        GRADIENT_TURNED.on("dW", lambda given, right: turned(right.dW)),
        FILTER_NOT_TURNED.on("dI", with_filter_not_turned),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Matrix]:
        row = draws.choice([[-1, 0, 1], [1, 0, -1], [0, 1, -1], [1, -1, 0]])
        kernel = draws.choice([[row] * 3, [[weight] * 3 for weight in row], draws.matrix(3, 3, -1, 1)])
        given = with_forward({"image": draws.matrix(4, 6, 0, 9), "kernel": kernel})
        errors = draws.matrix(1, 2, -6, 6, but=(0,))
        return {**given, "target": each(lambda output, error: output - error, given["output"], errors)}

    def refuse(self) -> None:
        no_ties(self.given.feature, 2)
        no_zeros(self.given.pooled)
        if max(numbers(self.given.pooled)) < 0:
            raise Degenerate("no gradient gets through")
        if min(numbers(self.given.target)) < 0:
            raise Degenerate("a target is negative, and an output of a ReLU never is")
        if self.given.kernel == turned(self.given.kernel) or self.values["dW"] == turned(self.values["dW"]):
            raise Degenerate("the filter, or its gradient, looks the same when it is turned")

    @classmethod
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        expect_even_feature(given["image"], given["kernel"])
        return with_forward(given)

    def accept(self) -> None:
        rows, columns = sizes(self.given.output)
        expect(
            sizes(self.given.target) == (rows, columns),
            f"The target needs the size of the output, {rows} × {columns}.",
            "target",
        )

    def pose(self) -> str:
        return (
            "The map $I$ went through a convolution with the filter $W$ (stride 1, no padding, no bias), a "
            r"$2 \times 2$ max pooling with stride 2 and a ReLU. On the way $J$, $K$ and the output $O$ came out. "
            r"With the target $T$ the loss is $L = \frac{1}{2} \lVert O - T \rVert^2$. "
            f"Compute the gradients, back to the image. {_DX}"
        )

    def solve(self, work: Work) -> None:
        given = self.given
        dO = difference(work, "dO", given.output, given.target, symbols=("O", "T"))
        dK = relu_backward(work, "dK", dO, given.pooled, symbols=("dO", "K"))
        dJ = max_pool_backward(work, "dJ", dK, given.feature, 2, symbols=("dK", "J"))
        filter_gradient(work, "dW", dJ, given.image, symbols=("dJ", "I"))
        image_gradient(work, "dI", dJ, given.kernel, symbols=("dJ", "W"))


def with_target(given: dict[str, Any], error: Any) -> dict[str, Any]:
    """Return the givens of A24 with a target that the output misses by ``error``."""
    pooled = numbers(pool(conv(given["image"], given["kernel"])))
    hidden = [leaky(value, given["slope"]) for value in pooled]
    output = sum(v * h for v, h in zip(given["v"], hidden, strict=True)) + given["b"]
    return {**given, "t": output - error}


class SmallConvNet(Calculation):
    """A whole convolutional net, there and back."""

    id = "A24"
    title = "A small convolutional net, forward and backward"
    coursework = with_target(
        exact(
            {
                "image": [
                    [4, 2, 0, 1, 4],
                    [3, 0, 1, 2, 0],
                    [1, 4, 3, 4, 4],
                    [2, 4, 1, 0, 1],
                    [0, 1, 3, 0, 1],
                ],
                "kernel": [[1, -1], [1, -2]],
                "slope": "0.1",
                "v": [-1, -3, 1, 2],
                "b": 1,
            }
        ),
        error=2,
    )
    symbols = {"image": "I", "kernel": "W", "v": "v"}
    givens = {
        "image": reals("map $I$", "h:3-7 w:3-7", low=-100, high=100),
        "kernel": reals("filter $W$", "f:1-4 g:1-4", low=-100, high=100),
        "slope": reals("slope $a$ of the activation on the negative side", low=0, high="0.99"),
        "v": reals("dense weights $v$", "c:1-9", low=-100, high=100),
        "b": reals("bias $b$"),
        "t": reals("target $t$", low=-(10**7), high=10**7),
    }
    parts = {
        "J": "the map after the convolution",
        "K": "the map after pooling",
        "H": "the map after the activation",
        "y": "the output",
        "L": "the loss",
        "dy": "the gradient for the output",
        "dv": "the gradient for the dense weights",
        "db": "the gradient for the bias",
        "dH": "the gradient for the map after the activation",
        "dK": "the gradient for the map after pooling",
        "dJ": "the gradient for the map after the convolution",
        "dW": "the gradient for the filter",
    }
    slips = (
        mistakes.KERNEL_FLIPPED.on("J", lambda given, right: conv(given.image, turned(given.kernel))),
        mistakes.MEAN_POOL_FOR_MAX.on("K", lambda given, right: definitions.avg_pool2d([[right.J]], 2)[0][0]),
        mistakes.STRIDE_IGNORED.on(
            "K", lambda given, right: definitions.max_pool2d([[right.J]], 2, stride=1)[0][0]
        ),
        mistakes.SLOPE_ON_WRONG_SIDE.on(
            "H", lambda given, right: on_wrong_side(right.K, right.K, given.slope)
        ),
        RELU_FOR_LEAKY.on("H", lambda given, right: definitions.relu(right.K)),
        mistakes.RELU_FORGOTTEN.on("H", lambda given, right: None if given.slope else right.K),
        SLOPE_FORGOTTEN.on("H", lambda given, right: right.K if given.slope else None),
        BIAS_DROPPED.on("y", lambda given, right: right.y - given.b),
        mistakes.HALF_FORGOTTEN.on(
            "L",
            lambda given, right: 2 * right.L,
            message="You forgot the factor $\\frac{1}{2}$ in front of the square.",
        ),
        mistakes.GRADIENT_SIGN.on("dy", lambda given, right: -right.dy),
        mistakes.HALF_FORGOTTEN.on("dy", lambda given, right: 2 * right.dy),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dv",
            lambda given, right: [right.dy * value for value in numbers(right.K)],
            message="You multiplied by the values before the activation. The dense weights multiply what comes out "
            "of it.",
        ),
        mistakes.RELU_MASK_FORGOTTEN.on("dK", lambda given, right: None if given.slope else right.dH),
        SLOPE_FORGOTTEN.on(
            "dK", lambda given, right: right.dH if given.slope else None, message=_GRADIENT_AS_IT_WAS
        ),
        RELU_FOR_LEAKY.on("dK", lambda given, right: definitions.relu_backward(right.dH, right.K)),
        mistakes.SLOPE_ON_WRONG_SIDE.on(
            "dK",
            lambda given, right: on_wrong_side(right.dH, right.K, given.slope),
            message=_SLOPE_WHERE_POSITIVE,
        ),
        mistakes.MAX_POOL_SPREAD.on("dJ", lambda given, right: spread(right.dK, Fraction(1, 4))),
        MAX_POOL_COPIED.on("dJ", lambda given, right: spread(right.dK, 1)),
        MAX_POOL_CORNER.on("dJ", lambda given, right: in_corner(right.dK)),
        GRADIENT_TURNED.on("dW", lambda given, right: turned(right.dW)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        image, kernel = draws.matrix(5, 5, 0, 5), draws.matrix(2, 2, -2, 2)
        if numbers(kernel).count(0) > 1 or kernel == turned(kernel):
            raise Degenerate("a filter that says too little")
        feature = conv(image, kernel)
        no_ties(feature, 2)
        both_signs(pool(feature))
        given = {
            "image": image,
            "kernel": kernel,
            "slope": draws.choice(exact([0, "0.1", "0.1", "0.2"])),
            "v": draws.vector(4, -3, 3, but=(0,)),
            "b": draws.integer(-2, 2, but=(0,)),
        }
        return with_target(given, draws.integer(-3, 3, but=(0,)))

    def refuse(self) -> None:
        if self.values["dW"] == turned(self.values["dW"]):
            raise Degenerate("the gradient for the filter looks the same when it is turned")

    @property
    def _activation(self) -> str:
        slope = self.given.slope
        return f"a leaky ReLU with slope $a = {tex(slope)}$ on the negative side" if slope else "a ReLU"

    @classmethod
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        expect_even_feature(given["image"], given["kernel"])
        return given

    def accept(self) -> None:
        rows, columns = sizes(pool(conv(self.given.image, self.given.kernel)))
        expect(
            len(self.given.v) == rows * columns,
            f"The dense layer needs {rows * columns} weights, one for each cell of a map of {rows} × {columns}.",
            "v",
        )

    def pose(self) -> str:
        given = self.given
        return (
            "A net takes the map $I$ through a convolution with the filter $W$ (stride 1, no padding, no bias) to "
            rf"$J$, a $2 \times 2$ max pooling with stride 2 to $K$ and {self._activation} to $H$. A dense layer "
            r"reads $H$ row by row and multiplies it by the weights $v$; with the bias $b$ this is the output "
            r"$y = \sum_k v_k H_k + b$. "
            rf"The loss is $L = \frac{{1}}{{2}} (y - t)^2$. With $b = {tex(given.b)}$ and $t = {tex(given.t)}$, go "
            f"forward, then back to the filter. {_DX}"
        )

    def solve(self, work: Work) -> None:
        given, slope = self.given, self.given.slope
        J = convolve(work, "J", given.image, given.kernel)
        K = max_pool(work, "K", J, 2, symbol="J")
        H = leaky_relu(work, "H", K, slope, symbol="K") if slope else relu(work, "H", K, symbol="K")
        dy = self._dense_and_loss(work, H)
        dH = self._dense_backward(work, H, dy)
        if slope:
            dK = leaky_relu_backward(work, "dK", dH, K, slope, symbols=("dH", "K"))
        else:
            dK = relu_backward(work, "dK", dH, K, symbols=("dH", "K"))
        dJ = max_pool_backward(work, "dJ", dK, J, 2, symbols=("dK", "J"))
        filter_gradient(work, "dW", dJ, given.image, symbols=("dJ", "I"))

    def _dense_and_loss(self, work: Work, H: Matrix) -> Any:
        """Write the output, the loss and its gradient for the output; return that."""
        v, b, t = self.given.v, self.given.b, self.given.t
        hidden = numbers(H)
        y = sum(x * w for x, w in zip(hidden, v, strict=True)) + b
        work.step(
            "Read $H$ row by row, multiply by the weights, add up, and add the bias.",
            formula=r"y = \sum_k v_k H_k + b",
            symbol="y",
            numbers=f"{sum_of_products(v, hidden, work.digits)} + {factor(b)}",
            result=y,
            cells={"H": cells(H), "v": cells(v)},
        )
        y = work.part("y", y)
        loss = Fraction(1, 2) * (y - t) ** 2
        work.step(
            "Half the square of the error.",
            formula=r"L = \frac{1}{2} (y - t)^2",
            symbol="L",
            numbers=rf"\frac{{1}}{{2}} ({tex(y)} - {factor(t)})^2",
            result=loss,
        )
        work.part("L", loss)
        _output_gradient(work, y, t)
        return work.part("dy", y - t)

    def _dense_backward(self, work: Work, H: Matrix, dy: Any) -> Matrix:
        """Write the gradients of the dense layer; return the one for its input, in the form of the map."""
        v, columns = self.given.v, len(H[0])
        for k, cell in enumerate(cells(H)):
            work.step(
                "The gradient for the output, times the value that this weight met.",
                formula=r"dv_k = dy \cdot H_k",
                symbol=entry("dv", (k,)),
                numbers=rf"{factor(dy)} \cdot {factor(at(H, cell))}",
                result=dy * at(H, cell),
                cells={"H": [cell], "dv": [(k,)]},
            )
        work.part("dv", [dy * value for value in numbers(H)])
        work.step(
            "The bias is simply added: its gradient is that of the output.",
            formula="db = dy",
            symbol="db",
            result=dy,
        )
        work.part("db", dy)
        for k, cell in enumerate(cells(H)):
            work.step(
                "The gradient for the output, times the weight; read back into the form of the map.",
                formula=r"dH_k = dy \cdot v_k",
                symbol=entry("dH", cell),
                numbers=rf"{factor(dy)} \cdot {factor(v[k])}",
                result=dy * v[k],
                cells={"v": [(k,)], "dH": [cell]},
            )
        back = [dy * weight for weight in v]
        return work.part("dH", [back[i : i + columns] for i in range(0, len(back), columns)])


def sigmoid(x: Any) -> Any:
    """Return the sigmoid of one value or of nested lists."""
    return definitions.sigmoid([x])[0]


def slope_of_sigmoid(x: Any) -> Any:
    """Return the derivative of the sigmoid at one value or at nested lists."""
    return nested(x, lambda value: definitions.sigmoid_backward([1], [value])[0])


def _sigmoid_numbers(x: Any, digits: int) -> str:
    return rf"\frac{{1}}{{1 + e^{{{tex(-x, digits)}}}}}"


class SigmoidConvNet(Calculation):
    """A filter and an output unit, both with a sigmoid: derivation, and an instance with numbers."""

    id = "C5"
    title = "Gradients of a small sigmoid net with a convolution"
    coursework = exact(
        {
            "x": [[1, 0, 2], [0, 1, -1]],
            "W1": [[1, "-0.5"], ["0.5", 1]],
            "b1": "0.5",
            "W2": [["1.5", -2]],
            "b2": -1,
            "y": 1,
        }
    )
    symbols = {"x": "x", "W1": "W1", "W2": "W2"}
    givens = {
        "x": reals("input $x$", "h:1-4 w:1-4", low=-10, high=10),
        "W1": reals("filter $W1$", "f:1-3 g:1-3", low=-5, high=5),
        "b1": reals("bias $b1$", low=-10, high=10),
        "W2": reals("output weights $W2$", "p q", low=-5, high=5),
        "b2": reals("bias $b2$", low=-10, high=10),
        "y": reals("target $y$", low=0, high=1),
    }
    parts = {
        "z1": "the net inputs of the convolution",
        "c": "its outputs",
        "z2": "the net input of the output unit",
        "o": "the output",
        "dz2": "the gradient for the net input of the output unit",
        "dW2": "the gradient for the output weights",
        "db2": "the gradient for the output bias",
        "dz1": "the gradient for the net inputs of the convolution",
        "dW1": "the gradient for the filter",
        "db1": "the gradient for the filter's bias",
    }
    slips = (
        BIAS_DROPPED.on(
            "z1",
            lambda given, right: conv(given.x, given.W1),
            recorded="Both net inputs were written without their biases.",
            why="A bias is easily left out of the drawing of a net, and then out of its formulas.",
        ),
        BIAS_DROPPED.on("z2", lambda given, right: right.z2 - given.b2),
        TWO_FORGOTTEN.on("dz2", lambda given, right: right.dz2 / 2),
        mistakes.GRADIENT_SIGN.on("dz2", lambda given, right: -right.dz2),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dz2",
            lambda given, right: -2 * (given.y - right.o) * slope_of_sigmoid(given.b2),
            message="You took the derivative of the sigmoid at the bias. It belongs at the whole net input, bias "
            "included.",
            recorded="The derivative of the sigmoid was taken at the bias in place of the net input.",
            why="In the update of a bias, the bias is easily taken for the point at which the derivative is taken.",
        ),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dz2", lambda given, right: -2 * (given.y - right.o) * slope_of_sigmoid(right.o)
        ),
        FACTOR_FORGOTTEN.on(
            "dz1",
            lambda given, right: nested(slope_of_sigmoid(right.z1), lambda slope: right.dz2 * slope),
            recorded="The weight between the convolution and the output was missing from the gradients of the first "
            "layer.",
            why="On the way back from one layer to the other, the weight on the edge was skipped.",
        ),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dz1",
            lambda given, right: nested(given.W2, lambda w: right.dz2 * w * slope_of_sigmoid(given.b1)),
            message="You took the derivative of the sigmoid at the bias. It belongs at the whole net input, bias "
            "included.",
        ),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dz1",
            lambda given, right: each(lambda w, s: right.dz2 * w * s, given.W2, slope_of_sigmoid(right.c)),
        ),
        GRADIENT_TURNED.on("dW1", lambda given, right: turned(right.dW1)),
        mistakes.MEAN_FOR_SUM.on(
            "db1",
            lambda given, right: sum(numbers(right.dz1)) / len(numbers(right.dz1)),
            message="You took the mean over the windows. The bias serves every window, so its gradients are added up.",
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {
            "x": draws.matrix(2, 3, -1, 2),
            "W1": draws.decimals(2, 2, "-1", "1", step="0.5", but=("0",)),
            "b1": draws.decimal("-1", "1", step="0.5", but=("0",)),
            "W2": draws.decimals(1, 2, "-2", "2", step="0.5", but=("-1", "0", "1")),
            "b2": draws.decimal("-1", "1", step="0.5", but=("0",)),
            "y": draws.integer(0, 1),
        }

    def refuse(self) -> None:
        z1, b1, b2 = numbers(self.values["z1"]), self.given.b1, self.given.b2
        if len(set(z1)) < len(z1) or any(abs(z) in (0, abs(b1)) or abs(z) > 3 for z in z1):
            raise Degenerate("some net inputs agree with one another or with the bias, or saturate")
        if turned(self.given.W1) == self.given.W1:
            raise Degenerate("the filter looks the same when it is turned")
        if abs(self.values["dz2"]) < 0.1 or abs(abs(self.values["z2"]) - abs(b2)) < 0.05:
            raise Degenerate("there is hardly any error, or the net input is the bias")

    def accept(self) -> None:
        given = self.given
        expect_window(sizes(given.x), sizes(given.W1), "W1")
        rows, columns = sizes(conv(given.x, given.W1))
        expect(
            sizes(given.W2) == (rows, columns),
            f"The output unit needs a weight for each value of c, a matrix of {rows} × {columns}.",
            "W2",
        )
        flat = max(map(abs, [*numbers(self.values["z1"]), self.values["z2"]]))
        expect(
            flat <= 15,
            f"A net input grows to {plain(flat)}, where a sigmoid is flat: expected smaller numbers.",
        )

    def pose(self) -> str:
        given = self.given
        return (
            r"A net has two layers with sigmoids $\sigma$: a convolution with one filter (stride 1, no padding), "
            r"$z1 = x * W1 + b1$ and $c = \sigma(z1)$, then one output unit with a weight for each value of $c$, "
            r"$z2 = \sum W2 \cdot c + b2$ and $o = \sigma(z2)$. The error is $E = (y - o)^2$. Derive the update "
            r"rules for the weights and biases of both layers, and compute the gradients in them for these numbers, "
            rf"with $b1 = {tex(given.b1)}$, $b2 = {tex(given.b2)}$ and the target $y = {tex(given.y)}$. "
            r"$dX$ stands for $\frac{\partial E}{\partial X}$, and $*$ for the cross-correlation."
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        self._derive(work)
        c, o = self._forward(work)
        self._backward(work, c, o)

    def _backward(self, work: Work, c: Matrix, o: Any) -> None:
        given, digits = self.given, work.digits
        dz2 = -2 * (given.y - o) * o * (1 - o)
        work.step(
            r"From the square, $-2(y - o)$; from the sigmoid, $o(1 - o)$.",
            formula=r"dz2 = -2 (y - o)\, o (1 - o)",
            symbol="dz2",
            numbers=rf"-2 \cdot ({tex(given.y)} - {tex(o, digits)}) \cdot {tex(o, digits)} "
            rf"\cdot (1 - {tex(o, digits)})",
            result=dz2,
        )
        dz2 = work.part("dz2", dz2)
        what = "The gradient for the net input, times the value that this weight met."
        einsum(work, "dW2", ",ij->ij", {"dz2": dz2, "c": c}, what)
        work.step(
            "The bias is simply added: its gradient is that of the net input.",
            formula="db2 = dz2",
            symbol="db2",
            result=dz2,
        )
        work.part("db2", dz2)
        dz1 = cellwise(
            work,
            "dz1",
            each(lambda w, value: dz2 * w * value * (1 - value), given.W2, c),
            {"W2": given.W2, "c": c},
            what="Back through the weight, then through the sigmoid.",
            formula=r"dz1_{ij} = dz2 \cdot W2_{ij} \cdot c_{ij} (1 - c_{ij})",
            numbers=lambda w, value: (
                rf"{factor(dz2, digits)} \cdot {factor(w)} \cdot {tex(value, digits)} \cdot "
                f"(1 - {tex(value, digits)})"
            ),
        )
        filter_gradient(work, "dW1", dz1, given.x, symbols=("dz1", "x"))
        self._bias(work, dz1)

    def _bias(self, work: Work, dz1: Matrix) -> None:
        db1 = sum(numbers(dz1))
        work.step(
            "The bias is added in every window: add up.",
            formula=r"db1 = \sum_{i,j} dz1_{ij}",
            symbol="db1",
            numbers=" + ".join(factor(value, work.digits) for value in numbers(dz1)),
            result=db1,
            cells={"dz1": cells(dz1)},
        )
        work.part("db1", db1)

    def _derive(self, work: Work) -> None:
        work.step(
            r"The derivative of the sigmoid, $\sigma(z)(1 - \sigma(z))$, can be read off its output.",
            formula=r"dz2 = \frac{\partial E}{\partial o} \frac{\partial o}{\partial z2} = -2 (y - o)\, o (1 - o)",
        )
        work.step(
            "The net input of the output unit is a weighted sum plus a bias.",
            formula=r"dW2 = dz2 \cdot c \text{ and } db2 = dz2",
        )
        work.step(
            r"Each value of $c$ reaches the output through its own weight, and comes out of a sigmoid.",
            formula=r"dz1 = dz2 \cdot W2 \odot c \odot (1 - c)",
        )
        work.step(
            "Filter and bias serve every window, so the contributions of the windows are added up.",
            formula=r"dW1_{ab} = \sum_{i,j} dz1_{ij}\, x_{i+a,\,j+b}, \text{ so } dW1 = x * dz1 \text{ and } "
            r"db1 = \sum_{i,j} dz1_{ij}",
        )
        work.step(
            r"The update takes every weight and bias one step against its gradient, with the learning rate $\eta$.",
            formula=r"W_{\text{new}} = W - \eta\, dW \text{ and } b_{\text{new}} = b - \eta\, db",
        )

    def _forward(self, work: Work) -> tuple[Matrix, Any]:
        given = self.given
        z1 = convolve(work, "z1", given.x, given.W1, symbols=("x", "W1"), bias=given.b1, bias_symbol="b1")
        c = cellwise(
            work,
            "c",
            sigmoid(z1),
            {"z1": z1},
            what="The sigmoid of the net input.",
            formula=r"c_{ij} = \frac{1}{1 + e^{-z1_{ij}}}",
            numbers=lambda z: _sigmoid_numbers(z, work.digits),
        )
        what = "Multiply each value by its weight, add up, and add the bias."
        plus = Term("b2", given.b2)
        z2 = einsum(work, "z2", "ij,ij->", {"c": c, "W2": given.W2}, what, plus=plus)
        o = sigmoid(z2)
        work.step(
            "The sigmoid of the net input.",
            formula=r"o = \frac{1}{1 + e^{-z2}}",
            symbol="o",
            numbers=_sigmoid_numbers(z2, work.digits),
            result=o,
        )
        return c, work.part("o", o)


_LEAKY_NET = exact(
    {
        "x": [[1, 8, "0.5", 6], [3, -10, -1, -8], ["-0.5", -6, -3, -10], [-1, -8, "-0.5", -6]],
        "W": [[1, 2], [10, 4]],
        "a": "0.1",
    }
)


_LEAKY_GIVENS = {
    "x": reals("map $x$", "h:2-8 w:2-8"),
    "W": reals("weights $W$ of the sum", "m:1-4 n:1-4"),
    "a": reals("slope $a$ on the negative side", low="0.001", high="0.999"),
}


def expect_windows_of_two(given: Any) -> None:
    """Refuse a map whose windows of 2 x 2 are not as many as the weights."""
    rows, columns = (2 * side for side in sizes(given.W))
    expect(
        sizes(given.x) == (rows, columns),
        f"The sum has a weight for each window of 2 × 2: expected a map of {rows} × {columns} for these weights.",
        "x",
    )


def with_backward(given: dict[str, Any], dy: Any) -> dict[str, Any]:
    """Return the givens with the maps of the forward pass and a target that the output misses by ``dy``."""
    U = pool(given["x"])
    V = nested(U, lambda value: leaky(value, given["a"]))
    y = sum(numbers(weighted(given["W"], V)))
    dV = nested(given["W"], lambda weight: dy * weight)
    return {**given, "U": U, "V": V, "y": y, "t": y - dy, "dV": dV}


def draw_leaky_net(draws: Draws) -> dict[str, Any]:
    """Return a map in which some windows have negative values only, weights and a slope."""
    x = fractions(draws.matrix(4, 4, -20, 16, but=(0,)), 2)
    for i, j in draws.sample([(0, 0), (0, 2), (2, 0), (2, 2)], draws.integer(1, 2)):
        for r, c in window_cells(i // 2, j // 2, 2, 2):
            x[r][c] = -abs(x[r][c])
    no_ties(x, 2)
    both_signs(pool(x))
    return {
        "x": x,
        "W": draws.matrix(2, 2, -5, 10, but=(0, 1)),
        "a": draws.choice(exact(["0.1", "0.2", "0.5"])),
    }


def largest_sizes(x: Matrix) -> Matrix:
    """Return the values of each 2 x 2 window that are largest without their sign."""
    return [
        [max((at(x, cell) for cell in window_cells(i, j, 2, 2)), key=abs) for j in range(len(x[0]) // 2)]
        for i in range(len(x) // 2)
    ]


class LeakyNetForward(Calculation):
    """Max pooling, leaky ReLU and a weighted sum, forward."""

    id = "D1"
    title = "Max pooling, leaky ReLU and a weighted sum, forward"
    coursework = _LEAKY_NET
    symbols = {"x": "x", "W": "W"}
    givens = _LEAKY_GIVENS
    parts = {"U": "the map after pooling", "V": "the map after the leaky ReLU", "y": "the output"}
    slips = (
        LARGEST_SIZE.on("U", lambda given, right: largest_sizes(given.x)),
        mistakes.MEAN_POOL_FOR_MAX.on("U", lambda given, right: definitions.avg_pool2d([[given.x]], 2)[0][0]),
        mistakes.STRIDE_IGNORED.on(
            "U", lambda given, right: definitions.max_pool2d([[given.x]], 2, stride=1)[0][0]
        ),
        mistakes.SLOPE_ON_WRONG_SIDE.on("V", lambda given, right: on_wrong_side(right.U, right.U, given.a)),
        RELU_FOR_LEAKY.on("V", lambda given, right: definitions.relu(right.U)),
        SLOPE_FORGOTTEN.on("V", lambda given, right: right.U),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return draw_leaky_net(draws)

    def refuse(self) -> None:
        if self.values["y"] == 0:
            raise Degenerate("the output vanishes by chance")

    def accept(self) -> None:
        expect_windows_of_two(self.given)

    def pose(self) -> str:
        return (
            r"The map $x$ goes through a $2 \times 2$ max pooling with stride 2 to $U$, and through a leaky ReLU "
            rf"with slope $a = {tex(self.given.a)}$ on the negative side to $V$. The output is the weighted sum "
            r"$y = \sum_{i,j} W_{ij} V_{ij}$. Go forward."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        U = max_pool(work, "U", given.x, 2, symbol="x")
        V = leaky_relu(work, "V", U, given.a, symbol="U")
        what = "Multiply cell by cell, and add up."
        einsum(work, "y", "ij,ij->", {"W": given.W, "V": V}, what)


def _output_gradient(work: Work, y: Any, t: Any) -> None:
    """Write the gradient of half the squared error of a single output."""
    work.step(
        r"The factor $\frac{1}{2}$ cancels the 2 of the square: what remains is output minus target.",
        formula="dy = y - t",
        symbol="dy",
        numbers=f"{tex(y)} - {factor(t)}",
        result=y - t,
    )


class LeakyNetBackward(Calculation):
    """A weighted sum, leaky ReLU and max pooling, backward."""

    id = "D2"
    title = "Max pooling, leaky ReLU and a weighted sum, backward"
    coursework = with_backward(_LEAKY_NET, 2)
    symbols = {"x": "x", "W": "W", "U": "U", "V": "V"}
    givens = _LEAKY_GIVENS | {"t": reals("target $t$", low=-(10**7), high=10**7)}
    parts = {
        "dV": "the gradient for the map after the leaky ReLU",
        "dU": "the gradient for the map after pooling",
        "dx": "the gradient for the input",
    }
    slips = (
        mistakes.GRADIENT_SIGN.on("dV", lambda given, right: minus(right.dV)),
        mistakes.HALF_FORGOTTEN.on("dV", lambda given, right: nested(right.dV, lambda value: 2 * value)),
        Slip(
            "wrong_factor",
            "You multiplied by $V$. In $y = \\sum W_{ij} V_{ij}$ the factor beside $V_{ij}$ is $W_{ij}$, and that is "
            "what remains when you differentiate for $V_{ij}$.",
            "Raise one cell of $V$ by 1: the output grows by its weight.",
        ).on("dV", lambda given, right: nested(given.V, lambda value: (given.y - given.t) * value)),
        mistakes.SLOPE_ON_WRONG_SIDE.on(
            "dU",
            lambda given, right: on_wrong_side(right.dV, given.U, given.a),
            message=_SLOPE_WHERE_POSITIVE,
        ),
        RELU_FOR_LEAKY.on("dU", lambda given, right: definitions.relu_backward(right.dV, given.U)),
        SLOPE_FORGOTTEN.on("dU", lambda given, right: right.dV, message=_GRADIENT_AS_IT_WAS),
        ACTIVATION_FOR_DERIVATIVE.on(
            "dU",
            lambda given, right: weighted(right.dV, given.V),
            message="You multiplied by the value of the activation where its derivative belongs. The derivative of a "
            "leaky ReLU is 1 or the slope, however large the value is.",
        ),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dU",
            lambda given, right: each(
                lambda dv, dy: dv if dy > 0 else dv * given.a,
                right.dV,
                right.dV,
            ),
            message="You let the sign of the gradient decide. The derivative is taken where the forward pass was: the "
            "sign of $U$ decides.",
        ),
        mistakes.MAX_POOL_SPREAD.on("dx", lambda given, right: spread(right.dU, Fraction(1, 4))),
        MAX_POOL_COPIED.on("dx", lambda given, right: spread(right.dU, 1)),
        MAX_POOL_CORNER.on("dx", lambda given, right: in_corner(right.dU)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return with_backward(draw_leaky_net(draws), draws.integer(-3, 3, but=(0,)))

    @classmethod
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        expect_windows_of_two(SimpleNamespace(**given))
        output = with_backward(given, 0)["y"]
        return with_backward(given, output - given["t"])

    def refuse(self) -> None:
        no_ties(self.given.x, 2)

    def pose(self) -> str:
        given = self.given
        return (
            r"The map $x$ went through a $2 \times 2$ max pooling with stride 2 to $U$, and through a leaky ReLU "
            rf"with slope $a = {tex(given.a)}$ on the negative side to $V$. The output was the weighted sum "
            rf"$y = \sum_{{i,j}} W_{{ij}} V_{{ij}} = {tex(given.y)}$, and the loss is "
            rf"$L = \frac{{1}}{{2}} (y - t)^2$ with $t = {tex(given.t)}$. Go back to the input. {_DX}"
        )

    def solve(self, work: Work) -> None:
        given = self.given
        _output_gradient(work, given.y, given.t)
        what = "The gradient for the output, times the weight of this cell."
        dy = given.y - given.t
        dV = einsum(work, "dV", ",ij->ij", {"dy": dy, "W": given.W}, what)
        dU = leaky_relu_backward(work, "dU", dV, given.U, given.a, symbols=("dV", "U"))
        max_pool_backward(work, "dx", dU, given.x, 2, symbols=("dU", "x"))


class SlopeOfPReLU(Calculation):
    """The gradient for the slope of a PReLU."""

    id = "D3"
    title = "PReLU: the gradient for the slope"
    coursework = with_backward(_LEAKY_NET, 2)
    symbols = {"U": "U", "dV": "dV"}
    givens = {
        "a": _LEAKY_GIVENS["a"],
        "U": reals("input $U$ of the PReLU", "m:1-6 n:1-6"),
        "dV": reals("gradient $dV$ for its output", "m n"),
    }
    parts = {
        "G": "the contribution of each cell",
        "da": "the gradient for the slope",
    }
    slips = (
        Slip(
            "gradient_for_the_input",
            "You multiplied by the slope: that is the derivative for the input $U$. For the slope $a$, the "
            "derivative of $a\\,U$ is $U$.",
            "Ask which variable is moved: here it is the slope, and $U$ stands still.",
        ).on("G", lambda given, right: each(lambda dv, u: dv * given.a if u < 0 else 0, given.dV, given.U)),
        Slip(
            "positive_cells_counted",
            "You counted the positive cells too. They pass unchanged, whatever the slope is, so they contribute 0.",
            "Change the slope a little: the positive cells of $V$ stay as they are.",
        ).on("G", lambda given, right: weighted(given.dV, given.U)),
        Slip(
            "positive_for_negative",
            "You kept the positive cells. The slope acts on the negative ones; a positive cell does not depend on it.",
            "Change the slope a little: the positive cells of $V$ stay as they are.",
        ).on("G", lambda given, right: each(lambda dv, u: dv * u if u > 0 else 0, given.dV, given.U)),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "G",
            lambda given, right: each(lambda dv, v: dv * v if v < 0 else 0, given.dV, given.V),
            message="You multiplied by $V$, which has the slope in it already. The derivative of $a\\,U$ for $a$ is "
            "$U$.",
        ),
        mistakes.GRADIENT_SIGN.on("G", lambda given, right: minus(right.G)),
        NOT_SUMMED.on(
            "da",
            lambda given, right: right.G,
            recorded="The answer stopped at the matrix of contributions, one for each cell.",
            why="As if the slope had a value of its own in each cell.",
        ),
        mistakes.MEAN_FOR_SUM.on("da", lambda given, right: Fraction(right.da) / len(numbers(right.G))),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return with_backward(draw_leaky_net(draws), draws.integer(-3, 3, but=(0,)))

    def refuse(self) -> None:
        if sum(u < 0 for u in numbers(self.given.U)) < 2 or self.values["da"] == 0:
            raise Degenerate("there is nothing to add up, or the sum vanishes by chance")

    @classmethod
    def complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        shown = {name: given[name] for name in cls.givens}
        return shown | {"V": nested(given["U"], lambda value: leaky(value, given["a"]))}

    def pose(self) -> str:
        return (
            r"A PReLU is a leaky ReLU that learns its slope: $V_{ij} = U_{ij}$ where $U_{ij} > 0$, and "
            r"$V_{ij} = a\, U_{ij}$ "
            rf"elsewhere, with one slope $a = {tex(self.given.a)}$ for all cells. Its input $U$ and the gradient "
            r"$dV$ that comes back to its output are given. What does each cell contribute to the gradient for $a$, "
            f"and what is that gradient? {_DX}"
        )

    def solve(self, work: Work) -> None:
        given = self.given
        G = cellwise(
            work,
            "G",
            each(lambda dv, u: dv * u if u <= 0 else 0, given.dV, given.U),
            {"dV": given.dV, "U": given.U},
            what=lambda dv, u: (
                "A positive cell passes unchanged, whatever the slope is."
                if u > 0
                else r"Here $V = a\, U$, so the derivative for $a$ is $U$."
            ),
            formula=r"G_{ij} = dV_{ij} \frac{\partial V_{ij}}{\partial a} = \begin{cases} 0 & U_{ij} > 0 \\ "
            r"dV_{ij}\, U_{ij} & U_{ij} \le 0 \end{cases}",
            numbers=lambda dv, u: rf"{factor(dv)} \cdot {factor(0 if u > 0 else u)}",
        )
        work.step(
            "All cells share the one slope: add up their contributions.",
            formula=r"da = \sum_{i,j} G_{ij}",
            symbol="da",
            numbers=" + ".join(map(factor, numbers(G))),
            result=sum(numbers(G)),
            cells={"G": cells(G)},
        )
        work.part("da", sum(numbers(G)))
