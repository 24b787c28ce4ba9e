"""Underfitting, overfitting and their cures; batch normalisation and dropout by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from byhand import mistakes
from byhand.calculation import Calculation
from byhand.concept import Concept, Misconception, Point
from byhand.draws import Degenerate, Draws
from byhand.given import expect, reals, wholes
from byhand.mistakes import Slip
from byhand.moves.classification import show_guard_digits
from byhand.moves.convolution import mean
from byhand.moves.counting import number_word
from byhand.moves.normalisation import batch_norm, quotient, square_root
from byhand.notation import base, exact, factor, plain, tex, tidy
from byhand.trace import Work


class UnderfittingAndOverfitting(Concept):
    """The two ways to fail, by errors and by bias and variance."""

    id = "A11"
    title = "Underfitting and overfitting"
    question = (
        "What are underfitting and overfitting? Say how each shows in the errors on the training set and on new "
        "examples, and what each has to do with bias and variance."
    )
    model = (
        "A model underfits if its error is large on the training set already: it is too simple, or trained too little, "
        "to follow the pattern. It overfits if its error is small on the training set and much larger on new examples: "
        "it has also learned what is accidental in the sample. Underfitting goes with a high bias: on average over "
        "training sets the predictions miss the target. Overfitting goes with a high variance: another training set "
        "would have led to quite different predictions. So one looks at two numbers, the training error and the gap to "
        "the validation error: a large training error calls for a stronger model, a large gap for regularisation or "
        "more data."
    )
    points = (
        Point(
            "An underfitting model has a large error on the training set already.",
            "underfit train | underfit both error | underfit everywhere",
        ),
        Point(
            "An overfitting model has a small error on the training set and a much larger one on new examples.",
            "overfit test | overfit new | overfit unseen | overfit validat | overfit generali | memori | by heart "
            "| error small train larger",
        ),
        Point(
            "Underfitting goes with high bias: averaged over training sets, the predictions miss the target.",
            "underfit bias",
        ),
        Point(
            "Overfitting goes with high variance: another training set would give quite different predictions.",
            "overfit varian",
        ),
        Point(
            "The training error and its gap to the validation error together tell which of the two it is.",
            "gap | differen train validat error | differen train test error | compar train validat | compar train test "
            "| learning curve",
        ),
    )
    misconceptions = (
        Misconception(
            "smallest_training_error_is_best",
            "The best model is the one with the smallest error on the training set.",
            "A small training error alone says nothing about new examples: a model that has learned its training set "
            "by heart has none at all. Models are compared on examples that they were not trained on.",
            "best smallest train | best lowest train | goal zero train error",
            "Would a table of all training examples, looked up, be a good model?",
        ),
        Misconception(
            "training_error_alone_shows_overfitting",
            "Overfitting can be seen from the training error alone.",
            "A small training error is what a good model and an overfitting one have in common. Only the error on "
            "examples held back tells them apart.",
            "overfit train alone | overfit train only look",
            "Which second number do you need?",
        ),
        Misconception(
            "more_data_against_underfitting",
            "Underfitting is cured by collecting more training examples.",
            "More examples make it harder to learn them by heart, so they help against overfitting. A model that "
            "cannot even fit the examples it has will not fit more of them.",
            "underfit more example | underfit more data | underfit more image | underfit few example",
            "Is the error on the examples you have small? If not, why add others?",
        ),
        Misconception(
            "regularise_against_both",
            "Stronger regularisation helps against underfitting as well as against overfitting.",
            "Regularisation holds a model back. That helps one that overfits, and it makes underfitting worse.",
            "regularis help underfit | regularis cure underfit | regularis against underfit | regularis both help",
            "What does a very strong weight decay do to the training error?",
        ),
        Misconception(
            "more_parameters_than_examples",
            "A model with more parameters than training examples always fails on new examples.",
            "Deep nets usually have far more parameters than examples and still do well on new ones (Zhang et al. "
            "2017). Counting parameters is no test of overfitting; the gap between the two errors is one.",
            "more parameter than example always | more parameter than example fail",
            "Which error have you measured, and which have you only feared?",
        ),
        Misconception(
            "variance_of_the_pixels",
            "High variance means that the pixel values of the training images vary a lot.",
            "The variance meant here is that of the predictions: how much they would change if the model were trained "
            "on another training set of the same kind.",
            "varian pixel | varian input values | varian of image",
            "Variance of what, and over what?",
        ),
    )


class CuresForUnderfitting(Concept):
    """What to do with a net that does not fit its training set."""

    id = "A12"
    title = "Cures for a convolutional net that underfits"
    question = (
        "A convolutional net underfits: its error is large on the training set already. What can you change to make it "
        "fit better? Name several cures, and say why they help."
    )
    model = (
        "The net cannot follow the training set yet, so everything that makes it stronger or less restrained helps. "
        "Give it more capacity: more layers, more filters in each. Train it longer, until the training loss no longer "
        "falls. Take regularisation back: a smaller weight decay, a lower dropout rate, milder augmentation. Help the "
        "optimiser with a better learning rate, a good initialisation, batch normalisation and skip connections. "
        "And look at the inputs: a higher resolution or better features may hold what the net is missing. "
        "Collecting more data is no cure here; that is one for overfitting."
    )
    points = (
        Point(
            "More capacity helps: a net with more layers or more filters can follow a more complicated pattern.",
            "capacity | more layer | more filter | more parameter | deeper | wider | larger net | larger model "
            "| bigger net | bigger model | complex model | add layer",
        ),
        Point(
            "Longer training helps as long as the training loss still falls.",
            "train longer | longer train | more epoch | more step | more iteration",
        ),
        Point(
            "Weaker regularisation helps: less weight decay, less dropout, milder augmentation.",
            "less regularis | weaker regularis | reduc regularis | lower regularis | regularis back | remov regularis "
            "| decreas regularis | less dropout | smaller decay | lower decay | less decay | reduc decay "
            "| reduc dropout | lower dropout | remov dropout",
        ),
        Point(
            "Better optimisation helps: a well chosen learning rate, good initialisation, batch normalisation, skip "
            "connections.",
            "optimis | learning rate | initialis | batch norm | adam | momentum | skip connect",
        ),
        Point(
            "Better inputs help: a higher resolution, or features that hold what matters.",
            "feature | resolution | better input | pretrain | richer input",
        ),
    )
    misconceptions = (
        Misconception(
            "more_data_against_underfitting",
            "The net underfits because it has seen too few examples, so collect more training data.",
            "More data is a cure for overfitting. A net that cannot fit the examples it has will not fit more of them: "
            "its training error does not fall.",
            "more data | more train data | more example | more image | collect data | few example | larger dataset "
            "| bigger dataset",
            "With twice as many images, would the training error fall?",
            recorded="Get more data.",
            why="It is the first cure for overfitting, the more familiar of the two illnesses.",
        ),
        Misconception(
            "remove_noise_against_underfitting",
            "The net underfits because it has learned the noise in the images, so remove the noise first.",
            "Learning the noise of the training set is overfitting. A net that underfits has not even learned the "
            "pattern.",
            "remov nois | denois | clean data | less nois | reduc nois | learned nois | remov outlier",
            "Is the training error small? It is when noise has been learned by heart.",
            recorded="Remove the noise from the data.",
            why="A cure for overfitting was taken for one of underfitting.",
        ),
        Misconception(
            "dropout_against_underfitting",
            "A higher dropout rate makes the net fit its training set better.",
            "Dropout holds the net back during training; at a higher rate the training error rises. Lower the rate.",
            "higher dropout | stronger dropout | rais dropout",
            "What does dropout do to the training loss?",
        ),
        Misconception(
            "weight_decay_against_underfitting",
            "A stronger weight decay pulls the net towards the training data.",
            "Weight decay pulls the weights towards zero, away from what the training data ask for. Make it weaker.",
            "stronger decay | stronger regularis | rais decay | higher decay",
            "Towards which value does the penalty pull each weight?",
        ),
        Misconception(
            "stop_earlier_against_underfitting",
            "Stopping the training earlier lets the net fit better.",
            "Early stopping is there for nets that overfit. One that underfits needs more steps, if the loss still "
            "falls.",
            "stop earlier | stopping earlier | train shorter | fewer epoch",
            "Is the training loss still falling at the end?",
        ),
        Misconception(
            "smaller_net_against_underfitting",
            "A net with fewer filters is easier to train and therefore underfits less.",
            "With fewer filters it can represent less, and the training error rises. Give it more.",
            "fewer filter | fewer layer | fewer parameter | simpler net | simpler model",
            "Can the smaller net do anything that the larger one cannot?",
        ),
    )


class CuresForOverfitting(Concept):
    """What to do with a net that has learned its training set by heart."""

    id = "A13"
    title = "Cures for overfitting"
    question = (
        "A net has a small error on the training set and a large one on new examples. Name the usual cures for "
        "overfitting, and say in a few words how each works."
    )
    model = (
        "The best cure is more training data; the next best is augmentation, which flips, crops and recolours the "
        "images one has without changing their class. Weight decay adds a penalty on large weights to the loss. "
        "Dropout sets random units to zero in each training step, so that no unit can rely on a particular other one. "
        "Early stopping keeps the weights from the epoch in which the validation error was smallest. "
        "A smaller model has less capacity for learning by heart, and an ensemble averages out what is accidental in "
        "each of its members. Batch normalisation also regularises a little, as a side effect of the noise in the "
        "batch statistics. Cross-validation is not on this list: it measures overfitting."
    )
    points = (
        Point(
            "More training data, or augmented data such as flipped and cropped images, leave less to learn by heart.",
            "augment | more data | more train data | more example | more image | flip crop",
        ),
        Point(
            "Weight decay adds a penalty on large weights to the loss.",
            "weight decay | l2 | penal weight | ridge",
        ),
        Point(
            "Dropout sets random units to zero in each training step.",
            "dropout | drop unit",
        ),
        Point(
            "Early stopping keeps the weights of the epoch with the smallest validation error.",
            "early stop | stop early | stop validat | stop train before",
        ),
        Point(
            "A smaller model has less capacity for learning by heart.",
            "smaller model | smaller net | fewer parameter | less capacity | reduc capacity | simpler model "
            "| simpler net | fewer layer",
        ),
        Point(
            "An ensemble averages the predictions of several models, and with them what is accidental in each.",
            "ensembl | averag several | averag model | averag predict | bagging",
        ),
    )
    misconceptions = (
        Misconception(
            "cross_validation_for_regularisation",
            "Cross-validation makes a net overfit less.",
            "Cross-validation measures how a model does on new examples, and so helps to choose among models and "
            "settings. The training itself it leaves as it is.",
            "cross-valid overfit less | cross-valid reduc | cross-valid prevent | cross-valid cure | cross-valid avoid "
            "| cross-valid against | cross-valid help | cross-valid regularis | use cross-valid | apply cross-valid "
            "| cross-valid dropout | cross-valid augment | cross-valid decay | cross-valid prun",
            "Does it change the weights, or only what you know about them?",
            recorded="Use cross-validation.",
            why="It is taught beside regularisation, because it shows whether regularisation is needed.",
        ),
        Misconception(
            "pruning_for_regularisation",
            "Pruning is a kind of dropout: both remove units from the net for good.",
            "Dropout switches units off at random for one training step; afterwards they are all there. Pruning takes "
            "weights out of a trained net for good, to make it smaller and faster. It belongs to compression.",
            "prun",
            "Is it done to train better, or to run cheaper?",
            recorded="Prune the net.",
            why="Both make something in the net zero.",
        ),
        Misconception(
            "dropout_at_test_time",
            "Dropout must stay switched on at test time, because otherwise the activations come out too large.",
            "At test time all units are used: dividing by the keep probability in training has made the average "
            "activations there as large as they are now.",
            "dropout stay | dropout remain | dropout kept test | dropout keep test | dropout switched test",
            "Should the same image be classified differently from one call to the next?",
        ),
        Misconception(
            "train_to_zero",
            "Training until the training loss is zero cures overfitting.",
            "A training loss of zero is what overfitting looks like from one side. Stop when the validation error is "
            "smallest.",
            "train until zero | train longer cure | longer train cure | longer train reduc | more epoch reduc",
            "Which of the two errors is the problem?",
        ),
        Misconception(
            "choose_on_the_test_set",
            "The strength of the weight decay should be tuned on the test set.",
            "Whatever is chosen on the test set is fitted to it, and its error then looks better than it is. Use a "
            "validation set, and the test set once, at the end.",
            "tun test set | choos strength test | pick test set",
            "Would you still believe the test error afterwards?",
        ),
        Misconception(
            "weight_decay_removes_weights",
            "Weight decay switches off a random half of the weights in each step.",
            "Weight decay pulls every weight a little towards zero in each step. What is switched off at random is the "
            "units, in dropout.",
            "decay switch | decay delet | decay random half",
            "Write down its term in the loss: is anything in it random?",
        ),
    )


class BatchNormalisation(Calculation):
    """Mean, variance, normalised values, scale and shift of one feature."""

    id = "B6"
    title = "Batch normalisation of five values"
    coursework = exact({"x": [2, 4, 6, 8, 10], "gamma": 2, "beta": 1})
    symbols = {"x": "x"}
    givens = {
        "x": reals("batch $x$", "n:2-8"),
        "gamma": reals(r"scale $\gamma$"),
        "beta": reals(r"shift $\beta$"),
    }
    parts = {
        "mean": r"the mean $\mu$ of the batch",
        "var": r"its variance $\sigma^2$",
        "z": "the normalised values",
        "y": "the output",
    }
    slips = (
        mistakes.SAMPLE_VARIANCE.on(
            "var", lambda given, right: tidy(Fraction(right.var) * len(given.x) / (len(given.x) - 1))
        ),
        Slip(
            "mean_of_squares_for_variance",
            "You averaged the squares of the values themselves. The variance averages the squares of their distances "
            "from the mean.",
            "Five equal values have the variance 0.",
        ).on("var", lambda given, right: mean([value**2 for value in given.x])),
        Slip(
            "variance_for_deviation",
            "You divided by the variance. Divide by the standard deviation, its root.",
            "After normalising, the mean of the squares must be 1.",
        ).on("z", lambda given, right: [quotient(value - right.mean, right.var) for value in given.x]),
        Slip(
            "mean_not_subtracted",
            "You divided by the standard deviation and did not subtract the mean before.",
            "After normalising, the values must add up to 0.",
        ).on("z", lambda given, right: [quotient(value, square_root(right.var)) for value in given.x]),
        Slip(
            "shifted_before_scaling",
            r"You added $\beta$ first and multiplied by $\gamma$ then. The scale comes first: $y = \gamma z + \beta$.",
            r"The mean of the output must be $\beta$.",
        ).on("y", lambda given, right: [given.gamma * (value + given.beta) for value in right.z]),
        Slip(
            "gamma_and_beta_swapped",
            r"You took $\beta$ for the scale and $\gamma$ for the shift. It is the other way round: "
            r"$y = \gamma z + \beta$.",
            r"The mean of the output must be $\beta$.",
        ).on("y", lambda given, right: [given.beta * value + given.gamma for value in right.z]),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        x = draws.vector(4, 0, 12)
        x.append(draws.choice([value for value in range(13) if (sum(x) + value) % 5 == 0]))
        average = mean(x)
        variance = mean([(value - average) ** 2 for value in x])
        if not isinstance(variance, int) or len(set(x)) < 4:
            raise Degenerate(f"the variance {variance} of {x} is to be whole")
        if isinstance(square_root(variance), float) and draws.integer(1, 3) > 1:
            raise Degenerate("every other variance or so is to be a square")
        return {
            "x": x,
            "gamma": draws.choice([2, 3, Fraction(1, 2)]),
            "beta": draws.integer(-3, 3, but=[0]),
        }

    def refuse(self) -> None:
        if self.given.gamma == self.given.beta:
            raise Degenerate("scale and shift cannot be told apart")
        if self.values["var"] == 1:
            raise Degenerate("variance and standard deviation are the same")

    def accept(self) -> None:
        varied = len(set(self.given.x)) > 1
        expect(varied, "Equal values have the variance 0, and nothing can be divided by it.", "x")

    def pose(self) -> str:
        return (
            rf"One unit has the values $x$ on a batch of {number_word(len(self.given.x))} examples. Batch "
            r"normalisation subtracts the mean, divides by the standard deviation (take $\epsilon = 0$), then scales "
            rf"by $\gamma = {tex(self.given.gamma)}$ and shifts by $\beta = {tex(self.given.beta)}$."
        )

    def solve(self, work: Work) -> None:
        show_guard_digits(work)
        batch_norm(work, self.given.x, self.given.gamma, self.given.beta)


class Dropout(Calculation):
    """One mask by hand, then the mean over all of them."""

    id = "B7"
    title = "Dropout and the keep probability"
    coursework = exact({"h": [2, 5, 4], "rate": "0.2", "mask": [1, 0, 1]})
    symbols = {"h": "h", "mask": "m"}
    givens = {
        "h": reals("activations $h$", "n:2-4", low=0),
        "rate": reals("drop rate $q$", low="0.001", high="0.999"),
        "mask": wholes("mask $m$ (1: kept, 0: dropped)", "n", low=0, high=1),
    }
    parts = {
        "p": "the keep probability",
        "a": "the activations behind dropout for the mask $m$",
        "plain": "the mean of the sum over all masks without the division by $p$",
        "scaled": "the same mean with the division by $p$",
    }
    slips = (
        Slip(
            "rate_for_keep_probability",
            "You took the drop rate for the keep probability. What is not dropped is kept: $p = 1 - q$.",
            "At a small drop rate nearly everything is kept.",
        ).on("p", lambda given, right: given.rate),
        mistakes.DROPOUT_NOT_RESCALED.on(
            "a", lambda given, right: [m * h for m, h in zip(given.mask, given.h, strict=True)]
        ),
        Slip(
            "multiplied_by_keep_probability",
            "You multiplied by the keep probability. That is what the original dropout does at test time (Srivastava "
            "et al. 2014); inverted dropout divides by it during training.",
            "What is left must become larger, to make up for what is dropped.",
        ).on("a", lambda given, right: [m * h * right.p for m, h in zip(given.mask, given.h, strict=True)]),
        Slip(
            "mask_inverted",
            "You kept the units that the mask drops: 1 in the mask means keep.",
            "Where the mask is 0, the output is 0.",
        ).on(
            "a",
            lambda given, right: [
                tidy((1 - m) * h / Fraction(right.p)) for m, h in zip(given.mask, given.h, strict=True)
            ],
        ),
        Slip(
            "dropout_without_effect_on_the_mean",
            "Without the division the mean does change: every unit is there only in a share $p$ of the cases.",
            "Take one unit alone: it is $h$ with probability $p$ and 0 otherwise.",
        ).on("plain", lambda given, right: sum(given.h)),
        Slip(
            "divided_by_the_drop_rate",
            "You divided by the drop rate. Divide by the keep probability.",
            "The mean over many masks must be the value without dropout.",
        ).on("scaled", lambda given, right: tidy(Fraction(right.plain) / Fraction(given.rate))),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        # The unit that the activations are multiples of makes h / p a number with few digits.
        rate, unit, most = draws.choice(
            [("0.2", 1, 9), ("0.6", 1, 9), ("0.4", 3, 6), ("0.25", 3, 6), ("0.1", 9, 4)]
        )
        return {
            "h": [unit * value for value in draws.sample(range(1, most + 1), 3)],
            "rate": Fraction(rate),
            "mask": draws.shuffled(draws.choice([[1, 1, 0], [1, 0, 0]])),
        }

    def pose(self) -> str:
        return (
            f"A layer of {number_word(len(self.given.h))} units has the activations $h$. Dropout with the drop rate "
            f"$q = {tex(self.given.rate)}$ "
            "drops each unit on its own with this probability; inverted dropout divides what is kept by the keep "
            "probability $p$. In one training step the mask is $m$ (1: kept, 0: dropped).\n\n"
            f"Then see why it divides: go through all {number_word(2 ** len(self.given.h))} masks, each with its "
            "probability, and find the mean of the "
            r"sum of the activations, once without the division ($s = \sum_i m_i h_i$), once with it."
        )

    def solve(self, work: Work) -> None:
        h, mask = self.given.h, self.given.mask
        work.step(
            "What is not dropped is kept.",
            formula="p = 1 - q",
            symbol="p",
            numbers=f"1 - {tex(self.given.rate)}",
            result=1 - self.given.rate,
        )
        p = work.part("p", 1 - self.given.rate)
        self._mask(work, h, mask, p)
        mean_sum = self._all_masks(work, h, p)
        work.step(
            "The division stands in front of every sum, so the mean is divided too.",
            formula=r"\mathbb{E}\left[ \frac{s}{p} \right] = \frac{\mathbb{E}[s]}{p}",
            symbol=r"\mathbb{E}[s / p]",
            numbers=rf"\frac{{{tex(mean_sum)}}}{{{tex(p)}}}",
            result=quotient(mean_sum, p),
        )
        work.step(
            "Compare it with the sum without dropout: the next layer sees on average in training what it will see at "
            "test time, when nothing is dropped and nothing is divided.",
            formula=r"\sum_i h_i = \mathbb{E}\left[ \frac{s}{p} \right]",
            symbol=r"\sum_i h_i",
            numbers=" + ".join(map(factor, h)),
            result=sum(h),
        )
        work.part("scaled", quotient(mean_sum, p))

    @staticmethod
    def _mask(work: Work, h: list[Any], mask: list[int], p: Any) -> None:
        """Drop by the given mask, and divide."""
        result = [quotient(m * value, p) for m, value in zip(mask, h, strict=True)]
        for i, value in enumerate(h):
            work.step(
                "Multiply by the mask, and divide by the keep probability.",
                formula=r"a_i = \frac{m_i\, h_i}{p}",
                symbol=f"a_{i}",
                numbers=rf"\frac{{{mask[i]} \cdot {factor(value)}}}{{{tex(p)}}}",
                result=result[i],
                cells={"h": [(i,)], "m": [(i,)], "a": [(i,)]},
            )
        work.part("a", result)

    @staticmethod
    def _all_masks(work: Work, h: list[Any], p: Any) -> Any:
        """Weigh the sum of each mask by the mask's probability, and add up."""
        terms = []
        for mask in product([1, 0], repeat=len(h)):
            kept = sum(mask)
            value = sum(m * each for m, each in zip(mask, h, strict=True))
            terms.append(tidy(p**kept * (1 - p) ** (len(h) - kept) * value))
            work.step(
                f"Mask {plain(list(mask))}: {_kept(kept, len(h))}, the sum is ${tex(value)}$.",
                formula=r"P(m)\, s(m) = p^{k} (1 - p)^{n - k} \sum_i m_i h_i",
                symbol=r"P(m)\, s(m)",
                numbers=rf"{_probability(p, kept, len(h))} \cdot {tex(value)}",
                result=terms[-1],
            )
        total = sum(terms)
        work.step(
            "Add up over the masks.",
            formula=r"\mathbb{E}[s] = \sum_m P(m)\, s(m)",
            symbol=r"\mathbb{E}[s]",
            numbers=" + ".join(map(factor, terms)),
            result=tidy(total),
        )
        work.step(
            "That is $p$ times the sum without dropout: the next layer would see too little.",
            formula=r"\mathbb{E}[s] = p \sum_i h_i",
            symbol=r"\mathbb{E}[s]",
            numbers=rf"{factor(p)} \cdot ({' + '.join(map(factor, h))})",
            result=tidy(p * sum(h)),
        )
        return work.part("plain", tidy(total))


def _kept(count: int, of: int) -> str:
    return "all units are kept" if count == of else f"{count or 'no'} unit{'s' * (count != 1)} kept"


def _probability(p: Any, kept: int, count: int) -> str:
    """Return the probability of a mask as LaTeX: a power of p times a power of 1 - p."""
    powers = [(p, kept), (1 - p, count - kept)]
    return r" \cdot ".join(f"{base(each)}^{n}" if n > 1 else factor(each) for each, n in powers if n)
