"""The backpropagation chapter's pictures: what is drawn is what was computed, and every label can be read."""

from __future__ import annotations

import numpy as np
import pytest
from legible import SINGLE, TALL, WIDE, check_apart, check_legible, texts
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvlib.autograd import Operation, Tensor
from cvlib.viz import backpropagation as draw
from cvlib.viz import render
from cvlib.viz.style import GRADIENT, MUTED

MINUS = "\N{MINUS SIGN}"
maximum = Operation("max", np.maximum, lambda dy, a, b: (dy * (a > b), dy * (a <= b)))


def sizes(*figures: Figure) -> set[tuple[int, int]]:
    """Return the sizes of figures in CSS pixels, after checking that no text is cut off, tiny or on another one."""
    for figure in figures:
        check_legible(figure, margin=2)
        check_apart(figure)
    return {(picture.width, picture.height) for picture in map(render, figures)}


def example(a: float, b: float, c: float) -> Figure:
    """Draw (a + b) max(b, c)."""
    a, b, c = Tensor(float(a)), Tensor(float(b)), Tensor(float(c))
    loss = (a + b) * maximum(b, c)
    loss.backward()
    return draw.graph(loss, {"a": a, "b": b, "c": c, "L": loss})


def test_a_graph_states_values_gradients_and_the_shares_of_a_copy():
    drawn = texts(example(2, 3, 0.5))
    assert {"a = 2", "da = 3", "b = 3", "db = 3 + 5 = 8", "c = 0.5", "dc = 0", "L = 15", "dL = 1"} <= set(
        drawn
    )
    assert {"+", "×", "max"} <= set(drawn)
    # both edges from b carry 3; those to the product carry 5 above 3, and 3 above 5
    assert sorted(text for text in drawn if text in {"3", "5"}) == ["3"] * 5 + ["5"] * 3


def test_negative_shares_stand_in_brackets():
    assert f"db = {MINUS}1 + ({MINUS}3) = {MINUS}4" in texts(example(-2, -1, -1.5))


def test_every_graph_of_the_explorer_fits_a_phone():
    corners = [(-2, -1, -1.5), (2, 3, 0.5), (-2, 2, 2.5)]
    assert sizes(*(example(*values) for values in corners)) == {SINGLE}


def test_inputs_stand_in_the_order_of_their_names_or_where_they_are_put():
    def heights(**options: object) -> list[float]:
        w, x = Tensor(2.0), Tensor(3.0)
        y = w * x
        y.backward()
        figure = draw.graph(y, {"x": x, "w": w, "y": y}, **options)
        return [
            text.get_position()[1] for text in figure.axes[0].texts if text.get_text() in {"x = 3", "w = 2"}
        ]

    in_order = {True: heights(), False: heights(heights={"x": 0, "w": 1})}
    assert sorted(in_order[True]) == sorted(in_order[False])
    assert in_order[True] == in_order[False][::-1]


def test_a_constant_stands_in_its_gate_and_an_unused_gradient_is_zero():
    w = Tensor(3.0)
    drawn = texts(draw.graph(y := w * 0.5, {"w": w, "y": y}))
    assert {"× 0.5", "w = 3", "dw = 0", "y = 1.5"} <= set(drawn)


def test_a_wide_graph_with_a_penalty():
    half_square = Operation("½( )²", lambda u: u * u / 2, lambda dy, u: dy * u)
    w, x, t, gamma = (Tensor(value) for value in (3.0, 2.0, 5.0, 0.5))
    square = half_square(w)
    loss = half_square(w * x - t) + gamma * square
    loss.backward()
    names = {"t": t, "x": x, "w": w, "γ": gamma, "square": square, "L": loss}
    figure = draw.graph(loss, names, heights={"x": 0.81, "w": 0.5, "square": 0.3}, size="wide")
    assert sizes(figure) == {WIDE}
    assert {"dw = 2 + 1.5 = 3.5", "L = 2.75", f"dt = {MINUS}1"} <= set(texts(figure))


