"""How good are the predicted classes? Counts and shares, exact."""

from __future__ import annotations

from byhand._nested import Nested, Number, class_indices, divide, flat, same_shape, shape, zeros
from cvlib._checks import integer


def confusion_matrix(labels: Nested, predictions: Nested, num_classes: int) -> list[list[int]]:
    r"""Count how often each class (row) was taken for each class (column).

    .. math:: c_{i,j} = \#\{n : y_n = i,\ \hat y_n = j\}

    Examples
    --------
    >>> confusion_matrix([0, 0, 0, 1], [0, 0, 1, 1], 2)
    [[2, 1], [0, 1]]
    """
    K = integer("num_classes", num_classes, minimum=1)
    class_indices("labels", labels, K)
    same_shape("predictions", predictions, shape("labels", labels), "labels")
    class_indices("predictions", predictions, K)
    counts = zeros((K, K))
    for label, prediction in zip(flat(labels), flat(predictions), strict=True):
        counts[label][prediction] += 1
    return counts


def iou_per_class(labels: Nested, predictions: Nested, num_classes: int) -> list[Number]:
    r"""Return the intersection over union of truth and prediction for each class, NaN where there is neither.

    .. math:: \text{IoU}_k = \frac{|\{n : y_n = k \text{ and } \hat y_n = k\}|}
        {|\{n : y_n = k \text{ or } \hat y_n = k\}|}

    Examples
    --------
    >>> iou_per_class([0, 0, 0, 1], [0, 0, 1, 1], 2)
    [Fraction(2, 3), Fraction(1, 2)]
    """
    confusion_matrix(labels, predictions, num_classes)  # checks the arguments
    pairs = list(zip(flat(labels), flat(predictions), strict=True))
    shares = []
    for k in range(num_classes):
        both = sum(label == k and prediction == k for label, prediction in pairs)
        either = sum(label == k or prediction == k for label, prediction in pairs)
        shares.append(divide(both, either))
    return shares


def mean_iou(labels: Nested, predictions: Nested, num_classes: int) -> Number:
    """Return the mean of :func:`iou_per_class` over the classes that occur.

    Examples
    --------
    >>> mean_iou([0, 0, 0, 1], [0, 0, 1, 1], 10)
    Fraction(7, 12)
    """
    shares = [share for share in iou_per_class(labels, predictions, num_classes) if share == share]  # not NaN
    return divide(sum(shares), len(shares))
