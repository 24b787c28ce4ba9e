"""Convolution and pooling, forward: every window laid out."""

from __future__ import annotations

from byhand import definitions, mistakes
from byhand.calculation import Calculation
from byhand.draws import Draws
from byhand.moves.convolution import convolve, max_pool, no_ties, relu
from byhand.notation import exact
from byhand.trace import Work


def flipped(kernel: list[list[int]]) -> list[list[int]]:
    """Return the filter turned by 180 degrees."""
    return [row[::-1] for row in kernel[::-1]]


def conv(image: list[list[int]], kernel: list[list[int]], **options: int) -> list[list[int]]:
    """Return the cross-correlation of one map with one filter."""
    return definitions.conv2d([[image]], [[kernel]], **options)[0][0]


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
    parts = {"J": "the map after the convolution", "K": "the map after pooling", "O": "the output after ReLU"}
    slips = (
        mistakes.KERNEL_FLIPPED.on("J", lambda given, right: conv(given.image, flipped(given.kernel))),
        mistakes.PADDING_FORGOTTEN.on(
            "J",
            lambda given, right: conv(given.image, given.kernel, padding=1),
            message="You padded the image. A valid convolution uses only windows that lie wholly inside it.",
        ),
        mistakes.MEAN_POOL_FOR_MAX.on("K", lambda given, right: definitions.avg_pool2d([[right.J]], 2)[0][0]),
        mistakes.STRIDE_IGNORED.on(
            "K", lambda given, right: definitions.max_pool2d([[right.J]], 2, stride=1)[0][0]
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, list[list[int]]]:
        row = draws.choice([[-1, 0, 1], [1, 0, -1], [1, 0, 1], [0, 1, -1], [1, -1, 0]])
        kernel = draws.choice([[row] * 3, [[entry] * 3 for entry in row], draws.matrix(3, 3, -1, 1)])
        return {"image": draws.matrix(4, 6, 0, 9), "kernel": kernel}

    def refuse(self) -> None:
        no_ties(self.values["J"], 2)

    def pose(self) -> str:
        return (
            "The map $I$ goes through a convolution with the filter $W$ (stride 1, no padding, no bias), then through "
            r"a $2 \times 2$ max pooling with stride 2, then through a ReLU. Compute every map on the way."
        )

    def solve(self, work: Work) -> None:
        feature = convolve(work, "J", self.given.image, self.given.kernel)
        pooled = max_pool(work, "K", feature, 2, symbol="J")
        relu(work, "O", pooled, symbol="K")