def test_what_cannot_be_drawn_is_refused():
    w, many = Tensor(3.0), Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="single numbers, got a tensor of shape"):
        draw.graph(many, {"many": many})
    with pytest.raises(ValueError, match="names must name every input and the output"):
        draw.graph(w * w, {"w": w})
    with pytest.raises(ValueError, match="1 to 4 graphs, got 0"):
        draw.gates({})


def test_gates_show_what_becomes_of_an_upstream_gradient():
    examples = {}
    for title, gate in {
        "add": lambda a, b: a + b,
        "multiply": lambda a, b: a * b,
        "copy": lambda a, b: a + a,
    }.items():
        a, b = Tensor(4.0), Tensor(-3.0)
        y = gate(a, b)
        (2 * y).backward()
        examples[title] = (y, {"a": a, "b": b, "y": y})
    figure = draw.gates(examples)
    assert sizes(figure) == {TALL}
    drawn = texts(figure)
    assert {"add", "multiply", "copy", f"da = {MINUS}6", "db = 8", "da = 2 + 2 = 4"} <= set(drawn)
    assert drawn.count("dy = 2") == 3


def test_gradients_share_a_scale_centred_at_zero():
    image, gradient = np.eye(4), np.arange(16.0).reshape(4, 4)
    figure = draw.two_gradients(image, {"one": -gradient, "two": gradient / 2})
    assert sizes(figure) == {SINGLE}
    assert [axes.images[0].get_clim() for axes in figure.axes[1:3]] == [(-15, 15)] * 2


def test_the_chosen_curve_and_step_are_marked():
    steps = [1e-1, 1e-2, 1e-3]
    errors = {"central": [1e-2, 1e-4, 0], "one-sided": [1e-1, 1e-2, 1e-3]}
    figure = draw.step_sizes(steps, errors, chosen="central", step=1e-2)
    assert sizes(figure) == {SINGLE}
    marked = [line for line in figure.axes[0].lines if line.get_color() == GRADIENT][-1]
    assert (marked.get_xdata()[0], marked.get_ydata()[0]) == (1e-2, 1e-4)
    with pytest.raises(ValueError, match="chosen must be"):
        draw.step_sizes(steps, errors, chosen="both", step=1e-2)


@pytest.mark.parametrize("step", [1, 3])
def test_a_surface_has_its_points_its_kinks_and_its_loss(step):
    kinks = [(1, 1, 0), (1, 0, -0.5), (0, 1, 0.2)]
    figure = draw.xor_surface(
        np.zeros((5, 5)), [1.0, 0.1, 1e-9], step=step, kinks=kinks, dead=[False, True, False]
    )
    assert sizes(figure) == {SINGLE}
    assert [text.get_text() for text in figure.axes[0].texts] == ["0", "1", "1", "0"]
    assert [line.get_linestyle() for line in figure.axes[0].lines[:3]] == ["-", ":", "-"]
    upright = figure.axes[0].lines[1]
    assert set(upright.get_xdata()) == {0.5}
    assert figure.axes[1].lines[-1].get_xdata()[0] == step


def test_starts_are_divided_by_where_they_ended():
    figure = draw.starts_that_learn(
        {2: [22, 9, 39, 30], 8: [97, 0, 0, 3]}, ["loss 0", "1/4", "1/3", "1/2"], starts=100
    )
    assert sizes(figure) == {SINGLE}
    assert {"loss 0", "1/4", "1/3", "1/2", "22", "9", "39", "30", "97"} <= set(texts(figure))
    assert sum(bar.get_width() for bar in figure.axes[0].patches if isinstance(bar, Rectangle)) == 200


def test_the_cheaper_order_of_multiplying_is_in_colour():
    def chain(inputs: int, outputs: int) -> Figure:
        costs = {"forward mode": 100 * inputs, "reverse mode": 100 * outputs}
        return draw.jacobian_chain([(outputs, 100), (100, 100), (100, inputs)], costs)

    assert sizes(*(chain(*ends) for ends in ((1, 1), (10_000, 1000)))) == {SINGLE}
    figure = chain(10_000, 1)
    colours = {text.get_text(): text.get_color() for text in figure.axes[1].texts}
    assert colours == {"forward mode: 1,000,000 products": MUTED, "reverse mode: 100 products": GRADIENT}
    assert "100 × 10,000" in texts(figure)
