"""A tiny autograd: compute as usual, and every gradient is there for the asking.

The pairs of :mod:`cvlib.ops` and :mod:`cvlib.losses` know the slope of one step. What is left of backpropagation is
bookkeeping: remember who was computed from whom, walk that graph from the loss back to the parameters, and add up
wherever a value was used more than once. Read it in this order: a :class:`Tensor` remembers, an :class:`Operation`
makes it remember, arithmetic is a handful of pairs more, and the pairs of the house come in unchanged:
``autograd.conv2d``, ``autograd.cross_entropy`` and all others, with the arguments they have there.

An array is a constant; a :class:`Tensor` is a value whose gradient is wanted. With arrays alone, an operation returns
what it always returned, so one function serves for training, for inference and for checking gradients.

Gradients are arrays and no tensors: there is no gradient of a gradient.

References
----------
Linnainmaa, "Taylor expansion of the accumulated rounding error", BIT 16 (1976) 146-160: the reverse mode.
Baydin, Pearlmutter, Radul and Siskind, "Automatic differentiation in machine learning: a survey", Journal of Machine
Learning Research 18 (2018) 1-43.
Karpathy, "micrograd", 2020: the whole idea with single numbers, on two screens.

Examples
--------
>>> from cvlib import autograd
>>> w, b = Tensor([[1.0, -2.0]]), Tensor([0.5])
>>> loss = autograd.squared_error(autograd.relu(autograd.linear([[3.0, 1.0]], w, b)), [[1.0]])
>>> loss.backward()
>>> w.gradient, b.gradient
(array([[1.5, 0.5]]), array([0.5]))
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from inspect import signature
from numbers import Real
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike

from cvlib import losses, ops
from cvlib._checks import number
from cvlib.ops._arrays import as_float, same_shape


class Tensor:
    """A value that remembers what it was computed from.

    ``+ - * / ** @``, indexing, ``sum``, ``mean``, ``reshape`` and ``transpose`` work as they do on arrays.

    Parameters
    ----------
    value : array_like
        Numbers; a float32 or float64 array is kept as it is, not copied. Change it after ``backward``, never before.

    Attributes
    ----------
    value : ndarray
        The numbers. Passed on in place of the tensor they are a constant, through which no gradient flows.
    gradient : ndarray or None
        dL/dvalue from the last ``backward`` that came by.
    operation : Operation or None
        What computed the value; None for one that was given.
    arguments, options : tuple, dict
        What it was computed from: tensors and constants.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0, 3.0])
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> y, x.gradient
    (Tensor(14., from sum), array([2., 4., 6.]))
    """

    __array_ufunc__ = None  # array + tensor is for the tensor to record, not for NumPy to compute

    def __init__(self, value: ArrayLike):
        self.value = as_float("value", value)
        self.gradient: np.ndarray | None = None
        self.operation: Operation | None = None
        self.arguments: tuple = ()
        self.options: dict[str, object] = {}

    def backward(self) -> None:
        """Fill ``gradient`` of every tensor that leads here, with this one as the loss L.

        All start anew, so a second call gives the same gradients again; for the gradient of two losses, add them.

        Raises
        ------
        TypeError
            If an operation on the way has no gradient for one of its tensors.
        ValueError
            If the tensor is not a single number.
        """
        if self.value.size != 1:
            raise ValueError(
                f"backward starts at one number, the loss, got shape {self.shape}: take the sum or the mean"
            )
        graph = self.graph()
        for tensor in graph:
            tensor.gradient = None
        self.gradient = np.ones_like(self.value)  # dL/dL
        for tensor in reversed(graph):
            for parent, share in tensor.pull_back():
                so_far = parent.gradient
                parent.gradient = share if so_far is None else np.asarray(so_far + share)

    def graph(self) -> list[Tensor]:
        """Return every tensor that leads here, each behind its parents and this one last."""
        order, seen = [], set()
        stack = [(self, False)]  # our own: with functions that call themselves, Python ends at a thousand
        while stack:
            tensor, parents_done = stack.pop()
            if parents_done:
                order.append(tensor)
            elif tensor not in seen:
                seen.add(tensor)
                stack.append((tensor, True))
                stack.extend((parent, False) for parent in tensor.parents)
        return order

    def pull_back(self) -> Iterator[tuple[Tensor, np.ndarray]]:
        """Yield each parent with its share of ``gradient``: one step of the chain rule."""
        if self.operation is None:
            return
        shares = self.operation.pull_back(self.gradient, self.arguments, self.options)
        for position, parent in enumerate(self.arguments):
            if isinstance(parent, Tensor):
                name = f"gradient of {self.operation.name} for argument {position}"
                if position >= len(shares) or shares[position] is None:
                    raise TypeError(f"there is no {name}: pass the tensor's value, a constant")
                share = same_shape(name, _unbroadcast(shares[position], parent.shape), parent.shape)
                given = parent.operation is None  # and keeps its gradient, so it gets an array of its own
                yield parent, share.astype(parent.value.dtype, order="C", copy=given)

    @property
    def parents(self) -> tuple[Tensor, ...]:
        """The tensors among the arguments."""
        return tuple(argument for argument in self.arguments if isinstance(argument, Tensor))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.value.shape

    def sum(self, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> Tensor:
        """Return the sum over all axes, or over those given."""
        return _SUM(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> Tensor:
        """Return the mean over all axes, or over those given."""
        total = self.sum(axis, keepdims=keepdims)
        return total / (self.value.size / max(total.value.size, 1))

    def reshape(self, *shape: int) -> Tensor:
        """Return the same numbers in another shape; -1 stands for the size that fits."""
        return _RESHAPE(self, shape)

    def transpose(self, *axes: int) -> Tensor:
        """Return the axes in this order; without any, in reverse."""
        return _TRANSPOSE(self, axes)

    def __getitem__(self, index: object) -> Tensor:
        return _INDEX(self, index)

    def __pow__(self, exponent: float) -> Tensor:
        return _POWER(self, number("exponent", exponent))

    def __neg__(self) -> Tensor:
        return self * -1

    def __repr__(self) -> str:
        source = "" if self.operation is None else f", from {self.operation.name}"
        return f"Tensor({np.array2string(self.value, separator=', ')}{source})"


class Operation:
    """A pair that can be recorded: called with tensors, it returns a tensor that remembers the call.

    Parameters
    ----------
    name : str
        For messages and drawings.
    forward : callable
        ``y = forward(x, ..., **options)``, on arrays. If it returns a tuple, the first is y, and the others are passed
        on as they are.
    backward : callable
        ``backward(dy, x, ..., **options)``: the gradient of the first argument, or a tuple with one for each of the
        first arguments. Those behind have none and must be constants, and so must one that gets None. Where the
        forward broadcasts, the gradients may have the shape of y: they are summed.

    Examples
    --------
    >>> exp = Operation("exp", np.exp, lambda dy, x: dy * np.exp(x))
    >>> x = Tensor([0.0, 1.0])
    >>> (3 * exp(x)).sum().backward()
    >>> x.gradient.round(3)
    array([3.   , 8.155])
    """

    def __init__(self, name: str, forward: Callable, backward: Callable):
        self.name, self.forward, self.backward = name, forward, backward
        self._can_skip_dx = "needs_dx" in signature(backward).parameters

    def __call__(self, *arguments: object, **options: object) -> object:
        """Return ``forward`` of the arguments; a tensor if any of them is one."""
        if any(isinstance(option, Tensor) for option in options.values()):  # b=b is b in its place
            call = signature(self.forward).bind(*arguments, **options)
            call.apply_defaults()
            arguments, options = call.args, call.kwargs
        result = self.forward(*map(_plain, arguments), **options)
        if not any(isinstance(argument, Tensor) for argument in arguments):
            return result
        y, *others = result if isinstance(result, tuple) else (result,)
        y = Tensor(y)
        y.operation, y.arguments, y.options = self, arguments, options
        return (y, *others) if others else y

    def pull_back(self, dy: np.ndarray, arguments: tuple, options: dict[str, object]) -> tuple:
        """Return the gradients of the arguments, in their order, as ``backward`` gives them."""
        if self._can_skip_dx and not isinstance(arguments[0], Tensor):
            options = {**options, "needs_dx": False}  # nobody asks for the gradient of the image
        shares = self.backward(dy, *map(_plain, arguments), **options)
        return shares if isinstance(shares, tuple) else (shares,)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def _plain(argument: object) -> object:
    return argument.value if isinstance(argument, Tensor) else argument


# Arithmetic: pairs again, so short that each fits on a line. Shapes are broadcast, and what was repeated on the way
# there is summed on the way back.


def _both_sides(name: str, forward: Callable, backward: Callable) -> tuple[Callable, Callable]:
    """Return the methods for ``tensor + other`` and ``other + tensor``."""

    def checked(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
        try:
            return forward(a, b)
        except ValueError:
            raise ValueError(f"shapes do not fit for {name}: {np.shape(a)} and {np.shape(b)}") from None

    operation = Operation(name, checked, backward)
    return (
        lambda tensor, other: operation(tensor, _operand(other)),
        lambda tensor, other: operation(_operand(other), tensor),
    )


def _operand(x: object) -> Tensor | np.ndarray | float:
    return x if isinstance(x, Tensor | Real) else as_float("operand", x)  # a plain number widens no float32


def _unbroadcast(dx: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Return the gradient of an array of ``shape``, once ``dx`` is summed over the axes along which it was repeated."""
    dx = np.asarray(dx)
    if dx.shape == shape or dx.ndim < len(shape):
        return dx
    dx = dx.sum(tuple(range(dx.ndim - len(shape))))
    return dx.sum(tuple(axis for axis, size in enumerate(shape) if size == 1), keepdims=True)


