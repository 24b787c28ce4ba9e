"""Linear models and nearest neighbours: learning from examples, closed form or descent, one sigmoid neuron."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand import definitions, mistakes
from byhand.calculation import Calculation
from byhand.concept import Concept, Misconception, Point
from byhand.draws import Degenerate, Draws
from byhand.given import expect, reals, wholes
from byhand.mistakes import Slip
from byhand.moves.classification import (
    ERROR_FOR_LOGARITHM,
    MINUS_FORGOTTEN,
    check_loss,
    in_bits,
    show_guard_digits,
    sigmoid,
    weighted_sum,
)
from byhand.moves.convolution import mean
from byhand.moves.counting import number_word
from byhand.notation import base, exact, factor, plain, tex
from byhand.trace import Work

Vector = Sequence[Any]

NORMS_IN_TRAINING = Slip(
    "norms_in_training",
    "You counted the norms of the stored examples. Training computes nothing: it only stores. A distance needs the new "
    "point as well, and that is not known yet; norms alone cannot say who is near.",
    "Ask what has to be computed again when one more example is stored: nothing.",
)
PAIRS_IN_TRAINING = Slip(
    "pairs_in_training",
    "You counted the distances between the stored examples. Nobody needs them: what counts is how far the *new* point "
    "is from each of them, and that is computed when it comes.",
    "Ask what has to be computed again when one more example is stored: nothing.",
)
ABSOLUTE_DIFFERENCES = Slip(
    "absolute_differences",
    "You added up the differences without squaring them. That is the Manhattan distance; the squared Euclidean "
    "distance squares each difference first.",
    "Draw one point and the query on squared paper, and use Pythagoras.",
)
SQUARED_TOO_LATE = Slip(
    "squared_too_late",
    "You added up the differences and then squared the sum. Square each difference first.",
    "Draw one point and the query on squared paper, and use Pythagoras.",
)
ROOT_TAKEN = Slip(
    "root_taken",
    "You took the square root: that is the distance itself. The squared distance is asked; it ranks the examples in "
    "the same order and stays a whole number.",
    "Whole coordinates have whole squared distances.",
)
NEAREST_ALONE = Slip(
    "nearest_alone",
    "You asked the nearest example alone; that is $k = 1$. Here the $k$ nearest have a say.",
    "Count the examples whose answers you used.",
)
ALL_HAVE_A_SAY = Slip(
    "all_have_a_say",
    "You asked all examples. Only the $k$ nearest have a say.",
    "Count the examples whose answers you used.",
)
NOT_DIVIDED = Slip(
    "sum_for_mean",
    "You added up the values of the neighbours and did not divide by their number.",
    "A mean lies between the smallest and the largest of its values.",
)
BIAS_LEFT_OUT = Slip(
    "bias_forgotten",
    "You left out the bias: the logit is $x \\cdot w + b$.",
    "With all inputs 0 the logit must be the bias.",
)
SIGMOID_LEFT_OUT = Slip(
    "activation_forgotten",
    "You gave the logit. The output of the neuron is the sigmoid of it.",
    "A probability lies between 0 and 1, and it is above one half where the logit is positive.",
)
EXPONENT_SIGN = Slip(
    "exponent_sign",
    "You lost the minus sign in the exponent: the sigmoid is $1 / (1 + e^{-z})$.",
    "A positive logit must give more than one half.",
)
TANH_FOR_SIGMOID = Slip(
    "tanh_for_sigmoid",
    "You took the hyperbolic tangent. It runs from $-1$ to 1; the sigmoid runs from 0 to 1.",
    "At the logit 0 the sigmoid is one half.",
)
WRONG_LABEL = Slip(
    "wrong_label",
    "You took the logarithm of the wrong probability: of $1 - p$ for $y = 1$, or of $p$ for $y = 0$.",
    "A prediction that leans to the right side must cost less than a coin, $\\ln 2 \\approx 0.693$.",
)
SQUARED_ERROR = Slip(
    "squared_error",
    "You took the squared difference between label and output. The binary cross-entropy takes a logarithm.",
    "The loss must grow without bound when the neuron is certain and wrong; a squared error stops at 1.",
)
THRESHOLD_SIGN = Slip(
    "threshold_sign",
    "You have the wrong sign: on the boundary $x \\cdot w + b = 0$, so $x \\cdot w = -b$.",
    "Put your point into $x \\cdot w + b$: the result must be 0.",
)
QUOTIENT_INVERTED = Slip(
    "quotient_inverted",
    "You divided the weight by the bias. Solve $w x + b = 0$ for $x$ once more.",
    "Put your point into $x \\cdot w + b$: the result must be 0.",
)
AXES_SWAPPED = Slip(
    "axes_swapped",
    "You used the weight of the other input. On one axis the other input is 0, and its weight drops out.",
    "Put your point into $x \\cdot w + b$: the result must be 0.",
)
BIAS_IGNORED = Slip(
    "bias_ignored",
    "You put the boundary through the origin. There it lies only without a bias.",
    "Put the origin into $x \\cdot w + b$: what is left is $b$.",
)
NORM_FORGOTTEN = Slip(
    "norm_forgotten",
    "You forgot to divide by the length of $w$. Twice the weights and twice the bias mean the same boundary.",
    "Double $w$ and $b$: your distance must stay the same.",
)
NORM_SQUARED = Slip(
    "norm_squared",
    "You divided by the square of the length of $w$: take the root.",
    "Double $w$ and $b$: your distance must stay the same.",
)
WEIGHTS_ADDED = Slip(
    "weights_added",
    "You divided by the sum of the sizes of the weights. The length of a vector is the root of the sum of squares.",
    "For $w = (3, 4)$ the length is 5.",
)


class LearningBeatsRules(Concept):
    """Why programs learn to see from examples."""

    id = "A9"
    title = "Why learning beats hand-written rules"
    question = "Why does learning from examples beat hand-written rules when images are to be classified?"
    model = (
        "Pictures of one class differ in viewpoint, light, size, pose and background, so their pixels vary far more "
        "than anyone can list. A hand-written rule names the pixels or shapes to look for; each rule needs exceptions, "
        "and an exception that repairs one picture breaks another. A learning algorithm turns this round: people "
        "supply labelled examples, which is easy, and the algorithm finds the rule that fits them. The same program "
        "learns another task, such as letters in place of digits, from other examples. More and more varied examples "
        "improve it, while its code stays as it is. The price is that it needs labelled data and knows only what the "
        "data show."
    )
    points = (
        Point(
            "Pictures of one class differ in viewpoint, light, size and background, so their pixels vary a great deal.",
            "viewpoint | light | lighting | pose | background | pixel vary | pixel differ | variation | variab",
        ),
        Point(
            "Hand-written rules need exception after exception, and what repairs one picture easily breaks another.",
            "exception | rule break | rule brittle | rule fragile | rule fail | rule endless | rule too many | "
            "impossible write rule | hard write rule | difficult write rule",
        ),
        Point(
            "In learning, people supply labelled examples and an algorithm finds the rule that fits them.",
            "algorithm find | learn example | learn data | find rule | fit example | fit data | train label | "
            "learn feature | train example",
        ),
        Point(
            "The same learning program can be trained for another task by giving it other labelled examples.",
            "same program | same code | same algorithm | another task | other task | new task | other class | "
            "new class | different task",
        ),
        Point(
            "A learned classifier needs labelled data and knows only what the data show.",
            "need label | need data | requir data | requir label | only what data | price data | cost data | bias data",
        ),
    )
    misconceptions = (
        Misconception(
            "right_on_every_picture",
            "Once it is trained, a learned classifier is right on every picture, because it has found the true rule.",
            "A learned classifier makes mistakes on new pictures; how many is measured on a test set.",
            "right every picture | right every image | correct every picture | correct every image | perfect | "
            "always right | always correct | never mistake | no mistake",
            "What would a test set be for?",
        ),
        Misconception(
            "recognises_only_the_training_pictures",
            "A learned classifier recognises exactly those pictures that it was trained on.",
            "Learning is worth the effort because it carries over to new pictures of the same kind: it generalises.",
            "recognis exactly train | recognis only train | memoris every | only picture train on",
            "What is the accuracy on pictures that were kept aside?",
        ),
        Misconception(
            "programmers_name_the_pixels",
            "In learning, a programmer writes down for each class which pixels matter, and the computer counts them.",
            "That is a hand-written rule. In learning, the weights of the pixels come from the examples.",
            "programmer write | programmer writ | programmer name | programmer choos | programmer decid | "
            "people write down pixel",
            "Who sets the weights: a person, or the algorithm?",
        ),
        Misconception(
            "learns_from_class_names",
            "A learned classifier is given only the names of the classes, and finds out by itself what they look like.",
            "It needs examples: pictures together with their labels.",
            "only name class | just name class",
            "Could it tell two new signs apart of which it was only told the names?",
        ),
        Misconception(
            "learned_for_speed",
            "Learned classifiers are preferred because they always need fewer computations for a picture than rules.",
            "A rule about a few pixels takes a handful of operations, a deep net may take billions. Learning wins in "
            "accuracy.",
            "fewer computation | fewer operation | always faster | computationally cheaper than rule",
            "Count the operations of a rule that looks at four pixels.",
        ),
        Misconception(
            "weights_fit_every_task",
            "A classifier that was trained on digits recognises letters just as well with the same weights.",
            "The same *program* can be trained for letters; the weights must be learned anew from letters.",
            "same weight !new | train digit recognis letter !new !again !retrain",
            "Which outputs of a classifier of digits stand for letters?",
        ),
    )


class DescentOrClosedForm(Concept):
    """When gradient descent is the better way to fit a linear regression."""

    id = "A15"
    title = "Gradient descent or the closed form"
    question = (
        "A linear regression can be fitted by the closed form, $w = (X^T X)^{-1} X^T y$, or by gradient descent. "
        "When is gradient descent the better choice, and when is the closed form?"
    )
    model = (
        "For $n$ examples with $d$ features the closed form builds $X^T X$, which takes about $n d^2$ operations, and "
        "solves the normal equations, which takes about $d^3$; one step of gradient descent takes about $n d$. So "
        "descent wins when $d$ or $n$ is large. The closed form also keeps $d^2$ numbers in memory, descent little "
        "more than the $d$ weights. Stochastic descent takes a few examples at a time, so it suits data that arrive "
        "as a stream or do not fit into memory. When $X^T X$ is singular it has no inverse, and when it is "
        "ill-conditioned the inverse loses digits; descent needs no inverse. For few features and data that fit into "
        "memory the closed form is better: it is exact, in one go, without a learning rate."
    )
    points = (
        Point(
            "The closed form takes about $n d^2 + d^3$ operations, one step of gradient descent only about $n d$.",
            "d 3 | d^3 | d³ | cub | cost invert | expensive invert | invert large | large d | many feature | "
            "large number feature | expensive feature",
        ),
        Point(
            "The closed form stores $X^T X$, which has $d^2$ numbers; gradient descent stores little more than the "
            "$d$ weights.",
            "memory | not memory | stor",
        ),
        Point(
            "Stochastic gradient descent can learn from a stream of examples, a few at a time.",
            "stream | online | few example time | one example time | one sample time | batch time | arriv",
        ),
        Point(
            "Gradient descent needs no inverse, so it also works where $X^T X$ is singular.",
            "singular | no inverse | ill condition | not invertib | no invertib | collinear | rank",
        ),
        Point(
            "For few features and data that fit into memory the closed form is a good choice: exact in one go, without "
            "a learning rate.",
            "closed exact | closed form better | closed form good | few feature | small d | small problem | "
            "small data | one go | no learning rate",
        ),
    )
    misconceptions = (
        Misconception(
            "descent_fits_better",
            "Run long enough, gradient descent reaches a smaller squared error on the training data than the exact "
            "least-squares solution.",
            "The least-squares solution has the smallest squared error there is. Descent can only approach it.",
            "smaller error than | lower error than | smaller loss than | lower loss than | better fit than closed | "
            "more accurate than closed",
            "What does *least* squares mean?",
        ),
        Misconception(
            "local_minima",
            "The squared error of a linear regression has many local minima, and gradient descent gets stuck in them.",
            "The squared error of a linear model is convex: every minimum is a global one.",
            "local minim | stuck",
            "What is the shape of a sum of squares of linear functions?",
        ),
        Misconception(
            "inverse_of_size_n",
            "The closed form inverts a matrix with one row and one column for each example, so its cost grows with the "
            "cube of the number of examples.",
            "$X^T X$ has one row and one column for each *feature*. In the number of examples the cost grows only "
            "linearly.",
            "cube number example | n 3 !d | n3 !d | invert n x matrix !d !feature | matrix row each example | "
            "invert each example",
            "Write the sizes below the product: $(d \\times n)(n \\times d)$.",
        ),
        Misconception(
            "bad_conditioning_helps_descent",
            "The worse the normal equations are conditioned, the fewer steps gradient descent needs.",
            "Descent needs no inverse, but it becomes slower the worse the conditioning: the steep directions limit "
            "the learning rate, and the flat ones need many steps.",
            "worse condition fewer step | ill condition fast | ill condition speed | ill condition fewer",
            "Think of a long, narrow valley.",
        ),
        Misconception(
            "singular_means_unsolvable",
            "If the matrix of the normal equations is singular, the least-squares problem is unsolvable by any method.",
            "Then there are infinitely many best solutions. Descent finds one of them, and so does the pseudoinverse.",
            "singular unsolvable | singular impossible | singular fail any",
            "Two identical columns: which pairs of weights give the same predictions?",
        ),
        Misconception(
            "closed_form_needs_a_learning_rate",
            "The closed form needs a good learning rate and a good starting point.",
            "It has neither: it solves a system of linear equations. Descent needs both to be chosen.",
            "closed form need learning rate | closed form need start | normal equation learning rate",
            "Where in $(X^T X)^{-1} X^T y$ is a learning rate?",
        ),
    )


class NearestNeighbours(Calculation):
    """k nearest neighbours by hand: nothing to train, distances at test time, a vote and a mean."""

    id = "A10"
    title = "k nearest neighbours by hand"
    coursework = {
        "X": [[2, 5], [5, 3], [5, 0], [4, 1], [3, 4], [1, 5]],
        "c": [1, 2, 2, 2, 0, 1],
        "v": [9, 6, 4, 5, 6, 6],
        "q": [2, 3],
        "k": 3,
    }
    symbols = {"X": "X", "c": "c", "v": "v", "q": "q"}
    givens = {
        "X": reals("examples $X$, one in each row", "n:3-8 m:1-4", low=-100, high=100),
        "c": wholes("their classes $c$", "n", low=0, high=9),
        "v": reals("their values $v$", "n"),
        "q": reals("query $q$", "m", low=-100, high=100),
        "k": wholes("number of neighbours $k$", low=1, high=7),
    }
    parts = {
        "training": "the number of multiplications that training takes",
        "d2": "the squared Euclidean distance of each example from the query",
        "label": "the class of the query, by a majority of its neighbours",
        "mean": "the value of the query, the mean of its neighbours' values",
    }
    slips = (
        NORMS_IN_TRAINING.on(
            "training",
            lambda given, right: len(given.X) * len(given.q),
            recorded="Training computes the norms of the examples.",
            why="The work that belongs to the prediction was moved into training; a norm is not even a distance.",
        ),
        PAIRS_IN_TRAINING.on("training", lambda given, right: math.comb(len(given.X), 2) * len(given.q)),
        ABSOLUTE_DIFFERENCES.on(
            "d2", lambda given, right: [sum(map(abs, differences(x, given.q))) for x in given.X]
        ),
        SQUARED_TOO_LATE.on("d2", lambda given, right: [sum(differences(x, given.q)) ** 2 for x in given.X]),
        ROOT_TAKEN.on("d2", lambda given, right: [math.sqrt(value) for value in right.d2]),
        NEAREST_ALONE.on("label", lambda given, right: given.c[nearest(right.d2, 1)[0]]),
        ALL_HAVE_A_SAY.on("label", lambda given, right: only_winner(given.c)),
        NEAREST_ALONE.on("mean", lambda given, right: given.v[nearest(right.d2, 1)[0]]),
        ALL_HAVE_A_SAY.on("mean", lambda given, right: mean(given.v)),
        NOT_DIVIDED.on("mean", lambda given, right: right.mean * given.k),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        points, query = draws.matrix(6, 2, 0, 6), draws.vector(2, 1, 5)
        distances = [squared_distance(x, query) for x in points]
        if 0 in distances or len(set(distances)) < len(distances):
            raise Degenerate(f"the distances {distances} have ties, or the query is an example")
        near = nearest(distances, 3)
        classes, values = draws.vector(6, 0, 2), draws.vector(6, 1, 9)
        if len({classes[n] for n in near}) != 2 or only_winner(classes) is None:
            raise Degenerate(
                "the neighbours agree, or each has another class, or all examples together are tied"
            )
        if sum(values[n] for n in near) % 3:
            raise Degenerate("the mean is not whole")
        return {"X": points, "c": classes, "v": values, "q": query, "k": 3}

    def accept(self) -> None:
        given, count = self.given, len(self.given.X)
        expect(given.k < count, f"Expected fewer neighbours than examples, at most {count - 1}.", "k")
        distances = [squared_distance(x, given.q) for x in given.X]
        *near, next_one = nearest(distances, given.k + 1)
        expect(
            distances[near[-1]] < distances[next_one],
            f"Examples {near[-1]} and {next_one} are equally far from the query, and only one of them would count: "
            "expected another number of neighbours, or another query.",
            "k",
        )
        expect(
            only_winner([given.c[n] for n in near]) is not None,
            f"The {given.k} nearest neighbours are tied: expected another number of neighbours, or other classes.",
            "k",
        )

    def pose(self) -> str:
        return (
            f"{number_word(len(self.given.X)).capitalize()} examples are the rows of $X$, numbered from 0; example "
            "$n$ has the class $c_n$ and the value $v_n$. "
            f"Find the class and the value of the query $q$ with its $k = {self.given.k}$ nearest neighbours. How much "
            "is there to compute in training?"
        )

    def solve(self, work: Work) -> None:
        given = self.given
        work.step(
            "Training stores the examples with their classes and values. It computes nothing: a distance needs both "
            "ends, and the query is not known yet. All the work waits for a query, and then takes "
            rf"${len(given.X)} \cdot {len(given.q)} = {len(given.X) * len(given.q)}$ multiplications.",
            symbol=r"\text{multiplications}",
            result=0,
        )
        work.part("training", 0)
        distances = work.part("d2", [self._distance(work, n) for n in range(len(given.X))])
        chosen = nearest(distances, given.k)
        ranked = r" \le ".join(tex(distances[n], work.digits) for n in chosen)
        work.step(
            f"The {given.k} nearest are the examples {in_words(chosen)}."
            if given.k > 1
            else f"The nearest is example {in_words(chosen)}.",
            numbers=rf"{ranked} \le \ldots",
            cells={"d2": [(n,) for n in chosen]},
        )
        votes = Counter(given.c[n] for n in chosen)
        for label, count in sorted(votes.items()):
            work.step(
                f"Count the votes for class {label}.",
                symbol=rf"\text{{votes}}_{{{label}}}",
                result=count,
                cells={"c": [(n,) for n in chosen if given.c[n] == label]},
            )
        label = votes.most_common(1)[0][0]
        work.step("The majority decides.", symbol=r"\text{label}", result=label)
        work.part("label", label)
        values = [given.v[n] for n in chosen]
        work.step(
            "Where a number is wanted, the same neighbours do not vote: take the mean of their values.",
            formula=r"\text{mean} = \frac{1}{k} \sum_{n \text{ near}} v_n",
            symbol=r"\text{mean}",
            numbers=rf"\frac{{{' + '.join(map(factor, values))}}}{{{given.k}}}",
            result=mean(values),
            cells={"v": [(n,) for n in chosen]},
        )
        work.part("mean", mean(values))

    def _distance(self, work: Work, n: int) -> Any:
        """Write the squared distance of one example; return it."""
        x, q = self.given.X[n], self.given.q
        result = squared_distance(x, q)
        work.step(
            f"Measure how far the query is from example {n}.",
            formula=r"d_n^2 = \sum_i (X_{ni} - q_i)^2",
            symbol=f"d_{{{n}}}^2",
            numbers=" + ".join(f"({tex(a)} - {factor(b)})^2" for a, b in zip(x, q, strict=True)),
            result=result,
            cells={"X": [(n, i) for i in range(len(q))], "q": [(i,) for i in range(len(q))], "d2": [(n,)]},
        )
        return result


def differences(a: Vector, b: Vector) -> list[Any]:
    """Return the differences of two vectors."""
    return [x - y for x, y in zip(a, b, strict=True)]


def squared_distance(a: Vector, b: Vector) -> Any:
    """Return the sum of the squared differences."""
    return sum(difference**2 for difference in differences(a, b))


def nearest(distances: Vector, k: int) -> list[int]:
    """Return the places of the k smallest distances, the smallest first."""
    return sorted(range(len(distances)), key=lambda n: distances[n])[:k]


def only_winner(labels: Sequence[int]) -> int | None:
    """Return the most frequent label; None in a tie."""
    (label, count), *rest = Counter(labels).most_common()
    return None if rest and rest[0][1] == count else label


def in_words(numbers: Sequence[int]) -> str:
    """Return "4, 0 and 5"."""
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}" if others else last


def draw_neuron(draws: Draws) -> dict[str, Any]:
    """Return inputs, weights and a bias whose logit is neither 0 nor large."""
    x = draws.vector(2, -3, 3, but=[0])
    w = [draws.decimal("-0.9", "0.9", but=["0"]) for _ in range(2)]
    b = draws.decimal("-0.9", "0.9", but=["0"])
    z = definitions.linear([x], [w], [b])[0][0]
    if not 0 < abs(z) <= 3 or w[0] == w[1] or z == b:
        raise Degenerate(f"the logit {z} is 0 or large, or the weights cannot be told apart")
    return {"x": x, "w": w, "b": b}


def logit(x: Vector, w: Vector, b: Any = 0) -> Any:
    """Return the weighted sum."""
    return definitions.linear([x], [w], [b])[0][0]


_NEURON = {
    "x": reals("input $x$", "n:1-6", low=-100, high=100),
    "w": reals("weights $w$", "n", low=-100, high=100),
    "b": reals("bias $b$", low=-100, high=100),
}
_FLAT = 12  # the sigmoid of a larger logit is printed as 0 or 1


def expect_mild(given: Any) -> None:
    """Refuse a logit so large that the sigmoid is flat."""
    z = logit(given.x, given.w, given.b)
    expect(
        abs(z) <= _FLAT,
        f"The logit is {plain(z)}, where the sigmoid is all but {int(z > 0)}: expected numbers with a logit between "
        f"{plain(-_FLAT)} and {_FLAT}.",
    )


class SigmoidNeuron(Calculation):
    """The output of a sigmoid neuron."""

    id = "C1a"
    title = "A sigmoid neuron"
    coursework = exact({"x": [2, 1], "w": ["0.2", "0.3"], "b": "0.1"})
    symbols = {"x": "x", "w": "w"}
    givens = _NEURON
    parts = {"p": "the output of the neuron"}
    slips = (
        BIAS_LEFT_OUT.on("p", lambda given, right: definitions.sigmoid([logit(given.x, given.w)])[0]),
        SIGMOID_LEFT_OUT.on("p", lambda given, right: logit(given.x, given.w, given.b)),
        EXPONENT_SIGN.on(
            "p", lambda given, right: definitions.sigmoid([-logit(given.x, given.w, given.b)])[0]
        ),
        TANH_FOR_SIGMOID.on(
            "p", lambda given, right: definitions.tanh([logit(given.x, given.w, given.b)])[0]
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return draw_neuron(draws)

    def accept(self) -> None:
        expect_mild(self.given)

    def pose(self) -> str:
        return (
            f"A neuron has the weights $w$, the bias $b = {tex(self.given.b)}$ and a sigmoid. What is its output for "
            "the input $x$?"
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        z = weighted_sum(work, self.given.x, self.given.w, self.given.b, cells=everywhere(self.given))
        work.part("p", sigmoid(work, z))


def everywhere(given: Any) -> dict[str, list[tuple[int]]]:
    """Return all cells of a neuron's inputs and weights."""
    return {name: [(i,) for i in range(len(given.x))] for name in ("x", "w")}


