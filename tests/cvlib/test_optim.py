"""Optimisers against exact fractions, moments unrolled into weighted means, and the coursework's iterates."""

import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlib.optim import SGD, Adam, AdamW, Optimiser, RMSProp

RNG = np.random.default_rng(11)
GRADIENTS = RNG.normal(0, 1, (6, 2, 3)) * 10.0 ** RNG.integers(-3, 3, (6, 2, 3))
START = RNG.normal(0, 1, (2, 3))
SWAPPED = np.dtype(np.float64).newbyteorder()  # big-endian on most machines
OPTIMISERS = [SGD, RMSProp, Adam, AdamW]
FRACTIONS = st.floats(0, 0.9375)
MAKERS = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Nesterov": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "RMSProp": lambda p: RMSProp(p, lr=0.1, weight_decay=0.1),
    "Adam": lambda p: Adam(p, lr=0.1, weight_decay=0.1),
    "AdamW": lambda p: AdamW(p, lr=0.1, weight_decay=0.1),
}
every_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def run(optimiser, gradients):
    for g in gradients:
        optimiser.step({"w": g})
    return optimiser.parameters["w"]


def test_a14_gradient_descent_on_a_bowl():
    xy = np.array([-1.0, 1.0])
    sgd = SGD({"xy": xy}, lr=0.01)
    iterates = []
    for _ in range(4):
        sgd.step({"xy": [2 * xy[0], 4 * xy[1] ** 3]})
        iterates.append((*xy, xy[0] ** 2 + xy[1] ** 4))
    expected = [
        (-0.98, 0.96, 1.80974656),
        (-0.9604, 0.92461056, 1.65323018),
        (-0.941192, 0.892992404, 1.52174565),
        (-0.92236816, 0.864508253, 1.40933169),
    ]
    np.testing.assert_allclose(iterates, expected, atol=5e-9)


@pytest.mark.parametrize(
    ("momentum", "weight_decay"), [("0", "0"), ("9/10", "0"), ("0", "1/100"), ("1/2", "1/8")]
)
def test_sgd_takes_the_steps_of_exact_fractions(momentum, weight_decay):
    mu, decay, lr = Fraction(momentum), Fraction(weight_decay), Fraction(1, 10)
    gradients = [Fraction(3), Fraction(-1, 2), Fraction(5, 4), Fraction(0), Fraction(7)]
    p, v = Fraction(2), Fraction(0)
    for g in gradients:
        v = mu * v + g + decay * p
        p = p - lr * v
    w = np.array([2.0])
    sgd = SGD({"w": w}, lr=0.1, momentum=float(mu), weight_decay=float(decay))
    run(sgd, [[float(g)] for g in gradients])
    assert w[0] == pytest.approx(float(p), rel=1e-14)


def test_sgd_momentum_by_hand():
    # v: 1, 1.9, 2.71 (as in PyTorch: no factor 1 - mu, lr outside v); w falls by 0.1 v each time
    w = np.array([1.0])
    run(SGD({"w": w}, lr=0.1, momentum=0.9), [[1.0], [1.0], [1.0]])
    assert w[0] == pytest.approx(1 - 0.561, abs=1e-15)


def test_c4a_the_learning_rate_is_stable_below_two_over_the_largest_curvature():
    curvatures = np.array([1.0, 10.0])
    for lr, settles in ((0.99 * 2 / 10, True), (1.01 * 2 / 10, False)):
        w = np.array([1.0, 1.0])
        sgd = SGD({"w": w}, lr=lr)
        for _ in range(1000):
            sgd.step({"w": curvatures * w})
        assert (np.abs(w).max() < 1e-8) == settles
        # each step multiplies by 1 - lr lambda: by hand after 1000
        np.testing.assert_allclose(w, (1 - lr * curvatures) ** 1000, rtol=1e-9)


@pytest.mark.parametrize("momentum", ["1/2", "9/10"])
def test_nesterov_is_the_look_ahead_of_the_paper(momentum):
    """The paper's theta and v, in fractions, on L = h p^2 / 2: p is the point theta + mu v that looks ahead."""
    mu, lr, h = Fraction(momentum), Fraction(1, 10), Fraction(3)
    theta, v = Fraction(2), Fraction(0)
    w = np.array([2.0])
    sgd = SGD({"w": w}, lr=0.1, momentum=float(mu), nesterov=True)
    for _ in range(6):
        v = mu * v - lr * h * (theta + mu * v)
        theta = theta + v
        sgd.step({"w": 3 * w})
        assert w[0] == pytest.approx(float(theta + mu * v), rel=1e-13)


