"""Backpropagation through dense layers, number by number. ``dX`` stands for dL/dX."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from byhand import definitions, mistakes
from byhand._nested import each
from byhand.calculation import Calculation
from byhand.draws import Degenerate, Draws, Inconvenient
from byhand.given import expect, reals, wholes
from byhand.mistakes import Slip
from byhand.moves.backward import (
    ACTIVATION_FOR_DERIVATIVE,
    cells,
    cellwise,
    difference,
    relu_backward,
)
from byhand.moves.classification import show_guard_digits, softmax
from byhand.moves.convolution import relu
from byhand.moves.dense import Term, einsum, total
from byhand.notation import exact, factor, nested, numbers, sizes, tex
from byhand.trace import Work

Matrix = list[list[Any]]


_DX = r"$dX$ stands for the gradient $\frac{\partial L}{\partial X}$, an array of the shape of $X$."


TARGET_FORGOTTEN = Slip(
    "target_not_subtracted",
    "You passed the probabilities on as they are. The gradient for the logits is probability minus target.",
    "The gradients of the logits must add up to 0.",
)


PENALTY_FORGOTTEN = Slip(
    "penalty_forgotten",
    "You left out the penalty. It is part of the loss, so each weight's gradient has one more term: its coefficient "
    "times the weight.",
    "Count the terms of the loss in which the weight occurs; its gradient has as many.",
)


PENALTY_SWAPPED = Slip(
    "penalties_swapped",
    "You took the coefficient of the other layer's penalty.",
    "Read off the loss which coefficient stands in front of which matrix.",
)


PENALTY_ON_BIASES = Slip(
    "penalty_on_the_biases",
    "You put a penalty on the biases too. Only $W1$ and $W2$ are in the penalties of this loss.",
    "Count the terms of the loss in which the bias occurs; its gradient has as many.",
)


KINK_LEFT_OUT = Slip(
    "kink_left_out",
    "You gave no number for the unit whose input is exactly 0, because the derivative does not exist there. At that "
    "one point it does not, but training needs a number: the convention, and the indicator in the formula, is 0. "
    "Everywhere else the derivative exists.",
    "A gradient has as many entries as what it is the gradient of.",
)


OUTPUTS_AS_VECTORS = Slip(
    "outputs_as_vectors",
    "You wrote a vector for each input. The net has a single output unit: multiply each hidden value by its weight, "
    "*add up*, and one number for each input remains.",
    "Count the output units: as many numbers for each input.",
)


BIAS_DROPPED = Slip(
    "bias_forgotten",
    "You dropped the bias. What a unit passes on is the weighted sum *plus* its bias.",
    "Set all inputs to 0 in your formula: the bias must remain.",
)


WEIGHTS_TRANSPOSED = Slip(
    "weights_transposed",
    "You multiplied by the transpose of the weights: the sum runs along a row of $W$ here, and you went down a column.",
    "Write one output in full, index by index, before you use matrices.",
)


def minus(x: Any) -> Any:
    """Return nested lists with every sign changed."""
    return nested(x, lambda value: -value)


def product(a: Matrix, b: Matrix) -> Matrix:
    """Return a matrix product."""
    return definitions.linear(a, transpose(b))


def transpose(x: Matrix) -> Matrix:
    """Return rows as columns."""
    return [list(column) for column in zip(*x, strict=True)]


def weighted(a: Any, b: Any) -> Any:
    """Return the products of the values in the same cell."""
    return each(lambda x, y: x * y, a, b)


def fractions(x: Any, denominator: int) -> Any:
    """Return integers divided by one denominator, exactly."""
    return exact(nested(x, lambda value: Fraction(value, denominator)))


def no_zeros(x: Any) -> None:
    """Raise ``Degenerate`` if a value lies on the kink of a ReLU."""
    if 0 in numbers(x):
        raise Degenerate("a value lies on the kink of the ReLU")


def both_signs(x: Any) -> None:
    """Raise ``Degenerate`` unless the ReLU lets something through and stops something."""
    no_zeros(x)
    if min(numbers(x)) > 0 or max(numbers(x)) < 0:
        raise Degenerate("the ReLU does the same everywhere")


def without_kink(given: SimpleNamespace, right: SimpleNamespace) -> list[Any] | None:
    """Return ds of A4 without the units at the kink, if there are any."""
    kept = [ds for ds, s in zip(right.ds, right.s, strict=True) if s != 0]
    return kept if 0 < len(kept) < len(right.ds) else None


class HiddenLayerCrossEntropy(Calculation):
    """Softmax cross-entropy behind one hidden ReLU layer: derivation, and an instance with numbers."""

    id = "A4"
    title = "Gradients of a classifier with one hidden layer"
    coursework = exact(
        {
            "x": [1, 2],
            "W1": [[2, 2, -1], [0, -1, 2]],
            "W2": [[2, 0, 1], [1, -1, 2], [-1, 0, 0]],
            "y": [1, 0, 0],
        }
    )
    symbols = {"x": "x", "W1": "W1", "W2": "W2", "y": "y"}
    givens = {
        "x": reals("input $x$", "i:1-4", low=-10, high=10),
        "W1": reals("first weights $W1$", "i j:1-5", low=-10, high=10),
        "W2": reals("second weights $W2$", "j k:2-5", low=-10, high=10),
        "y": wholes("one-hot target $y$", "k", low=0, high=1),
    }
    parts = {
        "s": "the inputs of the ReLU",
        "h": "the hidden values",
        "z": "the logits",
        "p": "the probabilities",
        "dz": "the gradient for the logits",
        "dW2": "the gradient for the second weights",
        "dh": "the gradient for the hidden values",
        "ds": "the gradient for the inputs of the ReLU",
        "dW1": "the gradient for the first weights",
    }

    slips = (
        mistakes.RELU_FORGOTTEN.on("h", lambda given, right: right.s),
        mistakes.SOFTMAX_OF_PROBABILITIES.on("p", lambda given, right: definitions.softmax(right.p)),
        mistakes.GRADIENT_SIGN.on("dz", lambda given, right: minus(right.dz)),
        TARGET_FORGOTTEN.on("dz", lambda given, right: right.p),
        mistakes.TRANSPOSED.on("dW2", lambda given, right: transpose(right.dW2)),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dW2",
            lambda given, right: product(transpose([right.s]), [right.dz]),
            message="You multiplied by the inputs of the ReLU. The second weights multiply what comes *out* of it: "
            "$dW2 = h^{\\mathrm{T}} dz$.",
        ),
        WEIGHTS_TRANSPOSED.on(
            "dh",
            lambda given, right: product([right.dz], given.W2)[0],
            message="You multiplied $dz$ by $W2$ as on the way forward. On the way back each hidden value collects "
            "along its own row of $W2$: $dh = dz\\, W2^{\\mathrm{T}}$.",
        ),
        ACTIVATION_FOR_DERIVATIVE.on(
            "ds",
            lambda given, right: weighted(right.dh, right.h),
            recorded="The factor for the ReLU was its indicator times the activation itself.",
            why="A ReLU can be written $s \\cdot \\mathbf{1}[s > 0]$; it looks as if that had been copied, not "
            "differentiated.",
        ),
        KINK_LEFT_OUT.on(
            "ds",
            without_kink,
            recorded='At the kink the derivative was given as "does not exist", in every formula, and no number stood '
            "in its place.",
            why="That is true of the function at this one point; a convention fills the gap.",
        ),
        mistakes.RELU_MASK_FORGOTTEN.on("ds", lambda given, right: right.dh),
        mistakes.TRANSPOSED.on("dW1", lambda given, right: transpose(right.dW1)),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        true = draws.integer(0, 2)
        x, W1, W2 = draws.vector(2, -2, 3, but=(0,)), draws.matrix(2, 3, -2, 2), draws.matrix(3, 3, -2, 2)
        (s,) = product([x], W1)
        both_signs(s)
        (z,) = product([definitions.relu(s)], W2)
        if not 2 <= max(s) <= 5 or max(map(abs, z)) > 4 or len(set(z)) < 3:
            raise Degenerate("values too small or too large, or two classes alike")
        return {"x": x, "W1": W1, "W2": W2, "y": [int(k == true) for k in range(3)]}

    def refuse(self) -> None:
        if min(self.values["p"]) < 0.005:
            raise Degenerate("a class has hardly any probability")
        if min(map(abs, self.values["dh"])) < 0.001:
            raise Degenerate("a hidden gradient vanishes by chance")

    def accept(self) -> None:
        expect(sum(self.given.y) == 1, "A one-hot target has one 1, and 0 everywhere else.", "y")

    def pose(self) -> str:
        return (
            r"A net has one hidden layer: $s = x\, W1$, $h = \operatorname{ReLU}(s)$, logits $z = h\, W2$, "
            r"probabilities $p = \operatorname{softmax}(z)$; $x$ is a row, and there are no biases. The loss is the "
            r"cross-entropy $L = -\sum_k y_k \ln p_k$ with the one-hot target $y$. Derive the gradients for $W1$ and "
            f"$W2$, and compute them for these numbers. {_DX}"
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        self._derive(work)
        given = self.given
        along = "Multiply each value by its weight, and add up."
        s = einsum(work, "s", "i,ij->j", {"x": given.x, "W1": given.W1}, along)
        h = relu(work, "h", s, symbol="s")
        z = einsum(work, "z", "j,jk->k", {"h": h, "W2": given.W2}, along)
        p = softmax(work, "p", z, symbol="z")
        why = "Probability minus target."
        dz = difference(work, "dz", p, given.y, symbols=("p", "y"), what=why)
        outer = "The weight's input in the forward pass, times the gradient for its output."
        einsum(work, "dW2", "j,k->jk", {"h": h, "dz": dz}, outer)
        back = "Collect what comes back along each weight of this hidden value."
        dh = einsum(work, "dh", "k,jk->j", {"dz": dz, "W2": given.W2}, back)
        ds = relu_backward(work, "ds", dh, s, symbols=("dh", "s"))
        einsum(work, "dW1", "i,j->ij", {"x": given.x, "ds": ds}, outer)

    def _derive(self, work: Work) -> None:
        work.step(
            "Softmax and cross-entropy taken together have a simple gradient: probability minus target.",
            formula=r"dz_k = \frac{\partial L}{\partial z_k} = p_k - y_k",
        )
        work.step(
            "The weight $W2_{jk}$ occurs in one logit only, as a factor of $h_j$.",
            formula=r"dW2_{jk} = dz_k \frac{\partial z_k}{\partial W2_{jk}} = h_j\, dz_k, \text{ so } "
            r"dW2 = h^{\mathrm{T}} dz",
        )
        work.step(
            "A hidden value feeds every logit, so the contributions are added up.",
            formula=r"dh_j = \sum_k dz_k \frac{\partial z_k}{\partial h_j} = \sum_k dz_k\, W2_{jk}, \text{ so } "
            r"dh = dz\, W2^{\mathrm{T}}",
        )
        work.step(
            "The ReLU has the derivative 1 on the right and 0 on the left. At the kink itself there is none; by "
            "convention 0 is used, so that every unit has a number.",
            formula=r"ds_j = dh_j \cdot \mathbf{1}[s_j > 0]",
        )
        work.step(
            "The first weights, by the argument of the second ones.",
            formula=r"dW1 = x^{\mathrm{T}} ds = x^{\mathrm{T}} \left( (dz\, W2^{\mathrm{T}}) \odot "
            r"\mathbf{1}[x\, W1 > 0] \right)",
        )


class LinearRegressionNet(Calculation):
    """A linear net of two layers with a penalty on each: derivation, and an instance with numbers."""

    id = "A5"
    title = "Gradients of a linear net with L2 penalties"
    coursework = exact(
        {
            "x": [[1, 2], [3, -1]],
            "y": [5, 0],
            "W1": [[1, 1], [-1, 2]],
            "b1": [1, -1],
            "W2": [2, 1],
            "b2": -3,
            "gamma": "0.5",
            "beta": "0.1",
        }
    )
    symbols = {"x": "x", "y": "y", "W1": "W1", "b1": "b1", "W2": "W2"}
    givens = {
        "x": reals("inputs $x$, a sample in each row", "n:1-4 i:1-4", low=-100, high=100),
        "y": reals("targets $y$", "n"),
        "W1": reals("first weights $W1$", "j:1-4 i", low=-100, high=100),
        "b1": reals("first biases $b1$", "j"),
        "W2": reals("second weights $W2$", "j", low=-100, high=100),
        "b2": reals("second bias $b2$"),
        "gamma": reals(r"penalty $\gamma$ of the first layer", low=0, high=100),
        "beta": reals(r"penalty $\beta$ of the second layer", low=0, high=100),
    }
    parts = {
        "h": "the hidden values (a row for each sample)",
        "z": "the predictions",
        "dz": "the gradient for the predictions",
        "dW2": "the gradient for the second weights",
        "db2": "the gradient for the second bias",
        "dh": "the gradient for the hidden values (a row for each sample)",
        "dW1": "the gradient for the first weights",
        "db1": "the gradient for the first biases",
    }
    slips = (
        mistakes.GRADIENT_SIGN.on("dz", lambda given, right: minus(right.dz)),
        mistakes.HALF_FORGOTTEN.on("dz", lambda given, right: nested(right.dz, lambda value: 2 * value)),
        mistakes.MEAN_FOR_SUM.on(
            "dz",
            lambda given, right: nested(right.dz, lambda value: Fraction(value) / len(right.dz)),
            message="You divided by the number of samples. This loss adds up over the samples and has no $1/n$ in "
            "front.",
        ),
        PENALTY_FORGOTTEN.on(
            "dW2",
            lambda given, right: product([right.dz], right.h)[0],
            recorded="The gradient for $W2$ came without the penalty's term.",
            why="Only the error was differentiated; the two penalties of the loss were dropped on the way.",
        ),
        PENALTY_SWAPPED.on(
            "dW2",
            lambda given, right: each(
                lambda dw, w: dw + given.gamma * w, product([right.dz], right.h)[0], given.W2
            ),
        ),
        mistakes.HALF_FORGOTTEN.on(
            "dW2",
            lambda given, right: each(lambda dw, w: dw + given.beta * w, right.dW2, given.W2),
            message="You forgot the $\\frac{1}{2}$ of the penalty: it cancels the 2 of the square, and $\\beta W2$ "
            "remains.",
        ),
        mistakes.MEAN_FOR_SUM.on(
            "db2",
            lambda given, right: Fraction(sum(right.dz), len(right.dz)),
            message="You took the mean over the samples. The bias serves every sample, so its gradients are added up.",
        ),
        PENALTY_FORGOTTEN.on(
            "dW1",
            lambda given, right: product(transpose(right.dh), given.x),
            recorded="The gradient for $W1$ came without the penalty's term.",
            why="Only the error was differentiated; the two penalties of the loss were dropped on the way.",
        ),
        PENALTY_SWAPPED.on(
            "dW1",
            lambda given, right: each(
                lambda dw, w: dw + given.beta * w, product(transpose(right.dh), given.x), given.W1
            ),
        ),
        mistakes.TRANSPOSED.on("dW1", lambda given, right: transpose(right.dW1)),
        PENALTY_ON_BIASES.on(
            "db1", lambda given, right: each(lambda db, b: db + given.gamma * b, right.db1, given.b1)
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {
            "x": draws.matrix(2, 2, -2, 3),
            "y": draws.vector(2, -3, 9),
            "W1": draws.matrix(2, 2, -2, 2, but=(0,)),
            "b1": draws.vector(2, -2, 2, but=(0,)),
            "W2": draws.vector(2, -3, 3, but=(0,)),
            "b2": draws.integer(-3, 3, but=(0,)),
            "gamma": draws.choice(exact(["0.5", "0.2", 1])),
            "beta": draws.choice(exact(["0.1", "0.4", 2])),
        }

    def refuse(self) -> None:
        dz = self.values["dz"]
        if 0 in dz or sum(dz) == 0:
            raise Degenerate("an error vanishes, or the errors cancel")
        if max(map(abs, dz)) > 6:
            raise Inconvenient("an error is large")
        if 0 in self.values["dW2"] or 0 in numbers(self.values["dW1"]) or 0 in numbers(self.given.x)[:2]:
            raise Degenerate("a gradient vanishes by chance")

    def pose(self) -> str:
        given = self.given
        return (
            r"A net for regression has two layers and no activation function: $h_n = W1\, x_n + b1$ and "
            r"$z_n = W2 \cdot h_n + b2$ for sample $n$, whose inputs stand in row $n$ of $x$. The loss has a penalty "
            r"for each layer, $L = \frac{1}{2} \sum_n (z_n - y_n)^2 + \frac{\gamma}{2} \lVert W1 \rVert^2 + "
            r"\frac{\beta}{2} \lVert W2 \rVert^2$. Derive the gradients for all weights and biases, and compute them "
            rf"for these numbers, with $b2 = {tex(given.b2)}$, $\gamma = {tex(given.gamma)}$ and "
            rf"$\beta = {tex(given.beta)}$. {_DX}"
        )

    def solve(self, work: Work) -> None:
        self._derive(work)
        given = self.given
        forward = "Multiply each input by its weight, add up, and add the bias."
        h = einsum(
            work, "h", "ni,ji->nj", {"x": given.x, "W1": given.W1}, forward, plus=Term("b1", given.b1, "j")
        )
        z = einsum(work, "z", "nj,j->n", {"h": h, "W2": given.W2}, forward, plus=Term("b2", given.b2))
        dz = difference(work, "dz", z, given.y, symbols=("z", "y"))
        collect = "Add up over the samples, then add the penalty's share: its coefficient times the weight."
        einsum(
            work,
            "dW2",
            "n,nj->j",
            {"dz": dz, "h": h},
            collect,
            plus=Term("W2", given.W2, "j", (r"\beta", given.beta)),
        )
        shared = "The bias is added in every sample: add up over the samples."
        total(work, "db2", dz, symbol="dz", what=shared)
        back = "What comes back to a hidden value: the sample's gradient times the weight."
        dh = einsum(work, "dh", "n,j->nj", {"dz": dz, "W2": given.W2}, back)
        einsum(
            work,
            "dW1",
            "nj,ni->ji",
            {"dh": dh, "x": given.x},
            collect,
            plus=Term("W1", given.W1, "ji", (r"\gamma", given.gamma)),
        )
        total(work, "db1", dh, symbol="dh", what=shared)

    def _derive(self, work: Work) -> None:
        work.step(
            r"The factor $\frac{1}{2}$ cancels the 2 of the square.",
            formula=r"dz_n = \frac{\partial L}{\partial z_n} = z_n - y_n",
        )
        work.step(
            "The second weights occur in every prediction and in their penalty, whose derivative is the coefficient "
            "times the weight.",
            formula=r"dW2 = \sum_n dz_n \frac{\partial z_n}{\partial W2} + \beta\, W2 = dz^{\mathrm{T}} h + \beta\, W2",
        )
        work.step(
            "The bias is added to every prediction, and it has no penalty.", formula=r"db2 = \sum_n dz_n"
        )
        work.step(
            "With no activation function in between, the weight is the whole derivative.",
            formula=r"dh_n = dz_n \frac{\partial z_n}{\partial h_n} = dz_n\, W2",
        )
        work.step(
            "The first layer, by the argument of the second.",
            formula=r"dW1 = (dz\, W2)^{\mathrm{T}} x + \gamma\, W1 \text{ and } db1 = \sum_n dz_n\, W2",
        )


class ThreeLayers(Calculation):
    """Three dense layers without biases, forward, and softmax."""

    id = "B2"
    title = "Three dense layers, forward"
    coursework = exact(
        {
            "x": ["0.5", -1],
            "W1": [["0.2", "-0.1"], ["0.4", "0.3"]],
            "W2": [["0.1", "0.2"], ["-0.3", "0.4"], ["0.2", "-0.2"]],
            "W3": [["0.3", "-0.2", "0.1"], ["-0.1", "0.2", "0.4"]],
        }
    )
    symbols = {"x": "x", "W1": "W1", "W2": "W2", "W3": "W3"}
    givens = {
        "x": reals("input $x$", "i:1-5", low=-10, high=10),
        "W1": reals("weights $W1$ of layer 1", "j:1-5 i", low=-10, high=10),
        "W2": reals("weights $W2$ of layer 2", "k:1-5 j", low=-10, high=10),
        "W3": reals("weights $W3$ of layer 3", "c:2-5 k", low=-10, high=10),
    }
    parts = {
        "z1": "the net inputs of layer 1",
        "a1": "the outputs of layer 1",
        "z2": "the net inputs of layer 2",
        "a2": "the outputs of layer 2",
        "z3": "the logits",
        "p": "the probabilities",
    }
    slips = (
        WEIGHTS_TRANSPOSED.on("z1", lambda given, right: product([given.x], given.W1)[0]),
        mistakes.RELU_FORGOTTEN.on("a1", lambda given, right: right.z1),
        mistakes.RELU_FORGOTTEN.on("a2", lambda given, right: right.z2),
        mistakes.ROUNDED_EARLY.on(
            "p",
            lambda given, right: definitions.softmax([round(Fraction(z), 2) for z in right.z3]),
            message="You rounded the logits to two decimals before the softmax. They lie close together, and the "
            "difference that decides between the classes was lost.",
            recorded="The probabilities were [0.5, 0.5], so that neither class wins.",
            why="Rounded to two decimals, the logits 0.010 and 0.014 are the same.",
        ),
        mistakes.SOFTMAX_OF_PROBABILITIES.on("p", lambda given, right: definitions.softmax(right.p)),
        mistakes.EXPONENTIAL_FORGOTTEN.on(
            "p",
            lambda given, right: [Fraction(z) / sum(right.z3) for z in right.z3] if sum(right.z3) else None,
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        given = {"x": fractions(draws.vector(2, -4, 4, but=(0,)), 2)}
        values = given["x"]
        for name, units in (("W1", 2), ("W2", 3)):
            given[name] = fractions(draws.matrix(units, len(values), -5, 5, but=(0,)), 10)
            (z,) = definitions.linear([values], given[name])
            both_signs(z)
            values = definitions.relu(z)
        given["W3"] = fractions(draws.matrix(2, 3, -5, 5, but=(0,)), 10)
        ((one, other),) = definitions.linear([values], given["W3"])
        if min(one, other) <= 0 or abs(one - other) < Fraction(1, 100):
            raise Degenerate("a logit that a ReLU would change, or no clear winner")
        return given

    def pose(self) -> str:
        return (
            r"A net has three dense layers without biases: $z1 = W1\, x$, $z2 = W2\, a1$, $z3 = W3\, a2$, where row "
            r"$m$ of a matrix holds the weights of unit $m$. After the first and the second layer comes a ReLU, "
            r"$a1 = \operatorname{ReLU}(z1)$ and $a2 = \operatorname{ReLU}(z2)$; the third is followed by a softmax, "
            r"$p = \operatorname{softmax}(z3)$. Go forward with the input $x$."
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        along = "Multiply the inputs by the unit's row of weights, and add up."
        values, symbol = self.given.x, "x"
        for layer, weights in (("1", self.given.W1), ("2", self.given.W2)):
            z = einsum(work, f"z{layer}", "mi,i->m", {f"W{layer}": weights, symbol: values}, along)
            values, symbol = relu(work, f"a{layer}", z, symbol=f"z{layer}"), f"a{layer}"
        logits = einsum(work, "z3", "mi,i->m", {"W3": self.given.W3, symbol: values}, along)
        softmax(work, "p", logits, symbol="z3")


class ExclusiveOr(Calculation):
    """XOR by one hidden ReLU layer: forward, loss, backward, update, for all four inputs."""

    id = "B3"
    title = "XOR with one hidden layer"
    coursework = exact(
        {
            "X": [[0, 0], [0, 1], [1, 0], [1, 1]],
            "t": [0, 1, 1, 0],
            "W1": [[1, 1], [1, 1]],
            "b1": [0, -1],
            "w2": [1, -2],
            "b2": 0,
            "lr": "0.1",
        }
    )
    symbols = {"X": "X", "t": "t", "W1": "W1", "b1": "b1", "w2": "w2"}
    givens = {
        "W1": reals("hidden weights $W1$", "2 2", low=-100, high=100),
        "b1": reals("hidden biases $b1$", "2", low=-100, high=100),
        "w2": reals("output weights $w2$", "2", low=-100, high=100),
        "b2": reals("output bias $b2$", low=-100, high=100),
        "lr": reals(r"learning rate $\eta$", low="0.001", high=10),
    }
    parts = {
        "S": "the net inputs of the hidden units (a row for each input)",
        "H": "the hidden values (a row for each input)",
        "o": "the outputs",
        "L": "the loss",
        "do": "the gradient for the outputs",
        "dw2": "the gradient for the output weights",
        "db2": "the gradient for the output bias",
        "dH": "the gradient for the hidden values",
        "dS": "the gradient for the net inputs",
        "dW1": "the gradient for the hidden weights",
        "db1": "the gradient for the hidden biases",
        "W1new": "the hidden weights after the update",
        "b1new": "the hidden biases after the update",
        "w2new": "the output weights after the update",
        "b2new": "the output bias after the update",
    }
    slips = (
        BIAS_DROPPED.on("S", lambda given, right: product(given.X, transpose(given.W1))),
        mistakes.RELU_FORGOTTEN.on("H", lambda given, right: right.S),
        OUTPUTS_AS_VECTORS.on(
            "o",
            lambda given, right: [weighted(given.w2, hidden) for hidden in right.H],
            recorded="The outputs were written as vectors.",
            why="This comes out when the hidden values are multiplied by their weights and the products are not "
            "added up.",
        ),
        OUTPUTS_AS_VECTORS.on(
            "o",
            lambda given, right: right.H,
            message="These are the hidden values, two for each input. The net has a single output unit: multiply them "
            "by its weights, add up, and one number for each input remains.",
        ),
        mistakes.HALF_FORGOTTEN.on(
            "L",
            lambda given, right: 2 * right.L,
            message="You forgot the factor $\\frac{1}{2}$ in front of the squares.",
        ),
        mistakes.MEAN_FOR_SUM.on("L", lambda given, right: Fraction(right.L) / len(given.t)),
        mistakes.GRADIENT_SIGN.on("do", lambda given, right: minus(right.do)),
        mistakes.HALF_FORGOTTEN.on("do", lambda given, right: nested(right.do, lambda value: 2 * value)),
        mistakes.DERIVATIVE_AT_OUTPUT.on(
            "dw2",
            lambda given, right: product([right.do], right.S)[0],
            message="You multiplied by the net inputs. The output weights multiply what comes out of the ReLU.",
        ),
        mistakes.RELU_MASK_FORGOTTEN.on("dS", lambda given, right: right.dH),
        ACTIVATION_FOR_DERIVATIVE.on("dS", lambda given, right: weighted(right.dH, right.H)),
        mistakes.TRANSPOSED.on("dW1", lambda given, right: transpose(right.dW1)),
        mistakes.WRONG_WAY.on(
            "W1new", lambda given, right: each(lambda w, dw: w + given.lr * dw, given.W1, right.dW1)
        ),
        mistakes.WRONG_WAY.on(
            "w2new", lambda given, right: each(lambda w, dw: w + given.lr * dw, given.w2, right.dw2)
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {
            "X": [[0, 0], [0, 1], [1, 0], [1, 1]],
            "t": [0, 1, 1, 0],
            "W1": [[draws.choice([1, 1, 2, -1]) for _ in range(2)] for _ in range(2)],
            # Halves, so that no net input lies on the kink.
            "b1": [draws.choice(exact(["-0.5", "0.5", "-1.5"])) for _ in range(2)],
            "w2": [draws.choice([1, 2, -1, -2]) for _ in range(2)],
            "b2": draws.choice([0, 0, 1, -1]),
            "lr": draws.choice(exact(["0.1", "0.2", "0.5"])),
        }

    def refuse(self) -> None:
        for unit in transpose(self.values["S"]):
            both_signs(unit)
        if self.given.W1[0] == self.given.W1[1] and self.given.b1[0] == self.given.b1[1]:
            raise Degenerate("the hidden units are the same")
        if 0 in self.values["dw2"] or self.values["db2"] == 0:
            raise Degenerate("a gradient vanishes by chance")
        if max(map(abs, self.values["do"])) > 3:
            raise Inconvenient("an error is large")
        if not any(numbers(self.values["dW1"])) or 0 in self.values["db1"]:
            raise Degenerate("the hidden layer learns nothing")

    def pose(self) -> str:
        given = self.given
        return (
            r"A net with one hidden layer of two ReLU units and one linear output unit is to learn XOR. The rows of "
            r"$X$ are the four inputs, $t$ the targets. For input $n$: $s_n = W1\, x_n + b1$, "
            r"$h_n = \operatorname{ReLU}(s_n)$, $o_n = w2 \cdot h_n + b2$; row $j$ of $W1$ holds the weights of "
            rf"hidden unit $j$. The loss is $L = \frac{{1}}{{2}} \sum_n (o_n - t_n)^2$, and $b2 = {tex(given.b2)}$. "
            "Go forward and backward with all four inputs at once, then update every weight and bias by one step of "
            rf"gradient descent with the learning rate $\eta = {tex(given.lr)}$. {_DX} At a net input of exactly 0 "
            "the ReLU's derivative counts as 0."
        )

    def solve(self, work: Work) -> None:
        given = self.given
        forward = "Multiply each input by its weight, add up, and add the bias."
        S = einsum(
            work, "S", "ni,ji->nj", {"X": given.X, "W1": given.W1}, forward, plus=Term("b1", given.b1, "j")
        )
        H = relu(work, "H", S, symbol="S")
        o = einsum(work, "o", "nj,j->n", {"H": H, "w2": given.w2}, forward, plus=Term("b2", given.b2))
        loss = definitions.squared_error(o, given.t)
        work.step(
            "Half the sum of the squared errors.",
            formula=r"L = \frac{1}{2} \sum_n (o_n - t_n)^2",
            symbol="L",
            numbers=rf"\frac{{1}}{{2}} \left( {_squares(o, given.t)} \right)",
            result=loss,
            cells={"o": cells(o), "t": cells(given.t)},
        )
        work.part("L", loss)
        self._update(work, *self._backward(work, S, H, o))

    def _backward(self, work: Work, S: Matrix, H: Matrix, o: list[Any]) -> tuple[Any, ...]:
        given = self.given
        do = difference(work, "do", o, given.t, symbols=("o", "t"))
        collect = "The weight's input times the gradient, added up over the four inputs."
        dw2 = einsum(work, "dw2", "n,nj->j", {"do": do, "H": H}, collect)
        shared = "The bias is added for every input: add up over the four."
        db2 = total(work, "db2", do, symbol="do", what=shared)
        back = "What comes back to a hidden value: the gradient for the output times the weight."
        dH = einsum(work, "dH", "n,j->nj", {"do": do, "w2": given.w2}, back)
        dS = relu_backward(work, "dS", dH, S, symbols=("dH", "S"))
        dW1 = einsum(work, "dW1", "nj,ni->ji", {"dS": dS, "X": given.X}, collect)
        return dW1, total(work, "db1", dS, symbol="dS", what=shared), dw2, db2

    def _update(self, work: Work, *gradients: Any) -> None:
        if not any(numbers(list(gradients))):
            work.step("Every gradient is 0: the net is where it should be, and the update changes nothing.")
        for name, gradient in zip(("W1", "b1", "w2"), gradients[:3], strict=True):
            self._descend(work, name, gradient)
        b2, lr, db2 = self.given.b2, self.given.lr, gradients[3]
        work.step(
            "Subtract the learning rate times the gradient.",
            formula=r"b2new = b2 - \eta\, db2",
            symbol="b2new",
            numbers=rf"{tex(b2)} - {tex(lr)} \cdot {factor(db2)}",
            result=b2 - lr * db2,
        )
        work.part("b2new", b2 - lr * db2)

    def _descend(self, work: Work, name: str, gradient: Any) -> None:
        old, lr = getattr(self.given, name), self.given.lr
        i = "ji" if len(sizes(old)) == 2 else "j"
        cellwise(
            work,
            f"{name}new",
            each(lambda w, dw: w - lr * dw, old, gradient),
            {name: old, f"d{name}": gradient},
            what="Subtract the learning rate times the gradient.",
            formula=rf"{name}new_{{{i}}} = {name}_{{{i}}} - \eta\, d{name}_{{{i}}}",
            numbers=lambda w, dw: rf"{tex(w)} - {tex(lr)} \cdot {factor(dw)}",
        )


def _squares(prediction: list[Any], target: list[Any]) -> str:
    return " + ".join(f"({tex(y)} - {factor(t)})^2" for y, t in zip(prediction, target, strict=True))
