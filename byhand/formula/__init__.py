r"""Formulas: written once in LaTeX, shown as MathML, as plain text and in Typst.

Whoever writes a problem uses a small part of LaTeX. It is read once, into a tree; each of the other forms is written
from that tree, and needs no script and no other program. The LaTeX itself goes to what reads LaTeX.

What may be written
-------------------
- Numbers ``12``, ``0.25``, ``1{,}234`` and ``1\,234``; letters, Greek ones included.
- Names ``\text{for each}``, ``\mathrm{ReLU}``, ``\operatorname{softmax}``, ``\operatorname*{arg\,max}`` (with limits),
  and other alphabets: ``\mathbf{x}``, ``\mathbb{R}``, ``\mathcal{L}``.
- Below and above: ``x_i``, ``x^{2}``, ``f'``, and ``\underbrace{...}_{...}``.
- ``\frac``, ``\tfrac``, ``\sqrt[3]{x}``, ``\boxed``; ``\hat``, ``\bar``, ``\tilde``, ``\vec``, ``\dot``, ``\overline``.
- Operators, relations, arrows and brackets by their usual names (:mod:`byhand.formula.symbols` lists them), and
  ``\left`` with ``\right`` around what is tall.
- ``\sum``, ``\prod``, ``\int``; ``\max``, ``\min``, ``\lim``, ``\log``, ``\ln``, ``\exp``, ``\tanh``, ``\sin``,
  ``\cos``.
- ``bmatrix``, ``pmatrix``, ``matrix``, ``cases`` and ``aligned`` between ``\begin`` and ``\end``.
- Spaces ``\,``, ``\:``, ``\;``, ``\!``, ``~``, ``\quad``, ``\qquad``, and a backslash before a space.

Anything else is a ``ValueError`` that names the place, what stands there, and what may.
"""

from byhand.formula.as_mathml import mathml
from byhand.formula.as_plain import plain
from byhand.formula.as_typst import typst
from byhand.formula.tree import Node, parse

__all__ = ["Node", "mathml", "parse", "plain", "typst"]