def test_nesterov_by_hand():
    # v: 1, 1.9; steps 1 + 0.9 = 1.9 and 1 + 0.9 * 1.9 = 2.71, times 0.1
    w = np.array([1.0])
    run(SGD({"w": w}, lr=0.1, momentum=0.9, nesterov=True), [[1.0], [1.0]])
    assert w[0] == pytest.approx(1 - 0.461, abs=1e-15)


@settings(max_examples=30, deadline=None)
@given(lr=st.floats(0, 1), alpha=FRACTIONS, eps=st.floats(1e-8, 1))
def test_rmsprop_matches_the_unrolled_mean(lr, alpha, eps):
    p = START.copy()
    for index in np.ndindex(p.shape):
        seen = []
        for g in GRADIENTS:
            seen.insert(0, float(g[index]) ** 2)
            mean = (1 - alpha) * math.fsum(alpha**age * square for age, square in enumerate(seen))
            p[index] -= lr * g[index] / (math.sqrt(mean) + eps)
    w = START.copy()
    run(RMSProp({"w": w}, lr=lr, alpha=alpha, eps=eps), GRADIENTS)
    np.testing.assert_allclose(w, p, rtol=1e-11, atol=1e-11)


def test_rmsprop_by_hand():
    # g = 4, then 0, then 3, alpha 3/4, eps 1, lr 1: v = 4, 3, 4.5; steps 4/3, 0, 3/(sqrt(4.5) + 1)
    w = np.array([0.0])
    run(RMSProp({"w": w}, lr=1, alpha=0.75, eps=1), [[4.0], [0.0], [3.0]])
    assert w[0] == pytest.approx(-4 / 3 - 3 / (math.sqrt(4.5) + 1), rel=1e-14)


def test_rmsprop_defaults_are_those_of_pytorch():
    rmsprop = RMSProp({"w": START.copy()})
    assert (rmsprop.lr, rmsprop.alpha, rmsprop.eps, rmsprop.weight_decay) == (0.01, 0.99, 1e-8, 0)


def adam_unrolled(start, gradients, lr, beta1, beta2, eps, decay=0.0):
    """Adam with the moments as weighted means of all gradients so far, one number at a time: no recursion.

    ``decay`` is AdamW's: what each step takes off the weight before.
    """
    p = np.array(start)
    for index in np.ndindex(p.shape):
        for t in range(1, len(gradients) + 1):
            ages = range(t - 1, -1, -1)
            seen = [float(g[index]) for g in gradients[:t]]
            mean = math.fsum(beta1**a * g for a, g in zip(ages, seen, strict=True))
            square = math.fsum(beta2**a * g * g for a, g in zip(ages, seen, strict=True))
            # (1 - beta) * sum / (1 - beta^t) is a mean whose weights sum to 1
            mean /= math.fsum(beta1**a for a in ages)
            square /= math.fsum(beta2**a for a in ages)
            p[index] -= lr * decay * p[index]
            p[index] -= lr * mean / (math.sqrt(square) + eps)
    return p


@pytest.mark.parametrize(
    "options",
    [
        {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8},
        {"lr": 0.5, "betas": (0.5, 0.75), "eps": 0.1},
        {"lr": 0.1, "betas": (0.0, 0.9), "eps": 1e-3},
    ],
)
def test_adam_matches_the_unrolled_means(options):
    w = START.copy()
    run(Adam({"w": w}, **options), GRADIENTS)
    beta1, beta2 = options["betas"]
    expected = adam_unrolled(START, GRADIENTS, options["lr"], beta1, beta2, options["eps"])
    np.testing.assert_allclose(w, expected, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    lr=st.floats(0, 1), betas=st.tuples(FRACTIONS, FRACTIONS), eps=st.floats(1e-8, 1), decay=st.floats(0, 1)
)
def test_adamw_matches_the_unrolled_means_and_shrinks_apart_from_them(lr, betas, eps, decay):
    w = START.copy()
    run(AdamW({"w": w}, lr=lr, betas=betas, eps=eps, weight_decay=decay), GRADIENTS)
    expected = adam_unrolled(START, GRADIENTS, lr, *betas, eps, decay)
    np.testing.assert_allclose(w, expected, rtol=1e-11, atol=1e-11)


def test_adamw_defaults_are_those_of_pytorch():
    adamw = AdamW({"w": START.copy()})
    assert (adamw.lr, adamw.betas, adamw.eps, adamw.weight_decay) == (0.001, (0.9, 0.999), 1e-8, 0.01)


def test_adamw_by_hand():
    # as in the next test, and each step first takes a quarter: -0.8 from 0, then -0.6 and the second step
    w = np.array([0.0])
    run(AdamW({"w": w}, lr=1, betas=(0.5, 0.75), eps=1, weight_decay=0.25), [[4.0], [0.0]])
    assert w[0] == pytest.approx(-3 / 5 - (4 / 3) / (math.sqrt(48 / 7) + 1), rel=1e-14)


