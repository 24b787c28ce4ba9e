"""Named mistakes: what a known slip leads to, and what to tell the person who made it.

A :class:`Slip` is a kind of mistake, told in general words. On a problem it becomes a :class:`Mistake`: a function that
computes the wrong value of one part from the problem's givens and right values. The parts after it follow through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

Wrong = Callable[[SimpleNamespace, SimpleNamespace], Any]  # (given, right) -> the wrong value of the part


@dataclass(frozen=True)
class Slip:
    """A kind of mistake.

    Attributes
    ----------
    name
        One word or several joined by underscores, the same wherever the slip occurs.
    message
        A sentence or two that say what happened and what to do instead; mathematics between dollar signs.
    catch
        A check that would have caught it.
    """

    name: str
    message: str
    catch: str

    def on(
        self,
        part: str,
        wrong: Wrong,
        *,
        message: str = "",
        catch: str = "",
        recorded: str = "",
        why: str = "",
    ) -> Mistake:
        """Return the slip as it happens in one part of a problem, in words that fit it; see :class:`Mistake`."""
        return Mistake(self.name, message or self.message, catch or self.catch, part, wrong, recorded, why)


@dataclass(frozen=True)
class Mistake:
    """A slip in one part of a problem.

    Attributes
    ----------
    part
        The part whose value it spoils.
    wrong
        Computes the wrong value from the givens and the right values.
    recorded
        What the original hand-written solution to the coursework said, if it made this mistake; else empty.
    why
        How that came about.
    """

    name: str
    message: str
    catch: str
    part: str
    wrong: Wrong
    recorded: str = ""
    why: str = ""


@dataclass(frozen=True)
class WrongAnswer:
    """What a mistake leads to on one problem with its numbers.

    Attributes
    ----------
    value
        The wrong value of the part that it spoils.
    follow
        Computes all parts, those after the spoiled one as they follow from it; None where there is one part only.
    """

    name: str
    message: str
    catch: str
    part: str
    value: Any
    recorded: str = ""
    why: str = ""
    follow: Callable[[], dict[str, Any]] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def parts(self) -> dict[str, Any]:
        """The value of every part; most are never looked at, so they are computed when they are."""
        return {self.part: self.value} if self.follow is None else self.follow()

    @property
    def answer(self) -> Any:
        """The wrong answer, in the form of the problem's own answer."""
        return self.value if len(self.parts) == 1 else self.parts