class BinaryCrossEntropy(Calculation):
    """The binary cross-entropy of a sigmoid neuron."""

    id = "C1b"
    title = "Binary cross-entropy of a neuron"
    coursework = exact({"x": [2, 1], "w": ["0.2", "0.3"], "b": "0.1", "y": 1})
    symbols = {"x": "x", "w": "w"}
    givens = _NEURON | {"y": wholes("label $y$", low=0, high=1)}
    parts = {"loss": "the binary cross-entropy, with the natural logarithm"}
    units = {"loss": "nats"}
    slips = (
        mistakes.BASE_2.on(
            "loss",
            lambda given, right: right.loss / math.log(2),
            recorded="The loss is 0.53539, with the natural logarithm.",
            why="The logarithm was taken to base 2; the number is the same loss in bits.",
        ),
        mistakes.BASE_10.on("loss", lambda given, right: right.loss / math.log(10)),
        WRONG_LABEL.on("loss", lambda given, right: -math.log(1 - math.exp(-right.loss))),
        MINUS_FORGOTTEN.on("loss", lambda given, right: -right.loss),
        SQUARED_ERROR.on("loss", lambda given, right: (1 - math.exp(-right.loss)) ** 2),
        ERROR_FOR_LOGARITHM.on(
            "loss",
            lambda given, right: 1 - math.exp(-right.loss),
            message="You gave the difference between label and output. The cross-entropy is the negative logarithm of "
            "the probability that the neuron gave to the label.",
        ),
        BIAS_LEFT_OUT.on(
            "loss",
            lambda given, right: definitions.binary_cross_entropy_with_logits(
                [logit(given.x, given.w)], [given.y]
            ),
        ),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        return {**draw_neuron(draws), "y": draws.integer(0, 1)}

    def accept(self) -> None:
        expect_mild(self.given)

    def pose(self) -> str:
        return (
            f"A neuron has the weights $w$, the bias $b = {tex(self.given.b)}$ and a sigmoid; its output is the "
            f"probability of $y = 1$. The label of the input $x$ is $y = {self.given.y}$. What is the loss?"
        )

    def solve(self, work: Work) -> None:
        y = self.given.y
        show_guard_digits(work)
        z = weighted_sum(work, self.given.x, self.given.w, self.given.b, cells=everywhere(self.given))
        p = sigmoid(work, z)
        loss = definitions.binary_cross_entropy_with_logits([z], [y])
        work.step(
            "Take the negative logarithm of the probability that the neuron gave to the label; the other term is "
            "multiplied by 0.",
            formula=r"L = -\left( y \ln p + (1 - y) \ln (1 - p) \right)",
            symbol="L",
            numbers=rf"-({y} \cdot \ln {tex(p, work.digits)} + {1 - y} \cdot \ln {tex(1 - p, work.digits)})",
            result=loss,
        )
        in_bits(work, loss)
        check_loss(work, loss, probability="p" if y else "1 - p")
        work.part("loss", loss)


class BiasOfNeuron(Calculation):
    """What the bias does: where the boundary of a neuron lies."""

    id = "C1c"
    title = "What the bias does"
    coursework = exact({"w": ["0.2", "0.3"], "b": "0.1"})
    symbols = {"w": "w"}
    givens = {"w": reals("weights $w$", "2"), "b": reals("bias $b$")}
    parts = {
        "t": "the threshold that $x \\cdot w$ must exceed for a yes",
        "x0": "where the boundary crosses the axis of input 0 (input 1 is 0)",
        "x1": "where the boundary crosses the axis of input 1 (input 0 is 0)",
        "d": "the distance of the boundary from the origin",
    }
    slips = (
        THRESHOLD_SIGN.on("t", lambda given, right: given.b),
        THRESHOLD_SIGN.on("x0", lambda given, right: -right.x0),
        QUOTIENT_INVERTED.on("x0", lambda given, right: 1 / Fraction(right.x0)),
        AXES_SWAPPED.on("x0", lambda given, right: right.x1),
        BIAS_IGNORED.on("x0", lambda given, right: 0),
        THRESHOLD_SIGN.on("x1", lambda given, right: -right.x1),
        QUOTIENT_INVERTED.on("x1", lambda given, right: 1 / Fraction(right.x1)),
        AXES_SWAPPED.on("x1", lambda given, right: right.x0),
        BIAS_IGNORED.on("x1", lambda given, right: 0),
        NORM_FORGOTTEN.on("d", lambda given, right: abs(given.b)),
        NORM_SQUARED.on("d", lambda given, right: abs(given.b) / sum(w * w for w in given.w)),
        WEIGHTS_ADDED.on("d", lambda given, right: abs(given.b) / sum(map(abs, given.w))),
        BIAS_IGNORED.on("d", lambda given, right: 0),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        w = [draws.decimal("-0.9", "0.9", but=["0"]) for _ in range(2)]
        b = draws.decimal("-0.9", "0.9", but=["0"])
        if abs(w[0]) == abs(w[1]) or abs(b) in map(abs, w):
            raise Degenerate(f"two of the weights {w} and the bias {b} have the same size")
        return {"w": w, "b": b}

    def accept(self) -> None:
        expect(0 not in self.given.w, "With a weight of 0 the boundary does not cross that axis.", "w")

    def pose(self) -> str:
        return (
            f"A neuron with two inputs has the weights $w$, the bias $b = {tex(self.given.b)}$ and a sigmoid. It says "
            "yes where its output is above one half. Where does the boundary between yes and no lie, and what would "
            "change without the bias?"
        )

    def solve(self, work: Work) -> None:
        w, b = self.given.w, self.given.b
        show_guard_digits(work)
        work.step(
            "The sigmoid is above one half where the logit is positive. So the bias sets a threshold: the weighted sum "
            "of the inputs must exceed its opposite.",
            formula=r"x \cdot w + b > 0 \iff x \cdot w > -b",
            symbol="t",
            numbers=f"-{factor(b)}",
            result=-b,
        )
        work.part("t", -b)
        for axis, weight in enumerate(w):
            crossing = -Fraction(b) / weight
            work.step(
                f"On this axis $x_{1 - axis} = 0$, and the boundary is where the logit is 0.",
                formula=rf"w_{axis} x_{axis} + b = 0 \iff x_{axis} = \frac{{-b}}{{w_{axis}}}",
                symbol=f"x_{axis}",
                numbers=rf"\frac{{-{factor(b)}}}{{{tex(weight)}}}",
                result=crossing,
                cells={"w": [(axis,)]},
            )
            work.part(f"x{axis}", crossing)
        self._measure(work)

    def _measure(self, work: Work) -> None:
        """Write how far the boundary is from the origin, and what that has to do with the bias."""
        w, b = self.given.w, self.given.b
        length = math.sqrt(sum(weight * weight for weight in w))
        work.step(
            "The boundary is perpendicular to $w$. Find the length of $w$.",
            formula=r"\lVert w \rVert = \sqrt{w_0^2 + w_1^2}",
            symbol=r"\lVert w \rVert",
            numbers=rf"\sqrt{{{' + '.join(f'{base(weight)}^2' for weight in w)}}}",
            result=length,
            cells={"w": [(0,), (1,)]},
        )
        work.step(
            "At the origin the weighted sum is 0 and the logit is $b$, whatever the weights. Without a bias the "
            "boundary would pass through the origin; the bias moves it away, without turning it.",
            formula=r"d = \frac{|b|}{\lVert w \rVert}",
            symbol="d",
            numbers=rf"\frac{{{tex(abs(b))}}}{{{tex(length, work.digits)}}}",
            result=float(abs(b)) / length,
        )
        work.part("d", float(abs(b)) / length)