@every_maker
def test_a_gradient_may_be_the_parameter_itself(make):
    """L = p^2 / 2 has it."""
    one, two = START.copy(), START.copy()
    optimisers = make({"w": one}), make({"w": two})
    for _ in range(3):
        optimisers[0].step({"w": one})
        optimisers[1].step({"w": two.copy()})
    np.testing.assert_array_equal(one, two)


@every_maker
def test_a_step_needs_no_fresh_memory(make):
    """Fresh arrays would cost more than the arithmetic."""
    p = {"w": np.ones(100_000), "b": np.ones(100_000)}
    g = {name: np.full(100_000, 0.5) for name in p}
    optimiser = make(p)
    tracemalloc.start()
    optimiser.step(g)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.05 * p["w"].nbytes


@every_maker
def test_parameters_of_different_shapes_and_types_do_not_disturb_each_other(make):
    """They share the memory in which a step is worked out."""
    shapes = {"a": (4, 5), "b": (), "c": (3,), "d": (0, 2), "e": (2, 2, 2)}
    rng = np.random.default_rng(3)
    start = {name: np.array(rng.standard_normal(shape)) for name, shape in shapes.items()}
    start["c"] = start["c"].astype(np.float32)
    start["a"] = np.asfortranarray(start["a"])
    together = {name: p.copy(order="K") for name, p in start.items()}
    alone = {name: p.copy(order="K") for name, p in start.items()}
    optimisers = {name: make({name: p}) for name, p in alone.items()}
    optimiser = make(together)
    for _ in range(3):
        g = {name: np.array(rng.standard_normal(shape)) for name, shape in shapes.items()}
        optimiser.step(g)
        for name in shapes:
            optimisers[name].step({name: g[name]})
    for name in shapes:
        np.testing.assert_array_equal(together[name], alone[name])


def test_adam_defaults_are_those_of_the_paper():
    adam = Adam({"w": START.copy()})
    assert (adam.lr, adam.betas, adam.eps, adam.weight_decay) == (0.001, (0.9, 0.999), 1e-8, 0)


def test_adam_by_hand():
    # g = 4, then 0, betas (1/2, 3/4), eps 1, lr 1
    # t = 1: m = 2, v = 4, hats 4 and 16, step 4/(4+1); t = 2: m = 1, v = 3, hats 4/3 and 48/7
    w = np.array([0.0])
    run(Adam({"w": w}, lr=1, betas=(0.5, 0.75), eps=1), [[4.0], [0.0]])
    assert w[0] == pytest.approx(-4 / 5 - (4 / 3) / (math.sqrt(48 / 7) + 1), rel=1e-14)


@pytest.mark.parametrize("optimiser", [SGD, RMSProp, Adam])
def test_weight_decay_is_the_gradient_of_an_l2_penalty(optimiser):
    decayed, penalised = START.copy(), START.copy()
    with_option = optimiser({"w": decayed}, lr=0.02, weight_decay=0.3)
    without = optimiser({"w": penalised}, lr=0.02)
    for g in GRADIENTS:
        with_option.step({"w": g})
        without.step({"w": g + 0.3 * penalised})
    np.testing.assert_allclose(decayed, penalised, rtol=1e-12)
    assert np.abs(decayed - run(optimiser({"w": START.copy()}, lr=0.02), GRADIENTS)).max() > 1e-3


@every_maker
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gradient_dtype", [np.float32, np.float64])
def test_steps_are_in_place_and_keep_the_type(make, dtype, gradient_dtype):
    w, b = START.astype(dtype), np.array(1.0, dtype)  # a parameter may be a single number
    g = {"w": GRADIENTS[0].astype(gradient_dtype), "b": np.array(2.0, gradient_dtype)}
    kept = {name: array.copy() for name, array in g.items()}
    optimiser = make({"w": w, "b": b})
    for _ in range(3):
        optimiser.step(g)
    assert optimiser.parameters["w"] is w
    assert w.dtype == b.dtype == dtype
    assert (w != START.astype(dtype)).all()
    assert b < 1
    for name in g:
        np.testing.assert_array_equal(g[name], kept[name])
    state = [v for part in vars(optimiser).values() if isinstance(part, dict) for v in part.values()]
    assert {array.dtype for array in state} == {np.dtype(dtype)}