KERNEL_FLIPPED = Slip(
    "kernel_flipped",
    "You turned the filter by 180 degrees first. That is convolution as mathematicians define it; a convolutional "
    "layer computes cross-correlation and lays the filter on the image as it is.",
    "Compute the top left value alone, with the filter exactly as printed.",
)
STRIDE_IGNORED = Slip(
    "stride_ignored",
    "You moved the window one cell at a time. With stride $s$ its corner jumps $s$ cells, so there are fewer "
    "positions.",
    "Write down the output size first: rows and columns of your result must match it.",
)
PADDING_ON_ONE_SIDE = Slip(
    "padding_on_one_side",
    "You counted the padding once. It is added on both sides, so the size grows by $2p$.",
    "Draw one row with its padding and count the cells.",
)
PADDING_FORGOTTEN = Slip(
    "padding_forgotten",
    "You left the padding out: the size that the filter sees is $n + 2p$.",
    "Draw one row with its padding and count the cells.",
)
CEIL_FOR_FLOOR = Slip(
    "ceil_for_floor",
    "You rounded the division up. A window that would stick out over the edge is not used, so the size is rounded "
    "down.",
    "Write out the corners of the windows: the last one must end inside the image.",
)
PLUS_ONE_FORGOTTEN = Slip(
    "plus_one_forgotten",
    "You forgot the $+1$: the division counts the jumps, and there is one more position than there are jumps.",
    "Try a filter as large as the image: it has exactly one position.",
)
BIAS_FORGOTTEN = Slip(
    "bias_forgotten",
    "You forgot the biases: each filter of a convolution and each unit of a dense layer has one.",
    "Weights and biases on two lines, then the sum.",
)
BIAS_PER_INPUT_CHANNEL = Slip(
    "bias_per_input_channel",
    "You gave a filter one bias for each of its input channels. It adds up over all channels first, then adds one "
    "bias.",
    "Count the biases alone: as many as there are output maps.",
)
DEPTH_NOT_MULTIPLIED = Slip(
    "depth_not_multiplied",
    "You left out the depth of the input: a filter has a slice of weights for every input map.",
    "Write the size of one filter with three numbers: height, width and depth.",
)
DEPTH_MULTIPLIED = Slip(
    "depth_multiplied",
    "You multiplied by the depth of the input where it has no place: a filter adds up over all input maps and makes "
    "one output map.",
    "The depth of the output is the number of filters, whatever the depth of the input.",
)
ONE_AFTER_ANOTHER = Slip(
    "filters_one_after_another",
    "You applied the filters one after another, each to the output of the one before. The filters of one layer all "
    "look at the same input, and each makes one map of the output.",
    "One layer shrinks the map once; its filters are counted in the depth of the output.",
)
FLOPS_FOR_MACS = Slip(
    "flops_for_macs",
    "You counted multiplications and additions separately: that is FLOPs. One multiply-accumulate (MAC) is two FLOPs.",
    "Say the unit aloud with every count: multiplications, MACs or FLOPs.",
)
BASE_10 = Slip(
    "base_10_logarithm",
    "You took the logarithm to base 10. Cross-entropy in nats uses the natural logarithm, the key marked ln.",
    "Check with $e^{-\\text{loss}}$: it must give back the probability of the true class.",
)
BASE_2 = Slip(
    "base_2_logarithm",
    "You took the logarithm to base 2: your result is right in bits. In nats, with the natural logarithm, it is "
    "$\\ln 2$ times that, about 0.693 of it.",
    "Check with $e^{-\\text{loss}}$: it must give back the probability of the true class.",
)
MEAN_FOR_SUM = Slip(
    "mean_for_sum",
    "You divided by the number of values: that is the mean. The sum is asked for.",
    "Look at the loss once more: is there a $1/n$ in front?",
)
SUM_FOR_MEAN = Slip(
    "sum_for_mean",
    "You added up and did not divide: the mean is asked for.",
    "Look at the loss once more: is there a $1/n$ in front?",
)
HALF_FORGOTTEN = Slip(
    "half_forgotten",
    "You forgot the factor $\\tfrac12$. With it, the derivative of $\\tfrac12(o-t)^2$ is $o - t$, without a 2.",
    "Differentiate the loss as it is written, factor and all.",
)
GRADIENT_SIGN = Slip(
    "gradient_sign",
    "Your gradient has the opposite sign: it points downhill. The gradient points to where the loss grows.",
    "Raise one entry a little: if the loss falls, its gradient is negative.",
)
WRONG_WAY = Slip(
    "step_uphill",
    "You added the gradient. Descent subtracts it: the gradient points uphill.",
    "The loss must fall in a small enough step.",
)
DERIVATIVE_AT_OUTPUT = Slip(
    "derivative_at_the_wrong_point",
    "You took the derivative of the activation at the wrong point. The chain rule takes it at the value that went "
    "into the activation in the forward pass.",
    "Write the input of each activation beside it in the forward pass, and reuse exactly that number.",
)
MAX_POOL_SPREAD = Slip(
    "max_pool_gradient_spread",
    "You spread the gradient over the whole window. That is average pooling; in max pooling only the largest cell "
    "had any influence, so it gets all of the gradient.",
    "Count the cells that are not zero: at most one for each window.",
)
MEAN_POOL_FOR_MAX = Slip(
    "average_for_maximum",
    "You took the mean of each window. Max pooling keeps its largest value.",
    "Every value of a max-pooled map stands in the map before it.",
)
SLOPE_ON_WRONG_SIDE = Slip(
    "leaky_slope_on_the_wrong_side",
    "You multiplied the positive values by the slope. Leaky ReLU passes positive values through and shrinks negative "
    "ones.",
    "A positive value must come out unchanged.",
)
RELU_FORGOTTEN = Slip(
    "activation_forgotten",
    "You left out the activation function.",
    "No value after a ReLU is negative.",
)
RELU_MASK_FORGOTTEN = Slip(
    "relu_mask_forgotten",
    "You let the gradient through where the ReLU had cut off: where its input is negative, its derivative is 0.",
    "A unit that was silent in the forward pass gets no gradient.",
)
SOFTMAX_OF_PROBABILITIES = Slip(
    "softmax_of_probabilities",
    "You applied softmax twice: to the probabilities in place of the logits.",
    "Compare two classes: the logarithm of the ratio of their probabilities must be the difference of their logits.",
)
EXPONENTIAL_FORGOTTEN = Slip(
    "exponential_forgotten",
    "You divided the logits by their sum. Softmax takes the exponential of each logit first.",
    "A negative logit still has a positive probability.",
)
SAMPLE_VARIANCE = Slip(
    "variance_with_n_minus_1",
    "You divided by $n-1$. Batch normalisation uses the variance of the batch itself, divided by $n$.",
    "After normalising, the mean of the squares must be 1.",
)
DROPOUT_NOT_RESCALED = Slip(
    "dropout_not_rescaled",
    "You zeroed the dropped units and left the others as they were. Inverted dropout divides them by the keep "
    "probability.",
    "The mean over many masks must be the value without dropout.",
)
TRANSPOSED = Slip(
    "transposed",
    "Your matrix is transposed: rows and columns have changed places.",
    "A gradient has the shape of what it is the gradient of.",
)
ROUNDED_EARLY = Slip(
    "rounded_early",
    "You rounded along the way, and the difference that matters was lost.",
    "Keep two more digits than you are asked for, and round once, at the end.",
)
