"""Residual nets, Inception and DenseNet: what they compute, what they cost, and how gradients pass through them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any

from byhand import definitions, mistakes, notation
from byhand.calculation import Calculation
from byhand.concept import Concept, Misconception, Point
from byhand.draws import Degenerate, Draws, Inconvenient
from byhand.given import expect, expect_window, reals, wholes
from byhand.mistakes import Slip
from byhand.moves.convolution import convolve
from byhand.moves.multiplications import same_convolution, times_fewer, total
from byhand.moves.residual import add, multiply
from byhand.notation import Shape, exact, factor, tex, tidy
from byhand.trace import Work
from cvlib.counting import conv2d_macs, conv2d_parameters

_BYTES = 4  # of one number in float32

SKIP_FORGOTTEN = Slip(
    "skip_forgotten",
    "You stopped at $F$ and left the skip out: the input is added to it.",
    "Let all weights be 0: the block must hand its input on unchanged.",
)
FACTOR_UPSIDE_DOWN = Slip(
    "factor_upside_down",
    "You divided the smaller count by the larger one. How many times fewer is a number above 1.",
    "Multiply the smaller count by your factor: the larger one must come out.",
)


class ResNetAndAlexNet(Concept):
    """What changed between 2012 and 2015."""

    id = "A25"
    title = "ResNet compared with AlexNet"
    question = (
        "What are the main differences between ResNet and AlexNet? Say how many layers each has, what a residual block "
        "computes, and what else was changed."
    )
    model = (
        "AlexNet (Krizhevsky et al. 2012) has eight learned layers, five convolutional and three fully connected ones, "
        "with ReLU, local response normalisation, and dropout against overfitting. "
        "ResNets (He et al. 2016) are much deeper: up to 152 layers on ImageNet. "
        "They are built of residual blocks, which compute $y = F(x) + x$: the input skips two or three convolutions "
        "and is added to their result, so the block only learns what has to change, and the gradient has a direct way "
        "back. Each convolution is followed by batch normalisation. Global average pooling and one fully connected "
        "layer take the place of AlexNet's three, which hold most of its 60 million parameters."
    )
    points = (
        Point(
            "AlexNet has eight learned layers: five convolutional and three fully connected ones.",
            "alexnet 8 | alexnet eight | 8 layer | eight layer | 8 learn | five conv three | 5 conv 3",
        ),
        Point(
            "ResNets are much deeper than AlexNet: up to 152 layers on ImageNet.",
            "deeper | 152 | 101 layer | 50 layer | 34 layer | hundred layer | more layer | depth | very deep",
        ),
        Point(
            "A residual block computes $y = F(x) + x$: its input skips some convolutions and is added to their result.",
            "residual add | skip add | residual block | skip connect | shortcut | identity add | fx x",
        ),
        Point(
            "In the original ResNet each convolution is followed by batch normalisation, which AlexNet does not have.",
            "batch norm | batchnorm",
        ),
        Point(
            "Through the sum the gradient has a direct way back to early layers, so very deep nets can be trained.",
            "gradient | vanish | easier optimis | easier train | degradation | can be trained",
        ),
        Point(
            "A ResNet ends with global average pooling and one fully connected layer in place of AlexNet's three.",
            "averag pool | global pool | one fully connected | single fully connected | one dense | single dense",
        ),
    )
    misconceptions = (
        Misconception(
            "alexnet_has_11_layers",
            "AlexNet has 11 layers.",
            "AlexNet has eight learned layers: five convolutional and three fully connected. Its three max poolings "
            "have no weights and are not counted.",
            "11 layers | eleven layers | has 11 | has eleven",
            "How many of the layers have weights?",
            recorded="AlexNet has 11 layers.",
            why="With its three max poolings counted as layers, 5 + 3 + 3 are 11.",
        ),
        Misconception(
            "residual_block_concatenates",
            "A residual block concatenates its input with the result of its convolutions.",
            "It adds them, so the depth stays the same. Concatenation is what DenseNet and Inception do.",
            "residual block concat | skip concat | concat input result | concat input output",
            "How many maps leave a block that 64 maps have entered?",
        ),
        Misconception(
            "residual_block_multiplies",
            "A residual block multiplies its input by the result of its convolutions.",
            "It adds them. With a product, a result of 0 would wipe the input out; with the sum, it hands it on.",
            "multipl input | multipl skip | product input",
            "What comes out of the block if $F(x) = 0$?",
        ),
        Misconception(
            "skips_against_overfitting",
            "Skip connections were introduced against overfitting.",
            "They were introduced because deeper plain nets had a larger error on the training set too (He et al. "
            "2016): a problem of optimisation.",
            "skip against overfit | skip cure overfit | skip prevent overfit | skip reduc overfit | residual against "
            "overfit | residual prevent overfit | residual reduc overfit",
            "Was it the training error or the gap that was too large?",
        ),
        Misconception(
            "both_use_batch_norm",
            "Both nets normalise their batches after every convolution.",
            "Batch normalisation came in 2015 (Ioffe and Szegedy). AlexNet, of 2012, uses local response normalisation "
            "behind two of its layers.",
            "both batch norm | both normalis",
            "Which of the two was published first, and when was batch normalisation?",
        ),
        Misconception(
            "every_skip_has_weights",
            "Every skip connection has weights of its own that are learned.",
            "Most skips hand the input on as it is and have nothing to learn. Only where size or depth change, the "
            "usual ResNet puts a 1 x 1 convolution into the skip.",
            "every skip weight | skip own weight | all skip weight | every shortcut weight",
            "What has to be learned in order to add $x$?",
        ),
    )


class DenseBlockAndResidualStage(Calculation):
    """Weights, and what the backward pass needs, for a dense block and a residual stage of equal depth and size."""

    id = "A26"
    title = "Weights and memory of DenseNet and ResNet"
    coursework = exact({"size": 56, "depth": 64, "growth": 16, "layers": 6})
    givens = {
        "size": wholes("side of the maps", low=1, high=512),
        "depth": wholes("number of maps that enter", low=1, high=4096),
        "growth": wholes("growth rate", low=1, high=1024),
        "layers": wholes("number of convolutions", low=2, high=12),
    }
    parts = {
        "weightsD": "the weights of the dense block",
        "weightsR": "the weights of the residual stage",
        "bytesD": "the bytes kept for the dense block, with a new array for each concatenation",
        "bytesR": "the bytes kept for the residual stage",
        "bytesS": "the bytes kept for the dense block, with each map stored only once",
    }
    units = {"bytesD": "bytes", "bytesR": "bytes", "bytesS": "bytes"}
    slips = (
        Slip(
            "only_the_layer_before",
            "You let each layer of the dense block read only the maps of the layer before. It reads those of all "
            "layers before it, and of the block's input.",
            "Write down the depth of the input of each layer: it grows by the growth rate.",
        ).on(
            "weightsD",
            lambda given, right: (
                9 * given.growth * (given.depth + (given.layers - 1) * given.growth)
                if given.layers > 1
                else None
            ),
        ),
        Slip(
            "dense_block_without_its_input",
            "You left out the maps that enter the block. Every layer reads them too.",
            "The first layer has nothing else to read.",
        ).on(
            "weightsD",
            lambda given, right: sum(9 * given.growth * given.growth * i for i in range(1, given.layers)),
        ),
        mistakes.DEPTH_NOT_MULTIPLIED.on("weightsR", lambda given, right: given.layers * 9 * given.depth),
        Slip(
            "weights_in_the_skip",
            "You gave the skips weights. Size and depth stay the same here, so the input is added as it is.",
            "What has to be learned in order to add $x$?",
        ).on(
            "weightsR",
            lambda given, right: (
                right.weightsR
                + given.layers // 2 * conv2d_parameters(given.depth, given.depth, 1, bias=False)
            ),
        ),
        Slip(
            "outputs_for_inputs",
            "You counted what each layer makes. The backward pass needs what each layer read: the gradient of a weight "
            "is a sum of products with the layer's *input*.",
            "Which factor stands beside the upstream gradient in $dW$?",
        ).on("bytesD", lambda given, right: _kept(given, [given.growth] * given.layers)),
        Slip(
            "numbers_for_bytes",
            "You counted numbers. Each of them takes 4 bytes.",
            "Write the unit behind every count.",
        ).on("bytesD", lambda given, right: right.bytesD // _BYTES),
        Slip(
            "skip_kept_twice",
            "You kept the input of a block a second time for its sum. A sum needs nothing for the backward pass: it "
            "hands the gradient to both sides as it is.",
            "Write down the derivative of $a + b$ for $a$: does any value of the forward pass occur in it?",
        ).on("bytesR", lambda given, right: _kept(given, [given.depth] * (given.layers + given.layers // 2))),
        Slip(
            "output_of_the_block_kept",
            "You also counted the maps of the last layer. No layer of the block reads them: they are counted with what "
            "follows, as for the residual stage.",
            "Go through the layers and tick off what each of them reads.",
        ).on("bytesS", lambda given, right: _kept(given, [given.depth + given.layers * given.growth])),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        depth = draws.choice([16, 24, 32, 48, 64])
        return {
            "size": draws.choice([7, 8, 14, 16, 28, 32, 56]),
            "depth": depth,
            "growth": draws.choice([depth // 8, depth // 4, depth * 3 // 8]),
            "layers": draws.choice([4, 6, 8]),
        }

    def accept(self) -> None:
        pairs = self.given.layers % 2 == 0
        expect(pairs, "A residual stage has its convolutions in pairs: expected an even number.", "layers")

    def pose(self) -> str:
        g = self.given
        shape = tex(Shape(g.size, g.size, g.depth))
        return (
            f"A *dense block* and a *residual stage* each take a stack of ${shape}$ and have {g.layers} convolutions "
            r'($3 \times 3$, padding "same", stride 1, no biases), each followed by a ReLU.'
            "\n\n"
            f"- In the dense block every convolution reads all maps so far: the {g.depth} that entered the block and "
            f"those of every layer before it. It makes {g.growth} maps of its own (the growth rate).\n"
            f"- In the residual stage every convolution reads {g.depth} maps and makes {g.depth}. After every second "
            "convolution, before its ReLU, the input of the pair is added.\n\n"
            "Which needs fewer weights, and which needs more memory in training? Count what the backward pass needs by "
            "these rules:\n\n"
            "- The input of every convolution is kept, because $dW$ is a sum of products with it.\n"
            "- A ReLU needs nothing more: where it let something through can be read off its output, which is the "
            "input of a later layer. The output of the last layer is counted with what follows it.\n"
            "- A sum needs nothing: it hands the gradient on as it is.\n"
            "- A concatenation is usually written into memory as a new array, so the input of each layer of the dense "
            "block is kept in full (`bytesD`). With more care each map is stored once, and all layers read it there "
            "(`bytesS`).\n"
            f"- A number takes {_BYTES} bytes."
        )

    def solve(self, work: Work) -> None:
        g = self.given
        inputs = [g.depth + i * g.growth for i in range(g.layers)]
        weights_d = self._dense_weights(work, inputs)
        weights_r = self._residual_weights(work)
        copied = self._bytes(
            work,
            "bytesD",
            "The first layer keeps what entered the block, the second that and the maps of the first, and so on: the "
            "early maps are kept again and again. Add up the depths.",
            inputs,
        )
        plain = self._bytes(
            work,
            "bytesR",
            "Each layer keeps an input of the same depth. The input of a pair is that of its first convolution too, so "
            "the sum adds nothing.",
            [g.depth] * g.layers,
        )
        once = [g.depth] + [g.growth] * (g.layers - 1)
        self._bytes(
            work,
            "bytesS",
            "Stored once: what entered the block, and the maps of every layer that a later one reads. Each of them "
            "stays alive until the backward pass has done every layer that read it: what entered the block, to the "
            "very end.",
            once,
            closing=f"So the dense block has {_compared(weights_d, weights_r)} weights: "
            f"{notation.plain(weights_d)} against {notation.plain(weights_r)}. With its copies it keeps more: "
            f"{notation.plain(copied)} bytes against {notation.plain(plain)}. Stored once, it would keep only "
            f"{notation.plain(_kept(g, once))}; but in the published DenseNet every layer begins with a batch "
            "normalisation and a ReLU of its own (Huang et al. 2017), so no two layers read the same numbers, and "
            "storing once takes computing them again in the backward pass (Pleiss et al. 2017).",
        )

    def _dense_weights(self, work: Work, inputs: Sequence[int]) -> Any:
        g = self.given
        counts = [conv2d_parameters(depth, g.growth, 3, bias=False) for depth in inputs]
        for i, (depth, count) in enumerate(zip(inputs, counts, strict=True)):
            work.step(
                f"Layer {i + 1} reads {depth} maps: {g.depth} that entered and {i} × {g.growth} from the layers before."
                if i
                else f"Layer 1 reads the {depth} maps that entered.",
                formula=r"N_l = 3 \cdot 3 \cdot d_l \cdot k, \quad d_l = d + (l - 1)\, k",
                symbol=f"N_{{{i + 1}}}",
                numbers=rf"3 \cdot 3 \cdot {tex(depth)} \cdot {tex(g.growth)}",
                result=count,
            )
        return total(
            work, "weightsD", counts, what="Add up the layers.", formula=r"N = \sum_l N_l", symbol="N"
        )

    def _residual_weights(self, work: Work) -> Any:
        g = self.given
        count = g.layers * conv2d_parameters(g.depth, g.depth, 3, bias=False)
        work.step(
            "All layers are alike, and the skips have no weights.",
            formula=r"N = n \cdot 3 \cdot 3 \cdot d \cdot d",
            symbol="N",
            numbers=rf"{g.layers} \cdot 3 \cdot 3 \cdot {g.depth} \cdot {g.depth}",
            result=count,
        )
        return work.part("weightsR", count)

    def _bytes(self, work: Work, part: str, what: str, depths: Sequence[int], closing: str = "") -> int:
        g, maps = self.given, sum(depths)
        work.step(
            what,
            formula=r"m = \sum_l d_l",
            symbol="m",
            numbers=" + ".join(map(str, depths)),
            result=maps,
        )
        work.step(
            "Each map has that many numbers, each of them 4 bytes.",
            formula=r"B = 4 \cdot m \cdot h \cdot w",
            symbol="B",
            numbers=rf"{_BYTES} \cdot {tex(maps)} \cdot {g.size} \cdot {g.size}",
            result=_kept(g, depths),
        )
        if closing:
            work.step(closing)
        return work.part(part, _kept(g, depths))


def _compared(count: int, other: int) -> str:
    return "as many" if count == other else "fewer" if count < other else "more"


def _kept(given: Any, depths: Sequence[int]) -> int:
    """Return the bytes of stacks of these depths."""
    return _BYTES * sum(depths) * given.size * given.size


class ResidualBlockForward(Calculation):
    """Forward through one residual block, and through the same block with all weights 0."""

    id = "B11"
    title = "A residual block, and when it is the identity"
    coursework = exact(
        {"x": [2, -1, 3], "W1": [[1, 0, -1], [1, 1, 1]], "W2": [[1, -1], [2, 1], [0, -1]]},
    )
    symbols = {"x": "x", "W1": "W_1", "W2": "W_2"}
    givens = {
        "x": reals("input $x$", "n:1-5"),
        "W1": reals("first weights $W_1$", "m:1-5 n", low=-100, high=100),
        "W2": reals("second weights $W_2$", "n m", low=-100, high=100),
    }
    parts = {
        "h": "the hidden layer",
        "F": "what the layers add",
        "y": "the output",
        "y0": "the output for the same $x$ if all weights are 0",
    }
    slips = (
        mistakes.RELU_FORGOTTEN.on("h", lambda given, right: _product(given.W1, given.x)),
        Slip(
            "relu_too_late",
            "You applied the ReLU to $F$ as well. In this block it stands between the two layers only.",
            "Go through the formula from the inside out: one ReLU.",
        ).on("F", lambda given, right: [max(0, value) for value in right.F]),
        SKIP_FORGOTTEN.on("y", lambda given, right: right.F),
        Slip(
            "multiplied_for_added",
            "You multiplied $F$ by the input. A residual block adds the two.",
            "Let $F$ be 0: the block must hand its input on unchanged.",
        ).on("y", lambda given, right: [a * b for a, b in zip(right.F, given.x, strict=True)]),
        Slip(
            "zero_weights_zero_output",
            "With all weights 0, $F$ is 0, but the skip has no weights: the input is still added.",
            "Put $F(x) = 0$ into $y = F(x) + x$.",
        ).on("y0", lambda given, right: [0] * len(given.x)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {
            "x": draws.vector(3, -3, 3, but=[0]),
            "W1": draws.matrix(2, 3, -2, 2),
            "W2": draws.matrix(3, 2, -2, 2),
        }

    def refuse(self) -> None:
        before = _product(self.given.W1, self.given.x)
        if 0 in before or max(before) < 0 or min(before) > 0:
            raise Degenerate("the hidden units are all active, or all silent, or one is at the kink")
        if 0 in self.values["F"] or min(self.values["F"]) > 0:
            raise Degenerate("an entry stays as it is, or none becomes smaller")

    def pose(self) -> str:
        return (
            r"A residual block computes $y = F(x) + x$ with $F(x) = W_2\, \mathrm{ReLU}(W_1 x)$: no biases, and no "
            "activation behind the sum. Compute its output for $x$. When does the block hand every input on unchanged? "
            "Compute the output for the same $x$ once more, with all weights 0."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        hidden = multiply(work, "h", given.W1, given.x, symbols=("W_1", "x"), relu=True)
        change = multiply(work, "F", given.W2, hidden, symbols=("W_2", "h"))
        add(
            work,
            "y",
            change,
            given.x,
            symbols=("F", "x"),
            what="Add the input, which has skipped both layers.",
        )
        work.step(
            "The block is the identity exactly if $F(x) = 0$ for every $x$, for instance if all its weights are 0. So "
            "it is easy for a residual block to do nothing; a plain layer would have to learn the identity.",
            formula=r"y = x \iff F(x) = 0",
        )
        work.step(
            "With all weights 0, nothing is added to the input.",
            formula="y = F(x) + x",
            symbol="y",
            numbers=f"{tex([0] * len(given.x))} + {tex(given.x)}",
            result=given.x,
            cells={"x": [(i,) for i in range(len(given.x))], "y0": [(i,) for i in range(len(given.x))]},
        )
        work.part("y0", given.x)


class GradientThroughSkips(Calculation):
    """Backward through one residual block; then gradients by depth, with and without skips."""

    id = "B12"
    title = "The gradient through residual blocks"
    decimals = 5
    coursework = exact(
        {"W": [[1, 2], [-1, 3]], "dy": [2, 1], "w": ["0.5", "0.2", "0.5", "0.1", "0.4"]},
    )
    symbols = {"W": "W", "dy": "dy", "w": "w"}
    givens = {
        "W": reals("weights $W$ of the block", "n:1-5 n"),
        "dy": reals("gradient $dy$ at its output", "n"),
        "w": reals("slopes $w$ of the stacked blocks", "5", low="0.001", high="0.999"),
    }
    parts = {
        "dx": r"$\partial L / \partial x$ of the one block",
        "P": "the gradient in the plain stack behind block 0, 1, 2, 3 and 4",
        "R": "the same in the residual stack",
    }
    slips = (
        Slip(
            "gradient_of_the_skip_forgotten",
            "You left out the gradient that takes the skip. It arrives at $x$ as it is, and is added.",
            "Let $W$ be 0: the block is the identity, and the gradient must come through unchanged.",
        ).on("dx", lambda given, right: _product(_transposed(given.W), given.dy)),
        mistakes.TRANSPOSED.on(
            "dx",
            lambda given, right: _sum(given.dy, _product(given.W, given.dy)),
            message="You multiplied by $W$. On the way back its transpose takes its place: $x_i$ reaches the output "
            "through *column* $i$ of $W$.",
        ),
        Slip(
            "added_along_the_stack",
            "You added the slopes up. One block behind the other means one factor behind the other: the chain rule "
            "multiplies.",
            "Two blocks that each halve the gradient leave a quarter of it.",
        ).on("P", lambda given, right: tidy(list(accumulate(given.w)))),
        Slip(
            "skip_caps_the_gradient",
            "You let the gradient pass every block unchanged, as if only the skip counted. The path through the block "
            "adds its share: each block multiplies by $1 + w_i$. A skip keeps the gradient from vanishing; it does not "
            "keep it from growing.",
            "Multiply ten blocks with the slope 1: the gradient is $2^{10}$ times as large.",
        ).on(
            "R",
            lambda given, right: [1] * len(given.w),
            recorded="The skip connection prevents exploding gradients.",
            why="Vanishing and exploding gradients are named in one breath, and the skip cures the first.",
        ),
        Slip(
            "one_added_at_the_end",
            "You multiplied the slopes first and added 1 then. Each block has its own skip, so each factor is "
            "$1 + w_i$.",
            "Multiply out $(1 + w_0)(1 + w_1)$: there are four paths, not two.",
        ).on("R", lambda given, right: tidy([1 + value for value in right.P])),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {
            "W": draws.matrix(2, 2, -3, 3),
            "dy": draws.sample([-3, -2, -1, 1, 2, 3], 2),
            "w": [draws.decimal("0.1", "0.5") for _ in range(5)],
        }

    def refuse(self) -> None:
        back = _transposed(self.given.W)
        if back == self.given.W or 0 in _product(back, self.given.dy):
            raise Degenerate("rows and columns cannot be told apart, or nothing comes through the block")

    def pose(self) -> str:
        return (
            "A residual block computes $y = F(x) + x$ with $F(x) = W x$, and the loss has the gradient $dy$ at its "
            r"output. Find $dx = \partial L / \partial x$."
            "\n\n"
            f"Then compare two stacks of {len(self.given.w)} blocks that each work on a single number: plain ones, "
            r"$y = F_i(x)$, and residual ones, $y = F_i(x) + x$. The slopes $F_i'(x) = w_i$ are given in the order in "
            "which the backward pass meets them, and the gradient at the end of the stack is 1. How large is it behind "
            "each block?"
        )

    def solve(self, work: Work) -> None:
        W, dy = self.given.W, self.given.dy
        work.step(
            "The input reaches the output in two ways, so the derivative has two terms: the identity of the skip, and "
            "that of the layers. The upstream gradient goes through both.",
            formula=r"\frac{\partial y}{\partial x} = I + \frac{\partial F}{\partial x} = I + W",
        )
        result = _sum(dy, _product(_transposed(W), dy))
        for i, value in enumerate(result):
            column = " + ".join(rf"{factor(W[k][i])} \cdot {factor(dy[k])}" for k in range(len(dy)))
            work.step(
                "Take the gradient as it is, and add column by gradient.",
                formula=r"dx_i = dy_i + \sum_k W_{ki}\, dy_k",
                symbol=f"dx_{i}",
                numbers=f"{tex(dy[i])} + {column}",
                result=value,
                cells={
                    "dy": [(k,) for k in range(len(dy))],
                    "W": [(k, i) for k in range(len(dy))],
                    "dx": [(i,)],
                },
            )
        work.part("dx", result)
        _back(work, "P", self.given.w, "A plain block multiplies the gradient by its slope.", skip=False)
        _back(
            work,
            "R",
            self.given.w,
            r"A residual block multiplies it by $1 + w_i$: the gradient of the skip and that of the layers.",
            skip=True,
            closing="The plain stack lets the gradient vanish; the skips do not. But no factor holds it down either: "
            "with positive slopes it grows with every block. Skips do not prevent exploding gradients.",
        )


def _back(work: Work, part: str, slopes: Sequence[Any], what: str, *, skip: bool, closing: str = "") -> Any:
    """Let a gradient of 1 pass back through a stack, block by block."""
    found: list[Any] = []
    for i, slope in enumerate(slopes):
        before = found[-1] if found else 1
        rule = f"(1 + w_{'i' if i else 0})" if skip else f"w_{'i' if i else 0}"
        found.append(before * (1 + slope if skip else slope))
        work.step(
            what,
            formula=rf"{part}_i = {part}_{{i-1}} \cdot {rule}" if i else rf"{part}_0 = 1 \cdot {rule}",
            symbol=f"{part}_{i}",
            numbers=rf"{tex(before)} \cdot {f'(1 + {tex(slope)})' if skip else tex(slope)}",
            result=found[-1],
            cells={"w": [(i,)], part: [(j,) for j in (i - 1, i) if j >= 0]},
        )
    if closing:
        work.step(closing)
    return work.part(part, found)


def _product(matrix: Sequence[Sequence[Any]], vector: Sequence[Any]) -> list[Any]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _transposed(matrix: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*matrix, strict=True)]


def _sum(a: Any, b: Any) -> list[Any]:
    """Add two vectors or matrices cell by cell."""
    return [_sum(p, q) if isinstance(p, list) else p + q for p, q in zip(a, b, strict=True)]


def expect_reduction(given: Any, name: str, ratio: float) -> None:
    """Refuse a reduction that reduces nothing, or saves nothing."""
    expect(
        getattr(given, name) < given.depth,
        f"The 1 × 1 convolution is to reduce the depth: expected less than {given.depth}.",
        name,
    )
    expect(ratio > 1, "This would take more multiplications in place of fewer: expected a lower depth.", name)


class Bottleneck(Calculation):
    """The multiplications of a convolution, direct and through a bottleneck."""

    id = "B13"
    title = "Multiplications with and without a 1 × 1 bottleneck"
    decimals = 2
    coursework = exact({"size": 28, "depth": 192, "filters": 32, "reduced": 16})
    givens = {
        "size": wholes("side of the maps", low=1, high=512),
        "depth": wholes("number of maps that enter", low=2, high=4096),
        "filters": wholes("number of filters", low=1, high=4096),
        "reduced": wholes("depth of the bottleneck", low=1, high=4096),
    }
    parts = {
        "direct3": r"multiplications of the $3 \times 3$ convolution",
        "direct5": r"multiplications of the $5 \times 5$ convolution",
        "reduce": r"multiplications of the $1 \times 1$ convolution",
        "expand": r"multiplications of the $5 \times 5$ convolution behind it",
        "bottleneck": "both together",
        "ratio": r"how many times fewer that is than the direct $5 \times 5$ convolution",
    }
    slips = (
        mistakes.DEPTH_NOT_MULTIPLIED.on(
            "direct3", lambda given, right: conv2d_macs(1, given.filters, 3, given.size)
        ),
        mistakes.PADDING_FORGOTTEN.on(
            "direct5",
            lambda given, right: conv2d_macs(given.depth, given.filters, 5, given.size - 4),
            message='You let the map shrink. With "same" padding there are as many windows as pixels.',
        ),
        mistakes.FLOPS_FOR_MACS.on(
            "direct5",
            lambda given, right: 2 * right.direct5,
            message="You counted the additions as well, as in FLOPs. Only the multiplications are asked.",
        ),
        Slip(
            "pointwise_convolution_padded",
            r"You padded the image for the $1 \times 1$ convolution, so its map came out two pixels taller and wider. "
            r'A $1 \times 1$ window fits on every pixel: "same" needs no padding here.',
            "Size formula: $n + 2p - 1 + 1 = n$ holds for $p = 0$ only.",
        ).on(
            "reduce",
            lambda given, right: conv2d_macs(given.depth, given.reduced, 1, given.size + 2),
            recorded="12,800,000 multiplications with the bottleneck, of which 2,764,800 for the 1 × 1 convolution.",
            why="The padding 1 that belongs to a 3 × 3 filter was given to the 1 × 1 filter: 30 × 30 windows.",
        ),
        Slip(
            "bottleneck_not_used",
            r"You let the $5 \times 5$ filters read all maps of the input. Behind the bottleneck there are fewer.",
            "Write down the shape behind the first convolution before you count the second.",
        ).on("expand", lambda given, right: right.direct5),
        Slip(
            "reduction_not_counted",
            r"You left out the $1 \times 1$ convolution. It is cheap, but it has to be paid.",
            "Two layers, two counts, then the sum.",
        ).on("bottleneck", lambda given, right: right.expand),
        Slip(
            "compared_with_the_smaller_filter",
            r"You compared with the direct $3 \times 3$ convolution. The bottleneck stands in for the $5 \times 5$ "
            "one: compare what does the same job.",
            "Which layer does this pair of layers replace?",
        ).on(
            "ratio",
            lambda given, right: right.direct3 / right.bottleneck,
            recorded="The saving was compared with the 3 × 3 convolution.",
            why="Its count was the first on the sheet.",
        ),
        FACTOR_UPSIDE_DOWN.on("ratio", lambda given, right: right.bottleneck / right.direct5),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, int]:
        return {
            "size": draws.choice([8, 14, 16, 28, 32, 56]),
            "depth": draws.choice([64, 96, 128, 192, 256]),
            "filters": draws.choice([16, 32, 48, 64]),
            "reduced": draws.choice([8, 12, 16, 24]),
        }

    def refuse(self) -> None:
        if self.given.reduced >= self.given.filters:
            raise Degenerate("the bottleneck is not the narrowest layer")

    def accept(self) -> None:
        expect_reduction(self.given, "reduced", self.values["ratio"])

    def pose(self) -> str:
        g = self.given
        before, after = tex(Shape(g.size, g.size, g.depth)), tex(Shape(g.size, g.size, g.filters))
        return (
            f'A convolution with stride 1 and "same" padding turns a stack of ${before}$ into ${after}$. Count its '
            r"multiplications with $3 \times 3$ and with $5 \times 5$ filters. Then put a bottleneck before the "
            rf"$5 \times 5$ convolution: a $1 \times 1$ convolution that reduces the depth to {g.reduced}. Count "
            "again, and compare."
        )

    def solve(self, work: Work) -> None:
        g = self.given
        for part, kernel_size in (("direct3", 3), ("direct5", 5)):
            count = same_convolution(
                work,
                "Each number of the output is a sum of products over one window of the input, in all its maps.",
                size=g.size,
                depth=g.depth,
                filters=g.filters,
                kernel_size=kernel_size,
                symbol=f"M_{kernel_size}",
            )
            direct = work.part(part, count)
        reduce = work.part(
            "reduce",
            same_convolution(
                work,
                r"A $1 \times 1$ window covers one pixel, so it needs no padding and the map keeps its size.",
                size=g.size,
                depth=g.depth,
                filters=g.reduced,
                kernel_size=1,
                symbol="M_1",
            ),
        )
        expand = work.part(
            "expand",
            same_convolution(
                work,
                rf"The $5 \times 5$ filters now read {g.reduced} maps only.",
                size=g.size,
                depth=g.reduced,
                filters=g.filters,
                kernel_size=5,
                symbol="M_5'",
            ),
        )
        both = total(
            work,
            "bottleneck",
            [reduce, expand],
            what="Add the two layers.",
            formula="M = M_1 + M_5'",
        )
        times_fewer(
            work,
            "ratio",
            direct,
            both,
            what=r"Compare with the $5 \times 5$ convolution, which it replaces.",
            formula=r"r = \frac{M_5}{M}",
        )


class InceptionModule(Calculation):
    """Two branches of an Inception module, without and with reductions."""

    id = "B14"
    title = "Multiplications of an Inception module"
    decimals = 2
    coursework = exact(
        {"size": 32, "depth": 192, "filters3": 128, "filters5": 32, "reduced3": 64, "reduced5": 16},
    )
    givens = {
        "size": wholes("side of the maps", low=1, high=512),
        "depth": wholes("number of maps that enter", low=2, high=4096),
        "filters3": wholes(r"number of $3 \times 3$ filters", low=1, high=4096),
        "filters5": wholes(r"number of $5 \times 5$ filters", low=1, high=4096),
        "reduced3": wholes(r"depth before the $3 \times 3$ filters", low=1, high=4096),
        "reduced5": wholes(r"depth before the $5 \times 5$ filters", low=1, high=4096),
    }
    parts = {
        "branch3": r"multiplications of the $3 \times 3$ branch",
        "branch5": r"multiplications of the $5 \times 5$ branch",
        "naive": "both together",
        "reduced3": r"multiplications of the $3 \times 3$ branch with its reduction",
        "reduced5": r"multiplications of the $5 \times 5$ branch with its reduction",
        "reduced": "both together, with the reductions",
        "ratio": "how many times fewer that is",
    }
    slips = (
        mistakes.DEPTH_NOT_MULTIPLIED.on(
            "branch3", lambda given, right: conv2d_macs(1, given.filters3, 3, given.size)
        ),
        mistakes.FLOPS_FOR_MACS.on(
            "branch5",
            lambda given, right: 2 * right.branch5,
            message="You counted the additions as well, as in FLOPs. Only the multiplications are asked.",
        ),
        Slip(
            "branches_one_after_another",
            "You let the second branch read what the first one made. The branches of an Inception module stand side by "
            "side and all read the same input.",
            "Draw the module: how many arrows leave its input?",
        ).on("branch5", lambda given, right: conv2d_macs(given.filters3, given.filters5, 5, given.size)),
        Slip(
            "reduction_not_counted",
            r"You left out the $1 \times 1$ convolution. It is cheap, but it has to be paid.",
            "Each branch has two layers now: two counts, then the sum.",
        ).on("reduced3", lambda given, right: conv2d_macs(given.reduced3, given.filters3, 3, given.size)),
        Slip(
            "bottleneck_not_used",
            r"You let the $5 \times 5$ filters read all maps of the input. Behind the reduction there are fewer.",
            "Write down the shape behind the first convolution before you count the second.",
        ).on(
            "reduced5",
            lambda given, right: conv2d_macs(given.depth, given.reduced5, 1, given.size) + right.branch5,
        ),
        mistakes.ROUNDED_EARLY.on(
            "ratio",
            lambda given, right: round(right.ratio),
            message="You rounded the factor to a whole number, and made the saving look other than it is. Two decimals "
            "are asked.",
            recorded="The reductions save a factor of 4.",
            why="A round number was easier to remember.",
        ),
        FACTOR_UPSIDE_DOWN.on("ratio", lambda given, right: right.reduced / right.naive),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, int]:
        return {
            "size": draws.choice([8, 14, 16, 28, 32]),
            "depth": draws.choice([128, 192, 256]),
            "filters3": draws.choice([64, 96, 128, 192]),
            "filters5": draws.choice([16, 32, 48]),
            "reduced3": draws.choice([32, 48, 64]),
            "reduced5": draws.choice([8, 16, 24]),
        }

    def refuse(self) -> None:
        g, ratio = self.given, self.values["ratio"]
        if g.reduced3 >= g.filters3 or g.reduced5 >= g.filters5:
            raise Degenerate("a reduction is not narrower than what follows it")
        if abs(ratio - round(ratio)) < 0.1:
            raise Inconvenient("the factor is close to a whole number")

    def accept(self) -> None:
        expect_reduction(self.given, "reduced3", self.values["ratio"])
        expect_reduction(self.given, "reduced5", self.values["ratio"])

    def pose(self) -> str:
        g = self.given
        return (
            f"Two branches of an Inception module read the same stack of ${tex(Shape(g.size, g.size, g.depth))}$: one "
            rf"has {g.filters3} filters of $3 \times 3$, the other {g.filters5} filters of $5 \times 5$ (stride 1, "
            '"same" padding). Count their multiplications. Then put a '
            rf"$1 \times 1$ convolution before each, which reduces the depth to {g.reduced3} in the first branch and "
            f"to {g.reduced5} in the second. Count again, and compare."
        )

    def solve(self, work: Work) -> None:
        g = self.given
        branches = ((3, g.reduced3, g.filters3), (5, g.reduced5, g.filters5))
        naive = []
        for kernel_size, _, filters in branches:
            count = same_convolution(
                work,
                "Each number of the output is a sum of products over one window of the input, in all its maps.",
                size=g.size,
                depth=g.depth,
                filters=filters,
                kernel_size=kernel_size,
                symbol=f"M_{kernel_size}",
            )
            naive.append(work.part(f"branch{kernel_size}", count))
        many = total(work, "naive", naive, what="Add the branches.", formula="M = M_3 + M_5")
        reduced = [self._reduced(work, *branch) for branch in branches]
        few = total(
            work, "reduced", reduced, what="Add the branches.", formula="M' = M_3' + M_5'", symbol="M'"
        )
        times_fewer(
            work,
            "ratio",
            many,
            few,
            what="Compare the two modules.",
            formula=r"r = \frac{M}{M'}",
        )

    def _reduced(self, work: Work, kernel_size: int, depth: int, filters: int) -> Any:
        """Count a branch with its reduction."""
        g = self.given
        counts = [
            same_convolution(
                work,
                f"The reduction reads all {g.depth} maps and makes {depth}.",
                size=g.size,
                depth=g.depth,
                filters=depth,
                kernel_size=1,
                symbol="M_1",
            ),
            same_convolution(
                work,
                f"The filters behind it read {depth} maps only.",
                size=g.size,
                depth=depth,
                filters=filters,
                kernel_size=kernel_size,
                symbol="M_2",
            ),
        ]
        return total(
            work,
            f"reduced{kernel_size}",
            counts,
            what="Add the two layers.",
            formula=f"M_{kernel_size}' = M_1 + M_2",
            symbol=f"M_{kernel_size}'",
        )


class Branches(Calculation):
    """Two convolutional branches on one map; subclasses say how they are joined."""

    coursework = exact(
        {
            "image": [[1, 0, 0, 2], [0, 1, 0, 1], [0, 0, 1, 2], [0, 0, 0, 1]],
            "first": [[0, 0], [1, 1]],
            "second": [[0, 0], [1, 1]],
        }
    )
    symbols = {"image": "M", "first": "U", "second": "V"}
    givens = {
        "image": reals("map $M$", "h w"),
        "first": reals("filter $U$", "f:1-5 g:1-5"),
        "second": reals("filter $V$", "f g"),
    }

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {
            "image": draws.matrix(4, 4, 0, 3),
            "first": draws.matrix(2, 2, -1, 1),
            "second": draws.matrix(2, 2, -1, 1),
        }

    def refuse(self) -> None:
        a, b = self.values["A"], self.values["B"]
        for kernel in (self.given.first, self.given.second):
            if sum(map(bool, notation.numbers(kernel))) < 2:
                raise Degenerate("a filter has fewer than two weights that are not 0")
        if a == b or not any(notation.numbers(_sum(a, b))):
            raise Degenerate("the branches are the same, or cancel")

    def accept(self) -> None:
        expect_window(notation.sizes(self.given.image), notation.sizes(self.given.first), "first")

    def _branches(self, work: Work) -> tuple[Any, Any]:
        g = self.given
        return (
            convolve(work, "A", g.image, g.first, symbols=("M", "U")),
            convolve(work, "B", g.image, g.second, symbols=("M", "V")),
        )


def _conv(image: Any, kernel: Any) -> list[list[Any]]:
    return definitions.conv2d([[image]], [[kernel]])[0][0]


def _flipped(kernel: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(row)[::-1] for row in kernel[::-1]]


_KERNEL_FLIPPED = mistakes.KERNEL_FLIPPED.on(
    "A", lambda given, right: _conv(given.image, _flipped(given.first))
)
_ONE_AFTER_ANOTHER = mistakes.ONE_AFTER_ANOTHER.on(
    "B",
    lambda given, right: _conv(right.A, given.second),
    message="You laid the second filter on what the first had made. The branches stand side by side: both read the "
    "map $M$.",
)


class AddedBranches(Branches):
    """The ResNet way."""

    id = "C2b"
    title = "Two branches, added"
    parts = {
        "A": "the map of the first branch",
        "B": "the map of the second branch",
        "S": "their sum",
        "depth": "the depth of the result",
    }
    slips = (
        _KERNEL_FLIPPED,
        _ONE_AFTER_ANOTHER,
        Slip(
            "averaged_for_added",
            "You took the mean of the two maps. ResNet adds them and does not divide.",
            "Where one branch is 0, the other one passes unchanged.",
        ).on("S", lambda given, right: tidy([[Fraction(v, 2) for v in row] for row in right.S])),
        Slip(
            "multiplied_for_added",
            "You multiplied the maps cell by cell. ResNet adds them.",
            "Where one branch is 0, the other one passes unchanged.",
        ).on(
            "S",
            lambda given, right: [
                [a * b for a, b in zip(*rows, strict=True)] for rows in zip(right.A, right.B, strict=True)
            ],
        ),
        Slip(
            "concatenated_for_added",
            "You counted the maps of both branches. That is the depth after a concatenation; a sum of two maps is one "
            "map.",
            "Count the maps that you have written down as the result.",
        ).on("depth", lambda given, right: 2),
    )

    def pose(self) -> str:
        return (
            "The map $M$ goes through two branches, convolutions with the filters $U$ and $V$ (stride 1, no "
            "padding, no bias). Their results are added cell by cell, as in a ResNet. Compute both branches and the "
            "result, and say how many maps deep it is."
        )

    def solve(self, work: Work) -> None:
        a, b = self._branches(work)
        joined = add(work, "S", a, b, symbols=("A", "B"), what="Add the two branches cell by cell.")
        depth = len(joined) if len(notation.sizes(joined)) > 2 else 1
        work.step(
            "A sum of maps is as deep as each of them. That is why the two sides of a ResNet's sum must agree in size "
            "and depth.",
            formula="d = d_A = d_B",
            symbol="d",
            result=depth,
        )
        work.part("depth", depth)


class ConcatenatedBranches(Branches):
    """The Inception and DenseNet way."""

    id = "C2c"
    title = "Two branches, concatenated"
    parts = {
        "A": "the map of the first branch",
        "B": "the map of the second branch",
        "C": "the result of the concatenation, map by map",
        "depth": "its depth",
    }
    slips = (
        _KERNEL_FLIPPED,
        _ONE_AFTER_ANOTHER,
        Slip(
            "added_for_concatenated",
            "You added the maps. A concatenation stacks them and changes none of their numbers.",
            "The result must hold as many numbers as both branches together.",
        ).on("C", lambda given, right: _sum(right.A, right.B)),
        Slip(
            "concatenated_along_the_width",
            "You put the maps side by side, into one wide map. Inception and DenseNet stack them in depth, pixel on "
            "pixel.",
            "Height and width must stay those of the branches.",
        ).on("C", lambda given, right: [[*a, *b] for a, b in zip(right.A, right.B, strict=True)]),
        Slip(
            "depth_not_added",
            "A concatenation is as deep as its parts together: the maps are stacked, none of them is lost.",
            "Count the maps that you have written down as the result.",
        ).on("depth", lambda given, right: 1),
    )

    def pose(self) -> str:
        return (
            "The map $M$ goes through two branches, convolutions with the filters $U$ and $V$ (stride 1, no "
            "padding, no bias). Their results are concatenated in depth, as in Inception or DenseNet. Compute both "
            "branches and the result, and say how many maps deep it is."
        )

    def solve(self, work: Work) -> None:
        a, b = self._branches(work)
        for number, (name, value) in enumerate((("A", a), ("B", b))):
            work.step(
                f"Map {number} of the result is the map $" + name + "$, unchanged.",
                formula=r"C_0 = A, \quad C_1 = B",
                symbol=f"C_{number}",
                numbers=name,
                result=value,
            )
        joined = work.part("C", [a, b])
        depth = len(joined) if len(notation.sizes(joined)) > 2 else 1
        work.step(
            "The depths add up. So the branches must agree in height and width, but not in depth.",
            formula="d = d_A + d_B",
            symbol="d",
            numbers="1 + 1" if depth == 2 else "",
            result=depth,
        )
        work.part("depth", depth)


class VanishingGradients(Calculation):
    """Gradients by depth: a plain stack, one with skips, and one with an auxiliary classifier half way."""

    id = "C4d"
    title = "Auxiliary classifiers and skips against vanishing gradients"
    decimals = 6
    coursework = exact(
        {"w": ["0.5", "-0.4", "0.5", "-0.2", "0.5", "-0.4"], "auxiliary": "1", "weight": "0.3"},
    )
    symbols = {"w": "w"}
    givens = {
        "w": reals("slopes $w$ of the six layers", "6", low="-0.999", high="0.999"),
        "auxiliary": reals("gradient of the auxiliary loss at $h_3$", low=-100, high=100),
        "weight": reals("weight of the auxiliary loss", low="0.001", high=10),
    }
    parts = {
        "P": "the plain stack",
        "S": "the stack with skips",
        "A": "the plain stack with the auxiliary classifier",
    }
    slips = (
        Slip(
            "added_along_the_stack",
            "You added the slopes up. One layer behind the other means one factor behind the other: the chain rule "
            "multiplies.",
            "Two layers that each halve the gradient leave a quarter of it.",
        ).on("P", lambda given, right: tidy(list(accumulate(map(abs, given.w[::-1])))[::-1])),
        Slip(
            "signs_dropped_too_early",
            "You dropped the signs of the slopes before adding 1. A layer with a negative slope takes something away "
            "from what the skip brings: its factor is $1 + w_i$ with the sign of $w_i$.",
            "Take the absolute value at the end, of the whole product.",
        ).on("S", lambda given, right: _sizes_behind([1 + abs(w) for w in given.w])),
        Slip(
            "skip_alone",
            "You let the gradient pass every layer unchanged, as if only the skip counted. The layer adds its share: "
            "the factor is $1 + w_i$.",
            "Write down the derivative of $F_i(h) + h$.",
        ).on("S", lambda given, right: [1] * len(given.w)),
        Slip(
            "auxiliary_weight_forgotten",
            "You added the gradient of the auxiliary loss at full size. It enters the total loss with its weight, and "
            "so does its gradient.",
            "Differentiate the total loss as it is written, weight and all.",
        ).on("A", lambda given, right: _with_auxiliary(given, weight=1)),
        Slip(
            "auxiliary_replaces_the_loss",
            "You let the gradient of the main loss end at the auxiliary classifier. Both losses reach the early "
            "layers, and their gradients add up.",
            "The total loss is a sum: so is its gradient.",
        ).on("A", lambda given, right: _with_auxiliary(given, main=0)),
        Slip(
            "auxiliary_everywhere",
            "You let the auxiliary gradient reach the late layers too. The auxiliary classifier reads $h_3$, so "
            "nothing behind $h_3$ can change its loss.",
            "Raise $h_5$ a little: does the auxiliary loss change?",
        ).on("A", lambda given, right: _with_auxiliary(given, everywhere=True)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        sizes = [draws.choice(["0.1", "0.2", "0.4", "0.5"]) for _ in range(6)]
        signs = draws.shuffled([1, 1, 1, -1, -1, -1])
        return {
            "w": [sign * Fraction(size) for sign, size in zip(signs, sizes, strict=True)],
            "auxiliary": draws.choice([-2, -1, 1, 2]),
            "weight": draws.choice([Fraction(3, 10), Fraction(1, 5), Fraction(1, 2)]),
        }

    def refuse(self) -> None:
        v = self.values
        if v["P"][0] > Fraction(1, 50) or not Fraction(1, 2) < v["S"][0] < 2:
            raise Degenerate("the gradient hardly vanishes in the plain stack, or is not near 1 with skips")
        if v["A"][0] < 2 * v["P"][0]:
            raise Degenerate("the auxiliary classifier helps little")

    def accept(self) -> None:
        plain, skips, helped = (self.values[part][0] for part in ("P", "S", "A"))
        expect(min(self.given.w) < 0 < max(self.given.w), "Expected positive and negative slopes.", "w")
        expect(
            Fraction(1, 4) <= skips <= 4,
            "With skips the gradient is to stay near 1: expected positive and negative slopes that balance, and "
            f"at the input it would be {notation.plain(skips)}.",
            "w",
        )
        expect(helped > plain, "With these numbers the auxiliary classifier does not help.", "auxiliary")

    def pose(self) -> str:
        g = self.given
        return (
            "A stack has six layers, $h_{i+1} = F_i(h_i)$ for $i = 0$ to 5, each on a single number, with the slopes "
            "$F_i' = w_i$. The loss has the gradient 1 at $h_6$. How large is the gradient, in absolute value, at "
            "$h_0, h_1, \\ldots, h_5$? Give the six numbers in this order for three nets.\n\n"
            "- The plain stack as it is.\n"
            "- With skips, as in a ResNet: $h_{i+1} = F_i(h_i) + h_i$.\n"
            "- Plain, with an auxiliary classifier at $h_3$, as in GoogLeNet: the total loss is "
            f"$L + {tex(g.weight)} L'$, and $L'$ has the gradient ${tex(g.auxiliary)}$ at $h_3$."
        )

    def solve(self, work: Work) -> None:
        _down(
            work,
            "P",
            self.given.w,
            "Go back one layer: multiply by its slope.",
            r"g_i = g_{i+1} \cdot w_i, \quad g_6 = 1, \quad P_i = \left| g_i \right|",
        )
        _down(
            work,
            "S",
            self.given.w,
            "Go back one layer: the skip adds 1 to its slope.",
            r"g_i = g_{i+1} \cdot (1 + w_i), \quad g_6 = 1, \quad S_i = \left| g_i \right|",
            skip=True,
        )
        _down(
            work,
            "A",
            self.given.w,
            "Go back one layer, as in the plain stack.",
            r"g_i = g_{i+1} \cdot w_i, \quad g_6 = 1, \quad A_i = \left| g_i \right|",
            join=(self.given.weight, self.given.auxiliary),
            closing="The auxiliary classifier helps the layers below it, by a fresh start half way; from there the "
            "gradient shrinks as before. With skips the factors lie around 1, some above and some below, so their "
            "product hardly shrinks with depth. GoogLeNet gave its auxiliary "
            "losses the weight 0.3 (Szegedy et al. 2015) and drops the classifiers after training.",
        )


def _down(
    work: Work,
    part: str,
    slopes: Sequence[Any],
    what: str,
    formula: str,
    *,
    skip: bool = False,
    join: tuple[Any, Any] | None = None,
    closing: str = "",
) -> Any:
    """Take the gradient 1 down a stack, layer by layer; half way, ``join`` = (weight, gradient) is added."""
    g: Any = 1
    found = []
    for i, slope in reversed(list(enumerate(slopes))):
        numbers = rf"{factor(g)} \cdot {f'(1 + {factor(slope)})' if skip else factor(slope)}"
        g = g * (1 + slope if skip else slope)
        joined = join if i == len(slopes) // 2 else None
        if joined:
            numbers += rf" + {tex(joined[0])} \cdot {factor(joined[1])}"
            g = g + joined[0] * joined[1]
        found.append(abs(g))
        work.step(
            f"{what} Here the auxiliary loss adds its gradient, times its weight." if joined else what,
            formula=formula,
            symbol=f"g_{i}",
            numbers=numbers,
            result=tidy(g),
            cells={"w": [(i,)], part: [(i,)]},
        )
    if closing:
        work.step(closing)
    return work.part(part, found[::-1])


def _gradients(slopes: Sequence[Any], *, join: Any = 0, main: Any = 1) -> list[Any]:
    """Return the gradients at h_0, ..., h_{n-1}; ``join`` is added at the middle."""
    found, g = [], main
    for i, slope in reversed(list(enumerate(slopes))):
        g = g * slope
        if i == len(slopes) // 2:
            g = g + join
        found.append(g)
    return found[::-1]


def _sizes_behind(factors: Sequence[Any]) -> list[Any]:
    return tidy([abs(g) for g in _gradients(factors)])


def _with_auxiliary(given: Any, *, weight: Any = None, main: Any = 1, everywhere: bool = False) -> list[Any]:
    """Return the sizes of the gradients with an auxiliary loss, as one slip or another makes them."""
    join = (given.weight if weight is None else weight) * given.auxiliary
    if everywhere:
        return tidy([abs(g + join) for g in _gradients(given.w)])
    return tidy([abs(g) for g in _gradients(given.w, join=join, main=main)])