@every_maker
def test_lr_is_an_attribute_that_a_schedule_may_change(make):
    w = START.copy()
    optimiser = make({"w": w})
    optimiser.lr = 0.0
    run(optimiser, GRADIENTS)
    np.testing.assert_array_equal(w, START)
    optimiser.lr = 0.1
    run(optimiser, GRADIENTS)
    assert (w != START).all()


def test_momentum_may_be_changed_too():
    w = np.array([1.0])
    sgd = SGD({"w": w}, lr=0.1)
    sgd.step({"w": [1.0]})
    sgd.momentum = 0.5
    run(sgd, [[1.0], [1.0]])  # v: 1, 1.5
    assert w[0] == pytest.approx(1 - 0.1 - 0.1 - 0.15)


@every_maker
@pytest.mark.parametrize(
    ("gradients", "error", "message"),
    [
        ({"w": np.ones(2)}, ValueError, r"\['b'\] missing and \[\] unknown"),
        (
            {"w": np.ones(2), "b": np.ones(1), "c": np.ones(1)},
            ValueError,
            r"\[\] missing and \['c'\] unknown",
        ),
        (
            {"w": np.ones(2), "b": np.ones((1, 1))},
            ValueError,
            r"gradient 'b' must have shape \(1,\), got \(1, 1\)",
        ),
        (
            {1: np.ones(2), "q": np.ones(1)},
            ValueError,
            r"gradients must .* got \['b', 'w'\] missing and \[1, 'q'\] unknown",
        ),
        ({"w": np.ones(2), "b": None}, TypeError, "gradient 'b' must hold real numbers"),
        ([np.ones(2), np.ones(1)], TypeError, "gradients must map names to arrays, got list"),
    ],
)
def test_a_step_that_is_refused_moves_nothing(make, gradients, error, message):
    parameters = {"w": np.ones(2), "b": np.ones(1)}
    optimiser = make(parameters)
    with pytest.raises(error, match=message):
        optimiser.step(gradients)
    assert all((p == 1).all() for p in parameters.values())
    if isinstance(optimiser, Adam):
        assert optimiser.num_steps == 0


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({}, ValueError, "at least one array"),
        ([np.ones(2)], TypeError, "parameters must map names to arrays, got list"),
        ({"w": [1.0]}, TypeError, "parameter 'w' must be a float32 or float64 array, got list"),
        ({"w": np.ones(2, int)}, TypeError, "parameter 'w' must be a float32 or float64 array, got int64"),
        ({"w": np.ones(2, np.float16)}, TypeError, "parameter 'w' must be .* array, got float16"),
        ({"w": np.ones(2, SWAPPED)}, TypeError, f"parameter 'w' must be .* array, got {SWAPPED}"),
        ({"w": np.broadcast_to(1.0, 3)}, ValueError, "parameter 'w' must be writeable"),
    ],
)
def test_parameters_are_checked(parameters, error, message):
    for optimiser in OPTIMISERS:
        with pytest.raises(error, match=message):
            optimiser(parameters, lr=0.1)


@pytest.mark.parametrize(
    ("optimiser", "options", "error", "message"),
    [
        (SGD, {"lr": -0.1}, ValueError, r"lr must be in \[0, inf\), got -0.1"),
        (SGD, {"lr": "0.1"}, TypeError, "lr must be a number, got '0.1' of type str"),
        (SGD, {"lr": math.nan}, ValueError, "lr must be"),
        (SGD, {"lr": 0.1, "momentum": 1.0}, ValueError, r"momentum must be in \[0, 1\), got 1"),
        (SGD, {"lr": 0.1, "weight_decay": -1}, ValueError, "weight_decay must be"),
        (SGD, {"lr": 0.1, "nesterov": True}, ValueError, "momentum must be above 0 for nesterov=True, got 0"),
        (RMSProp, {"alpha": 1}, ValueError, r"alpha must be in \[0, 1\), got 1"),
        (RMSProp, {"eps": 0}, ValueError, "eps must be above 0"),
        (AdamW, {"weight_decay": -0.5}, ValueError, r"weight_decay must be in \[0, inf\), got -0.5"),
        (Adam, {"betas": (0.9, 1.0)}, ValueError, r"betas\[1\] must be in \[0, 1\)"),
        (Adam, {"betas": 0.9}, ValueError, "betas must be a pair"),
        (Adam, {"eps": 0}, ValueError, "eps must be above 0"),
    ],
)
def test_options_are_checked(optimiser, options, error, message):
    with pytest.raises(error, match=message):
        optimiser({"w": np.ones(2)}, **options)


def test_an_optimiser_of_ones_own_needs_only_step():
    with pytest.raises(NotImplementedError, match="Optimiser does not define step"):
        Optimiser({"w": np.ones(1)}, lr=0.1).step({"w": np.ones(1)})
