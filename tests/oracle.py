"""One call holds an operation and its gradients against everything that knows better.

The oracles, each independent of the code under test:

* **JAX** in float64: the value, and every gradient by ``jax.vjp``, number by number;
* the **definition** in ``byhand.definitions``: visible loops over nested lists;
* **central differences** in float64 along random directions: the gradients must fit the forward itself.

Importing this module switches JAX to float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # every shape is compiled anew: that takes the time

# Largest difference from the float64 oracle, relative to the largest number of the array that is compared. The sums
# of the tests have up to a few hundred terms; u = 1.1e-16 and 6e-8.
TOLERANCE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 5e-6}
DIRECTIONS, EPS, CENTRAL_TOLERANCE = 3, 1e-5, 1e-7

Arrays = Sequence[np.ndarray | None]


def check_operation(
    forward: Callable,
    backward: Callable,
    oracle: Callable,
    arrays: Arrays,
    *,
    definition: tuple[Callable, Callable] | None = None,
    differentiate: Sequence[int] | None = None,
    central: bool = True,
    seed: int = 0,
    **options: object,
) -> None:
    """Hold ``forward(*arrays, **options)`` and ``backward(dy, *arrays, **options)`` against the oracles.

    Parameters
    ----------
    forward, backward : callable
        The operation. The backward returns one gradient, or a tuple in the order of the arrays.
    oracle : callable
        The same forward on JAX arrays. It takes the arrays alone: options are its own affair.
    arrays : sequence of ndarray or None
        The arguments, as float64; None is an absent bias, whose gradient must be None. They are checked once more
        rounded to float32, and once more spread out in memory.
    definition : pair of callables, optional
        Forward and backward on nested lists, with the same options.
    differentiate : sequence of int, optional
        The arrays that the backward returns gradients for; by default all of them.
    central : bool
        Whether to take central differences. Not at a kink, such as a tie in max pooling.
    """
    which = range(len(arrays)) if differentiate is None else differentiate
    jax_results = _jax_results(oracle, arrays, which)
    for dtype in TOLERANCE:
        inputs = [_frozen(array, dtype) for array in arrays]
        y = forward(*inputs, **options)
        dy = _frozen(np.random.default_rng(seed).standard_normal(np.shape(y)), dtype)
        gradients = _as_tuple(backward(dy, *inputs, **options))
        _check_results(y, gradients, inputs, which)
        results = [y, *gradients]
        _compare("JAX", results, jax_results(dy, inputs))
        if definition is not None:
            _compare("the definition", results, _definition_results(definition, inputs, dy, options))
        apart = [_spread_out(array) for array in (dy, *inputs)]
        apart_results = [forward(*apart[1:], **options), *_as_tuple(backward(*apart, **options))]
        _check_results(apart_results[0], apart_results[1:], inputs, which)
        _compare("other memory layout", apart_results, results)
        if central and dtype == np.float64:
            _check_central_differences(forward, inputs, options, which, dy, gradients)


def check_loss(
    loss: Callable,
    backward: Callable,
    oracle: Callable,
    arrays: Arrays,
    *fixed: object,
    definition: tuple[Callable, Callable] | None = None,
    **checks: object,
) -> None:
    """Hold ``loss(*arrays, *fixed, **options)`` and its backward against the same oracles.

    A loss is a plain number, and its backward takes the upstream gradient last, as ``dloss``. What is ``fixed`` (class
    indices) is passed on as it is; the oracle takes the arrays alone. ``checks`` and options as in
    :func:`check_operation`.
    """

    def forward_of(function: Callable, rest: Sequence, vector: Callable) -> Callable:
        def forward(*arrays: object, **options: object) -> object:
            value = function(*arrays, *rest, **options)
            assert type(value) is float or vector is list, f"a loss is a plain number, got {value!r}"
            return vector([value]) if vector is list else np.array([value], arrays[0].dtype)

        return forward

    def backward_of(function: Callable, rest: Sequence) -> Callable:
        return lambda dy, *arrays, **options: function(*arrays, *rest, float(dy[0]), **options)

    if definition is not None:
        lists = [None if value is None else np.asarray(value).tolist() for value in fixed]
        definition = forward_of(definition[0], lists, list), backward_of(definition[1], lists)
    check_operation(
        forward_of(loss, fixed, np.array),
        backward_of(backward, fixed),
        lambda *arrays: oracle(*arrays)[None],
        arrays,
        definition=definition,
        **checks,
    )


def _frozen(array: np.ndarray | None, dtype: np.dtype) -> np.ndarray | None:
    """Return a copy that raises when somebody writes to it."""
    if array is None:
        return None
    copy = np.array(array, dtype)
    copy.flags.writeable = False
    return copy


def _spread_out(array: np.ndarray | None) -> np.ndarray | None:
    """Return the same numbers as a view with other strides: axes in reverse order, with holes and backwards."""
    if array is None:
        return None
    memory = np.full([2 * n for n in reversed(array.shape)], np.nan, array.dtype)
    view = memory.T[(slice(None, None, -2),) * array.ndim]
    view[...] = array
    view.flags.writeable = False
    return view


def _as_tuple(gradients: object) -> tuple:
    return gradients if isinstance(gradients, tuple) else (gradients,)


def _check_results(y: np.ndarray, gradients: Sequence, inputs: Arrays, which: Sequence[int]) -> None:
    """New C-contiguous arrays of the inputs' type; every gradient has exactly the shape of its argument."""
    dtype = inputs[0].dtype
    assert len(gradients) == len(which)
    for gradient, index in zip(gradients, which, strict=True):
        argument = inputs[index]
        assert (gradient is None) == (argument is None)
        assert gradient is None or gradient.shape == argument.shape, f"gradient {index}: {gradient.shape}"
    for result in (y, *gradients):
        if result is not None:
            assert type(result) is np.ndarray
            assert result.dtype == dtype, f"{result.dtype} from {dtype}"
            assert result.flags.c_contiguous
            assert result.flags.writeable
            assert not any(array is not None and np.shares_memory(result, array) for array in inputs)