def _matmul_backward(dy: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # y = a @ b, where a vector on the left is a row, and one on the right a column
    a_is_row, b_is_column = a.ndim == 1, b.ndim == 1
    a, b = np.atleast_2d(a), b[:, None] if b_is_column else b
    dy = dy[..., None] if b_is_column else dy
    dy = dy[..., None, :] if a_is_row else dy
    da, db = dy @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ dy
    return da, db[..., 0] if b_is_column else db  # the one row of da is summed with the batches


def _sum_backward(
    dy: np.ndarray, x: np.ndarray, *, axis: int | tuple[int, ...] | None, keepdims: bool
) -> np.ndarray:
    dy = dy if keepdims or axis is None else np.expand_dims(dy, axis)
    return np.broadcast_to(dy, x.shape)


def _transpose_backward(dy: np.ndarray, x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return dy.transpose(np.argsort([axis % x.ndim for axis in axes]) if axes else None)


def _index_backward(dy: np.ndarray, x: np.ndarray, index: object) -> np.ndarray:
    dx = np.zeros(x.shape, dy.dtype)
    np.add.at(dx, index, dy)  # and not dx[index] += dy, which counts a place once, however often it was taken
    return dx


def _power_backward(dy: np.ndarray, x: np.ndarray, n: float) -> np.ndarray:
    return dy * n * x ** (n - 1 if n else 0)  # x ** 0 is flat, at x = 0 too


Tensor.__add__, Tensor.__radd__ = _both_sides("+", operator.add, lambda dy, a, b: (dy, dy))
Tensor.__sub__, Tensor.__rsub__ = _both_sides("-", operator.sub, lambda dy, a, b: (dy, -dy))
Tensor.__mul__, Tensor.__rmul__ = _both_sides("*", operator.mul, lambda dy, a, b: (dy * b, dy * a))
Tensor.__truediv__, Tensor.__rtruediv__ = _both_sides(
    "/", operator.truediv, lambda dy, a, b: (dy / b, -dy * (a / b) / b)
)
Tensor.__matmul__, Tensor.__rmatmul__ = _both_sides("@", operator.matmul, _matmul_backward)
_POWER = Operation("**", operator.pow, _power_backward)
_SUM = Operation("sum", np.sum, _sum_backward)
_RESHAPE = Operation("reshape", np.reshape, lambda dy, x, shape: dy.reshape(x.shape))
_TRANSPOSE = Operation("transpose", lambda x, axes: x.transpose(axes or None), _transpose_backward)
_INDEX = Operation("[]", operator.getitem, _index_backward)

# The pairs of the house


def _of_the_house(module: ModuleType, name: str) -> Operation:
    """Return a pair of ``module`` as an operation."""
    forward, backward = getattr(module, name), getattr(module, f"{name}_backward")
    if module is losses:  # their upstream gradient stands behind the arrays, and is a plain number
        return Operation(name, forward, lambda dy, *xs, **options: backward(*xs, dloss=float(dy), **options))
    return Operation(name, forward, backward)


_OPERATIONS = {
    name: _of_the_house(module, name)
    for module in (ops, losses)
    for name in module.__all__
    if f"{name}_backward" in module.__all__
}
# Two pairs are not quite like the others. Indices have no gradient, though they come first:
_OPERATIONS["embedding"] = Operation(
    "embedding", ops.embedding, lambda dy, indices, w: (None, ops.embedding_backward(dy, indices, w))
)
# and here both results have one; so the state is one array, and indexing takes it apart.
_STATE = Operation(
    "lstm_cell",
    lambda *arguments: np.stack(ops.lstm_cell(*arguments)),
    lambda dy, *arguments: ops.lstm_cell_backward(tuple(dy), *arguments),
)


def lstm_cell(
    x: ArrayLike | Tensor,
    h: ArrayLike | Tensor,
    c: ArrayLike | Tensor,
    w_ih: ArrayLike | Tensor,
    w_hh: ArrayLike | Tensor,
    b_ih: ArrayLike | Tensor | None = None,
    b_hh: ArrayLike | Tensor | None = None,
) -> tuple:
    """Return the next state (h, c), as :func:`cvlib.ops.lstm_cell` does, with both of them recorded.

    Parameters
    ----------
    x, h, c, w_ih, w_hh, b_ih, b_hh : Tensor or array_like
        The arguments of :func:`cvlib.ops.lstm_cell`.

    Returns
    -------
    h, c : Tensor, (N, H)

    Examples
    --------
    >>> zeros, w = np.zeros((1, 2)), Tensor(np.ones((8, 2)))
    >>> h, c = lstm_cell(np.ones((1, 2)), zeros, zeros, w, np.zeros((8, 2)))
    >>> h.sum().backward()
    >>> h.shape, w.gradient.shape
    ((1, 2), (8, 2))
    """
    state = _STATE(x, h, c, w_ih, w_hh, b_ih, b_hh)
    return state[0], state[1]


def __getattr__(name: str) -> Operation:
    if name in _OPERATIONS:
        return _OPERATIONS[name]
    raise AttributeError(f"cvlib.autograd has no operation {name!r}; it has {', '.join(_OPERATIONS)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_OPERATIONS])
