"""Compression by distillation: a small student learns from a large teacher."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from byhand import definitions, mistakes
from byhand.calculation import Calculation
from byhand.draws import Degenerate, Draws
from byhand.given import counted_from_0, expect, reals, wholes
from byhand.mistakes import Slip
from byhand.moves.classification import show_guard_digits
from byhand.moves.distillation import divergence, relative_entropy, soften
from byhand.notation import exact, factor, tex
from byhand.trace import Work

ROLES_SWAPPED = Slip(
    "roles_swapped",
    "You swapped teacher and student. The teacher is the large net: it was trained before and stays as it is, and its "
    "soft probabilities $q$ are the target. The student is the small net: its $p$ is what the loss pulls towards $q$.",
    "Ask which of the two nets gets a gradient: it is the student.",
)


class DistillationLoss(Calculation):
    """The loss of one example in teacher-student training."""

    id = "A44"
    title = "The loss of teacher-student training"
    coursework = exact({"teacher": [6, 4, -2], "student": [2, 3, 0], "label": 0, "T": 2, "a": "0.7"})
    symbols = {"teacher": "v", "student": "z"}
    givens = {
        "teacher": reals("the teacher's logits $v$", "k:2-6", low=-20, high=20),
        "student": reals("the student's logits $z$", "k", low=-20, high=20),
        "label": counted_from_0("class of the image", "k"),
        "T": wholes("temperature $T$", low=1, high=20),
        "a": reals("share $a$ of the teacher", low=0, high=1),
    }
    parts = {
        "q": "the soft targets",
        "p": "the student's soft probabilities",
        "KL": "their divergence",
        "CE": "the cross-entropy against the label",
        "loss": "the loss of distillation",
    }
    units = {"KL": "nats", "CE": "nats", "loss": "nats"}
    slips = (
        ROLES_SWAPPED.on("q", lambda given, right: right.p),
        Slip(
            "temperature_forgotten",
            "You took the softmax of the teacher's logits as they are, at the temperature 1. Divide them by $T$ first: "
            "that is what makes the targets soft.",
            "At a higher temperature the probabilities must be closer together.",
        ).on("q", lambda given, right: definitions.softmax(given.teacher)),
        Slip(
            "multiplied_by_temperature",
            "You multiplied the logits by the temperature. Divide them: a high temperature makes the targets softer.",
            "At a higher temperature the probabilities must be closer together.",
        ).on("q", lambda given, right: definitions.softmax([value * given.T for value in given.teacher])),
        Slip(
            "student_at_temperature_1",
            "You softened the teacher only. Both nets are compared at the same temperature.",
            "If the student had the teacher's logits, the divergence would have to be 0.",
        ).on("p", lambda given, right: definitions.softmax(given.student)),
        ROLES_SWAPPED.on(
            "KL",
            lambda given, right: relative_entropy(right.p, right.q),
            message="You swapped teacher and student: that is the divergence of the teacher from the student. The "
            "teacher's $q$ is the target, so it stands in front of the logarithm and above in the ratio; the student's "
            "$p$ is what learns.",
            recorded="The teacher learns from the student's outputs.",
            why="Both nets see the same image and both have soft probabilities, so their roles are easily swapped.",
        ),
        Slip(
            "cross_entropy_for_divergence",
            "You computed the cross-entropy $-\\sum_k q_k \\ln p_k$. The divergence is smaller by the entropy of $q$. "
            "As a loss either would do, for $q$ is fixed; here the divergence is asked.",
            "If $p = q$, the divergence must be 0.",
        ).on(
            "KL",
            lambda given, right: -sum(a * math.log(b) for a, b in zip(right.q, right.p, strict=True)),
        ),
        ROLES_SWAPPED.on(
            "CE",
            lambda given, right: definitions.cross_entropy([given.teacher], [given.label]),
            message="You took the teacher's logits. The teacher is trained already; it is the student that has to "
            "learn the label.",
        ),
        Slip(
            "label_at_temperature",
            "You took the softened probabilities for the label as well. Against the label the student's logits count "
            "as they are, at the temperature 1: that is how the student will be used.",
            "At test time there is no temperature.",
        ).on("CE", lambda given, right: -math.log(right.p[given.label])),
        mistakes.BASE_2.on(
            "CE", lambda given, right: definitions.cross_entropy([given.student], [given.label], base=2)
        ),
        Slip(
            "temperature_squared_forgotten",
            "You left out the factor $T^2$. The gradients of the soft part shrink with $1/T^2$; the factor makes up "
            "for it (Hinton et al. 2015).",
            "Change the temperature: the balance of the two parts should stay about the same.",
        ).on("loss", lambda given, right: given.a * right.KL + (1 - given.a) * right.CE),
        Slip(
            "temperature_not_squared",
            "You multiplied by $T$. The factor is $T^2$, because the gradients of the soft part shrink with $1/T^2$.",
            "At a temperature of 10 all soft probabilities are nearly equal, and so is what the two nets say: only "
            "$T^2$ keeps the soft part in the game.",
        ).on("loss", lambda given, right: given.a * given.T * right.KL + (1 - given.a) * right.CE),
        Slip(
            "weights_swapped",
            "You gave each part the weight of the other. The soft part has $a$, the hard label has $1 - a$.",
            "With $a = 1$ the label must drop out.",
        ).on("loss", lambda given, right: (1 - given.a) * given.T**2 * right.KL + given.a * right.CE),
    )

    @classmethod
    def draw(cls, draws: Draws) -> dict[str, Any]:
        label = draws.integer(0, 2)
        teacher = draws.vector(3, -3, 5)
        teacher[label] = max(teacher) + draws.integer(1, 3)
        return {
            "teacher": teacher,
            "student": draws.vector(3, -2, 4),
            "label": label,
            "T": draws.choice([2, 3, 4, 5]),
            "a": draws.decimal("0.2", "0.9", but=["0.5"]),
        }

    def refuse(self) -> None:
        v, given = self.values, self.given
        if len(set(given.teacher)) < 3 or len(set(given.student)) < 2:
            raise Degenerate("some logits are equal")
        if v["KL"] < 0.02 or abs(v["KL"] - relative_entropy(v["p"], v["q"])) < 0.002:
            raise Degenerate("the divergence is all but 0, or all but the same in both directions")
        if v["CE"] < 0.05:
            raise Degenerate("the student knows the label already")

    def accept(self) -> None:
        apart = [v - z for v, z in zip(self.given.teacher, self.given.student, strict=True)]
        differ = len(set(apart)) > 1
        expect(
            differ, "Teacher and student give the same probabilities: nothing is to be learned.", "student"
        )

    def pose(self) -> str:
        g = self.given
        return (
            f"A large net, the teacher, has the logits $v$ for an image of class {g.label} (classes are counted from "
            "0); a small net, the student, which is to learn from it, has the logits $z$. Compute the loss of "
            "distillation "
            "$L = a\\, T^2\\, \\mathrm{KL}(q \\,\\|\\, p) + (1 - a)\\, \\mathrm{CE}$ "
            f"at the temperature $T = {tex(g.T)}$ and with $a = {tex(g.a)}$. Here $q$ and $p$ are the teacher's and "
            "the student's probabilities at this temperature, and $\\mathrm{CE}$ is the cross-entropy of the student "
            "at the temperature 1 against the label. Logarithms are natural."
        )

    def solve(self, work: Work) -> None:
        g = self.given
        show_guard_digits(work)
        work.step(
            "**The teacher** is large and was trained before; its weights stay fixed. What it knows about the image is "
            "in all its probabilities: also in how the wrong classes compare. A temperature above 1 makes them visible."
        )
        target = soften(work, "q", g.teacher, g.T, symbol="v", whose="teacher's")
        work.step(
            "**The student** is small and is the one that learns. It is compared with the teacher at the same "
            "temperature."
        )
        prediction = soften(work, "p", g.student, g.T, symbol="z", whose="student's")
        soft = divergence(work, "KL", target, prediction)
        hard = self._hard(work)
        work.step(
            "Put the parts together: the soft part with $T^2$, because its gradients shrink with $1/T^2$ (Hinton et "
            "al. 2015). The gradient of this loss goes to the student alone.",
            formula=r"L = a\, T^2\, \mathrm{KL} + (1 - a)\, \mathrm{CE}",
            symbol="L",
            numbers=rf"{tex(g.a)} \cdot {tex(g.T)}^2 \cdot {factor(soft, work.digits)} + "
            rf"(1 - {tex(g.a)}) \cdot {factor(hard, work.digits)}",
            result=_loss(g, soft, hard),
        )
        work.part("loss", _loss(g, soft, hard))

    def _hard(self, work: Work) -> float:
        """Compare the student with the label, at the temperature 1."""
        z, y = self.given.student, self.given.label
        everywhere = [(k,) for k in range(len(z))]
        probability = definitions.softmax(z)[y]
        below = " + ".join(f"e^{{{tex(value)}}}" for value in z)
        work.step(
            "The label is compared with the student as it will be used: at the temperature 1. Take the probability of "
            f"class {y}.",
            formula=r"s_y = \frac{e^{z_y}}{\sum_j e^{z_j}}",
            symbol=f"s_{y}",
            numbers=rf"\frac{{e^{{{tex(z[y])}}}}}{{{below}}}",
            result=probability,
            cells={"z": everywhere},
        )
        result = definitions.cross_entropy([z], [y])
        work.step(
            "Its negative logarithm is the cross-entropy.",
            formula=r"\mathrm{CE} = -\ln s_y",
            symbol=r"\mathrm{CE}",
            numbers=rf"-\ln {tex(probability, work.digits)}",
            result=result,
        )
        return work.part("CE", result)


def _loss(given: Any, soft: Any, hard: Any) -> float:
    return float(given.a * given.T**2) * float(soft) + float(1 - Fraction(given.a)) * float(hard)