def _jax_results(oracle: Callable, arrays: Arrays, which: Sequence[int]) -> Callable:
    """Return a function of dy and the arrays that gives value and gradients in float64, compiled once."""
    active = [index for index in which if arrays[index] is not None]

    @jax.jit
    def value_and_gradients(dy: jax.Array, exact: list) -> list:
        def of_active(*values: jax.Array) -> jax.Array:
            arguments = list(exact)
            for index, value in zip(active, values, strict=True):
                arguments[index] = value
            return oracle(*arguments)

        y, pull_back = jax.vjp(of_active, *(exact[index] for index in active))
        gradients = dict(zip(active, pull_back(dy), strict=True))
        return [y, *(gradients.get(index) for index in which)]

    return lambda dy, inputs: value_and_gradients(*_exact([dy, inputs]))


def _exact(arrays: Sequence) -> list:
    """Return the very same numbers in float64."""
    return jax.tree.map(lambda array: array.astype(np.float64), list(arrays))


def _definition_results(
    definition: tuple[Callable, Callable], inputs: Arrays, dy: np.ndarray, options: dict
) -> list:
    forward, backward = definition
    lists = [None if array is None else array.tolist() for array in inputs]
    return [forward(*lists, **options), *_as_tuple(backward(dy.tolist(), *lists, **options))]


def _compare(who: str, results: Sequence, expected: Sequence) -> None:
    assert len(results) == len(expected)
    names = ["value"] + [f"gradient {index}" for index in range(len(results) - 1)]
    for name, result, target in zip(names, results, expected, strict=True):
        assert (result is None) == (target is None), name
        if result is not None:
            target = np.asarray(target, np.float64)
            assert result.shape == target.shape, f"{name}: {result.shape}, {who}: {target.shape}"
            scale = np.abs(target).max(initial=1.0)
            np.testing.assert_allclose(
                result, target, rtol=0, atol=TOLERANCE[result.dtype] * scale, err_msg=f"{name} against {who}"
            )


def _check_central_differences(
    forward: Callable,
    inputs: Arrays,
    options: dict,
    which: Sequence[int],
    dy: np.ndarray,
    gradients: Sequence[np.ndarray | None],
) -> None:
    """Move each argument a little along a random direction v: L = sum(dy * y) must change by gradient . v."""
    rng = np.random.default_rng(1)
    for index, gradient in zip(which, gradients, strict=True):
        if gradient is None:
            continue
        for _ in range(DIRECTIONS):
            step = EPS * rng.standard_normal(gradient.shape)

            def loss(sign: int, index: int = index, step: np.ndarray = step) -> float:
                moved = [*inputs[:index], inputs[index] + sign * step, *inputs[index + 1 :]]
                return float(np.sum(dy * forward(*moved, **options)))

            slope, expected = (loss(+1) - loss(-1)) / (2 * EPS), float(np.sum(gradient * step)) / EPS
            scale = 1 + np.abs(gradient).sum()
            assert abs(slope - expected) <= CENTRAL_TOLERANCE * scale, (
                f"gradient {index} against central differences: {expected}, measured {slope}"
            )
