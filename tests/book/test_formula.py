"""The formula engine against KaTeX and Typst: three programs that read one formula must see the same thing.

KaTeX writes MathML of its own, and Typst's HTML export does too, so each of our forms has an oracle:

- ``mathml(tex)`` against KaTeX's MathML, element by element;
- ``typst(tex)``, set by Typst and exported as MathML, against the same;
- the role of every sign (operation or sign of a number) against the classes in KaTeX's HTML.

What :func:`normal` forgets is what two writers may do differently without the reader seeing a difference.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import operator
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
import typst as typst_compiler
from book_math import Katex  # _ext/book_math.py
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from byhand.formula import mathml, parse, plain, symbols, tree, typst

# Formulas of the lessons, by topic.
CORPUS = r"""
# convolution and shapes
y_{n,k,i,j} = b_k + \sum_{c,u,v} w_{k,c,u,v}\; x_{n,\,c,\;is+ud-p,\;js+vd-p}
J_{ij} = \sum_{a=0}^{2} \sum_{b=0}^{2} I_{i+a,\,j+b}\, W_{ab}
(w \ast x)_{i,j} = \sum_{u,v} w_{u,v}\; x_{i-u,\,j-v}.
J_{0,1} = 1 \cdot (-1) + 3 \cdot 0 + 2 \cdot 1 = 1
o = \left\lfloor \frac{n + 2p - d(k-1) - 1}{s} \right\rfloor + 1
\left\lceil \frac{n}{s} \right\rceil \ge \left\lfloor \frac{n}{s} \right\rfloor
26 \times 26 \times 4 = 2{,}704 \text{ values}
\text{MACs}_\text{conv} = C_\text{out} H_\text{out} W_\text{out} \cdot C_\text{in}\, k_h k_w
P = (k_h k_w C_\text{in} + 1)\, C_\text{out} = (5 \cdot 5 \cdot 10 + 1) \cdot 5 = 1255
r_l = r_{l-1} + d_l\,(k_l - 1)\, j_{l-1}, \qquad j_l = j_{l-1}\, s_l, \qquad r_0 = j_0 = 1.
\frac{h}{2} - 1 \quad\Longleftrightarrow\quad 2p - f \in \{-2, -1\}
K = \begin{bmatrix} -1 & 0 & 1 \\ -1 & 0 & 1 \\ -1 & 0 & 1 \end{bmatrix}
y_{c,i,j} = \max_{u,v}\; x_{c,\,is+u,\,js+v} \quad\text{or}\quad \frac{1}{k^2}\sum_{u,v} x_{c,\,is+u,\,js+v}
28 \times 28 \times 192 \to 28 \times 28 \times 32
120{,}422{,}400 / 12{,}443{,}648 \approx 9.68
[0, 1) \subset \mathbb{R}, \qquad x \notin [0, 1)
z_i = \sum_v b_v\, y_{i+v} = \sum_t \left( \sum_{u+v=t} a_u b_v \right) x_{i+t}
# linear models, softmax and cross-entropy
\sigma(z) = \frac{1}{1 + e^{-z}}
\frac{e^z}{e^z + e^0} = \frac{1}{1 + e^{-z}} = \sigma(z), \qquad z = \mathbf x \cdot \mathbf w + b .
p_k = \frac{e^{z_k}}{\sum_j e^{z_j}} = \frac{e^{-m} e^{z_k}}{e^{-m} \sum_j e^{z_j}} = \frac{e^{z_k - m}}{\sum_j
    e^{z_j - m}}
\operatorname{softmax}(\mathbf{z})_k = \frac{\exp(z_k)}{\sum_{j=1}^{K} \exp(z_j)}
L = -\sum_k y_k \log p_k = -\log p_y = -\ln 0.25 \approx 1.3863
L = -\,[\,y \log \hat y + (1 - y) \log(1 - \hat y)\,]
\frac{\partial L}{\partial z_k} = p_k - \mathbb 1[k = t] = \begin{cases} p_t - 1 & \text{for the true class} \\
    p_k & \text{else} \end{cases}
\hat y = \operatorname*{arg\,max}_k z_k, \qquad \hat y \in \{1, \ldots, K\}
\log_2 8 = 3, \quad \log_{10} x = \frac{\ln x}{\ln 10}
5.0067 \text{ nats} = 7.2232 \text{ bits}
\mathbf{w} \leftarrow (X^\top X)^{-1} X^\top \mathbf{y}
L = \frac12 \lVert X \mathbf w - \mathbf y \rVert^2 + \frac{\lambda}{2} \lVert \mathbf w \rVert_2^2
w = \frac{\sum x_n y_n}{\sum x_n^2} = \frac{2 + 6 + 21}{1 + 4 + 9} = \frac{29}{14} \approx 2.0714
\hat y = x_1 w_1 + \dots + x_D w_D + b
d(\mathbf a, \mathbf b) = \sqrt{\sum_{i=1}^{d} (a_i - b_i)^2}
X = \begin{pmatrix} 0 & 1 \\ 1 & 1 \\ 2 & 1 \end{pmatrix}, \quad X^\top \mathbf y = \begin{pmatrix} 10 \\ 7
    \end{pmatrix}
\lim_{p_y \to 0} -\log p_y = \infty
\sum_k p_k = 1, \qquad p_k \ge 0 \quad \forall k
# gradient descent and optimisation
w \leftarrow w - \eta\, \frac{\partial L}{\partial w}, \qquad b \leftarrow b - \eta\, \frac{\partial L}{\partial b}
f(x, y) = x^2 + y^4, \qquad \nabla f = (2x,\; 4y^3)
x = -1 - 0.01 \cdot (-2) = -0.98
0 < \eta < \frac{2}{\lambda_{\max}}
m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad \hat{m}_t = \frac{m_t}{1 - \beta_1^t}
\theta_{t+1} = \theta_t - \frac{\eta\, \hat m_t}{\sqrt{\hat v_t} + \varepsilon}
\theta^* = \theta_0 \pm \sqrt[3]{\Delta} \mp \tfrac{1}{2}
# backpropagation
\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\,\frac{\partial y}{\partial x}
\frac{dL}{dx} = \frac{dL}{dy} \cdot \frac{dy}{dx}
\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot f'(z^{(l)})
\mathrm{d}W_2 = h^\top \mathrm{d}z, \qquad \mathrm{d}W_1 = x^\top \left( (\mathrm{d}z\, W_2^\top) \odot
    \mathbb{1}[x W_1 > 0] \right)
\begin{aligned} \frac{\partial L}{\partial \mathbf w_k} &= \frac{\partial L}{\partial z_k}\, \frac{\partial
    z_k}{\partial \mathbf w_k} && \text{chain rule} \\ &= (p_k - y_k)\, \mathbf x && \text{the derivative of }
    \mathbf x \cdot \mathbf w_k \text{ is } \mathbf x. \end{aligned}
\begin{aligned} z_1 &= 0.2 \cdot 0.5 + (-0.1) \cdot (-1) \\ &= 0.1 + 0.1 \\ &= 0.2 \end{aligned}
\begin{aligned} a &= b \\ &+ c \\ &- d \end{aligned}
f = \begin{aligned} a + g(b, c) &= d, e \\ &= \sum_k d \end{aligned}
\sigma'(z) = \sigma(z)\,(1 - \sigma(z)) \le \tfrac14
\tanh' x = 1 - \tanh^2 x
\operatorname{ReLU}(x) = \max(0, x), \qquad f''(x) = 0
\mathrm{PReLU}(x) = \begin{cases} x, & x > 0 \\ a x, & x \le 0 \end{cases}
U = \begin{bmatrix} 8 & 6 \\ -0.5 & -0.5 \end{bmatrix} \mapsto V = \begin{bmatrix} 8 & 6 \\ -0.05 & -0.05
    \end{bmatrix}
E = \sum (y - \hat y)^2, \quad \delta_o = -2(y - o)\, o(1 - o)
L = \tfrac12 \lVert \mathbf{o} - \mathbf{t} \rVert^2 \implies \frac{\partial L}{\partial \mathbf o} = \mathbf o -
    \mathbf t
\frac{f(x + h) - f(x - h)}{2h} = f'(x) + O(h^2)
\prod_{l=1}^{L} \left\| J_l \right\| \to 0
\frac{\partial^2 f}{\partial x_i\, \partial x_j} \equiv \frac{\partial^2 f}{\partial x_j\, \partial x_i}
# batch norm, dropout, residual blocks
\mu_B = \frac{1}{m} \sum_{i=1}^{m} x_i, \qquad \sigma_B^2 = \frac{1}{m} \sum_{i=1}^{m} (x_i - \mu_B)^2
\hat{x}_i = \frac{x_i - \mu_B}{\sqrt{\sigma_B^2 + \varepsilon}}, \qquad y_i = \gamma \hat{x}_i + \beta
\bar x = \frac{2 + 4 + 6 + 8 + 10}{5} = 6
h' = \frac{m \odot h}{p}, \qquad m_i \sim \mathrm{Bernoulli}(p), \qquad \mathbb{E}[h'] = h
20\% \text{ dropped} \implies p = 0.8
y = \mathcal{F}(x) + x, \qquad \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \left( I +
    \frac{\partial \mathcal F}{\partial x} \right)
x_l = H_l([x_0, x_1, \dots, x_{l-1}])
# autoencoders, ELBO, GAN
\log p(x) \ge \mathbb{E}_{z \sim q_\phi(z \mid x)} [\log p_\theta(x \mid z)] - D_\text{KL}(q_\phi(z \mid x)
    \,\|\, p(z))
\mathcal{L}(\theta, \phi) = \underbrace{\mathbb{E}_q [\log p_\theta(x \mid z)]}_{\text{reconstruction}} -
    \underbrace{\mathrm{KL}(q \parallel p)}_{\text{regulariser}}
z = \mu + \sigma \odot \epsilon, \qquad \epsilon \sim \mathcal{N}(0, I)
D_\text{KL} = -\frac12 \sum_j \left( 1 + \log \sigma_j^2 - \mu_j^2 - \sigma_j^2 \right)
D_\text{KL}(p \,\|\, q) = \int p(x) \log \frac{p(x)}{q(x)} \, \mathrm{d}x = \int_{-\infty}^{\infty} f
\min_G \max_D \; \mathbb{E}_{x \sim p_\text{data}} [\log D(x)] + \mathbb{E}_z [\log(1 - D(G(z)))]
D^*(x) = \frac{p_\text{data}(x)}{p_\text{data}(x) + p_g(x)}
\tilde x = x + \varepsilon, \qquad \hat x = g(f(\tilde x)), \qquad \lVert x - \hat x \rVert_2^2
# sequences
h_t = \tanh(W_h h_{t-1} + W_x x_t + b)
f_t = \sigma(W_f [h_{t-1}, x_t] + b_f), \qquad i_t = \sigma(W_i [h_{t-1}, x_t] + b_i)
c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t, \qquad h_t = o_t \odot \tanh c_t
\frac{\partial h_T}{\partial h_t} = \prod_{k=t+1}^{T} \frac{\partial h_k}{\partial h_{k-1}} = \prod_{k} W_h^\top
    \operatorname{diag}(1 - h_k^2)
p(w_1, \dots, w_T) = \prod_{t=1}^T p(w_t \mid w_1, \cdots, w_{t-1})
g \mapsto g \cdot \min\left(1, \frac{c}{\lVert g \rVert}\right)
# detection, sampling, distillation
\operatorname{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|}
t_x = \frac{x - x_a}{w_a}, \qquad t_w = \log \frac{w}{w_a}
V = \sum_{n}^{H} \sum_{m}^{W} U_{nm} \max(0, 1 - |x - m|) \max(0, 1 - |y - n|)
\begin{bmatrix} x' \\ y' \end{bmatrix} = \begin{bmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta
    \end{bmatrix} \begin{bmatrix} x \\ y \end{bmatrix}
L = \alpha\, T^2\, D_\text{KL}(p^T \,\|\, q^T) + (1 - \alpha)\, H(y, q)
\left. \frac{\partial f}{\partial x} \right|_{x = 0} = 2
\vec v = \overline{ab} \oplus \dot x \otimes \vec w
\boxed{L = 5.0067} \iff p_y = 0.0067
A \Rightarrow B \Leftrightarrow C, \quad \exists x : x \ne 0
n! = 1 \cdot 2 \cdots n, \qquad \langle x, y \rangle \propto \Gamma\Omega
\begin{bmatrix} a_{11} & \cdots & a_{1n} \\ \vdots & & \vdots \\ a_{m1} & \cdots & a_{mn} \end{bmatrix}
\sum_{i \in S} \mathbf{\mu}_i \div \ell \equiv \frac{\frac{a}{b}}{\frac{c}{d}}
{\hat{y}}^2 + {x_i}^{2} + {}^{2} - \left[ x^{y^z} \right)_{a_b} + e^{\frac{1}{2}}
f(\cdot), \; x^{+}, \; x^*, \; {-}1, \; 1{:}2, \; x_{-1}, \; (+), \; a = -b, \; \pm 1,
    \; a \times -1, \; (x +), \; y \cdot = z
x_1^2 \; x^2_1 \; f'_1 \; f'^{2} \; \mathrm{ReLU}' \; 2^{10} \; x^10 \; \frac12 \; \sqrt2 \; \hat{\mathbf{x}} \;
    x_\frac12
12\,345.5 + .5 = 12{,}346 \; \& \; \# \_ x \ast y \circ z; w? \lVert x \rVert \Vert \Phi
{\sum}_k a_k + {\max}_i b_i + n^2! + x_i! - \lVert x \rVert_p(y) \to_n z \! ; (_i w)
\begin{bmatrix} 1 & \boxed{2} \\ \mathbf{\epsilon} & \mathbf{\phi} \end{bmatrix}
"""


# A formula goes on where the next line is indented.
FORMULAS = [line for line in re.sub(r"\n +", " ", CORPUS.strip()).splitlines() if not line.startswith("#")]


# One form for three writers

WRAPPERS = {"math", "mstyle", "mpadded", "menclose", "semantics"}
ROWS = {"math", "mrow", "mtd", "msqrt"}
SAME = {"∣": "|", "∥": "‖", "ˉ": "¯", "⃗": "→", "̂": "^", "̄": "¯", "̃": "~", "̇": "˙", "″": "′′", "‴": "′′′"}
SMALL = {"mfrac": 0} | dict.fromkeys(("msub", "msup", "msubsup", "munder", "mover", "munderover", "mroot"), 1)
BESIDE = {"munder": "msub", "mover": "msup", "munderover": "msubsup"}
VARIANTS = {"BOLD": "bold", "DOUBLE-STRUCK": "double-struck", "SCRIPT": "script", "ITALIC": "italic"}


def normal(element: ElementTree.Element) -> tuple:
    """Return an element as nested tuples, without what does not matter.

    Wrappers that only set a style are opened; a row inside a row is one row; a row of one is that one; spaces and
    the invisible function application are left out; a letter of another alphabet is the letter and its alphabet.
    """
    name = element.tag.rpartition("}")[2]
    if name in {"mi", "mn", "mo", "mtext"}:
        return token(name, "".join(element.itertext()), element.get("mathvariant"))
    children = list(inside(element))
    if name in SMALL:
        children = [*children[: SMALL[name]], *map(beside, children[SMALL[name] :])]
    if name in WRAPPERS or name == "mrow":
        children = joined(children)
        return children[0] if len(children) == 1 else ("mrow", *children)
    if name in ROWS:
        return (name, *joined(children))
    if name in {"msub", "msup", "msubsup"} and children[0][0] == "msup" and is_prime(children[0][2]):
        return primed(name, *children)
    if name in {"munder", "mover"} and (element.get("accent") or children[1] == ("mo", "⏟")):
        name = "accent"
    return (name, *children)


def is_prime(node: tuple) -> bool:
    return node[0] == "mo" and set(node[1]) == {"′"}


def primed(name: str, base: tuple, *scripts: tuple) -> tuple:
    """Return a base that has primes and scripts with the primes among what stands above."""
    _, letter, primes = base
    if name == "msub":
        return ("msubsup", letter, *scripts, primes)
    *sub, sup = scripts
    return (name, letter, *sub, ("mrow", primes, *(sup[1:] if sup[0] == "mrow" else [sup])))


def inside(element: ElementTree.Element) -> Iterator[tuple]:
    """Yield the children in normal form; in a row, rows are opened and spaces left out."""
    name = element.tag.rpartition("}")[2]
    for child in element:
        if child.tag.rpartition("}")[2] in {"mspace", "annotation"}:
            continue
        one = normal(child)
        if child.text == "\u2061" or (one[0] == "space" and name in ROWS | WRAPPERS):
            continue
        if name not in ROWS | WRAPPERS:
            yield one
        elif one[0] == "mrow":
            yield from one[1:]
        else:
            yield one


def beside(node: tuple) -> tuple:
    """Return a node with limits beside their operator: in fractions and scripts only KaTeX's HTML knows to do that."""
    if node[0] in BESIDE and (
        node[1] in {("mo", "∑"), ("mo", "∏")} or (node[1][0] == "mi" and len(node[1][1]) > 1)
    ):
        return (BESIDE[node[0]], *map(beside, node[1:]))
    return (node[0], *(beside(child) if isinstance(child, tuple) else child for child in node[1:]))


def token(name: str, text: str, variant: str | None) -> tuple:
    """Return a token; what is no letter, number or word is an operator, by whatever element it is written."""
    text = text.replace("\N{VARIATION SELECTOR-1}", "").replace("\N{NARROW NO-BREAK SPACE}", "")
    text = re.sub(r"\s", " ", "".join(SAME.get(character, character) for character in text))
    if text.strip(" \u2061\u2063") == "":
        return ("space",)
    plain_text = "".join(map(without_alphabet, text))
    if name in {"mn", "mtext"}:  # KaTeX joins digits of different alphabets
        return (name, plain_text, None)
    if not plain_text[0].isalpha():
        return ("mo", plain_text)
    if name == "mi" and variant is None:
        variant = alphabet(text[0]) or ("italic" if len(text) == 1 else "normal")
    return (name, plain_text, variant)


def without_alphabet(character: str) -> str:
    """Return x for 𝐱 or 𝑥, by Unicode's own decomposition, one step only: ϕ stays ϕ, and so does ℓ."""
    kind, _, base = unicodedata.decomposition(character).partition(" ")
    return chr(int(base, 16)) if kind == "<font>" and character != "ℓ" else character


def alphabet(character: str) -> str | None:
    if without_alphabet(character) == character:
        return None
    words = unicodedata.name(character).split()
    return next((variant for word, variant in VARIANTS.items() if word in words), "italic")  # ℎ has no word


def joined(children: list[tuple]) -> list[tuple]:
    """Join what one writes in pieces and the other in one: letters of a name, digits and their point, words, primes."""
    result: list[tuple] = []
    for child in children:
        last = result[-1] if result else ("",)
        names = {last[0], child[0]}
        if names == {"mtext"} or (names == {"mi"} and last[2] == child[2] == "normal"):
            result[-1] = (last[0], last[1] + child[1], last[2])
        elif is_prime(child) and is_prime(last):
            result[-1] = ("mo", last[1] + child[1])
        elif is_prime(child) and result:  # we set primes beside their letter, KaTeX as a script of it
            result[-1] = ("msup", last, child)
        elif child[0] == "mn" and (last[0] == "mn" or last == ("mo", ".")):
            result[-1] = ("mn", last[1] + child[1], child[2])
        elif child == ("mo", ".") and last[0] == "mn":
            result[-1] = ("mn", last[1] + ".", last[2])
        else:
            result.append(child)
    return result


def ours(tex: str, *, display: bool) -> tuple:
    return normal(ElementTree.fromstring(mathml(tex, display=display)))


@pytest.fixture(scope="module")
def katex() -> Iterator[Katex]:
    """Yield KaTeX in Node."""
    katex = Katex()
    yield katex
    katex.close()


def theirs(katex: Katex, tex: str, *, display: bool) -> tuple:
    html = katex.render(tex, display=display)
    return normal(ElementTree.fromstring(re.search(r"<semantics>(.*?)<annotation", html, re.DOTALL)[1]))


@pytest.mark.parametrize("display", [False, True], ids=["inline", "display"])
@pytest.mark.parametrize("tex", FORMULAS)
def test_mathml_is_katex(katex, tex, display):
    """Same elements, same text, same alphabets."""
    assert ours(tex, display=display) == theirs(katex, tex, display=display)


LIMITS = re.compile(r"<(?:munder|mover|munderover)><(?:mo>[∑∏]|mi>(?:max|min|lim|arg.max)<)")


@pytest.mark.parametrize("tex", FORMULAS)
def test_limits_are_where_tex_puts_them(katex, tex):
    """Under and over the sum in display mode, but beside it in a fraction: KaTeX's HTML marks each that is under."""
    assert len(LIMITS.findall(mathml(tex, display=True))) == katex.render(tex, display=True).count(
        "op-limits"
    )


MARKED = re.compile(r'<span class="(mbin|mord)(?: mtight)?">([−+±∓∗⋅×÷∪∩⊙⊕⊗∘])</span>')
ROLE = {"binary": "mbin", "prefix": "mord", "ordinary": "mord"}


def operators(node: object) -> Iterator[tree.Operator]:
    """Yield the operators of a tree."""
    if isinstance(node, tree.Operator):
        yield node
    for part in (
        node if isinstance(node, tuple) else [getattr(node, name) for name in getattr(node, "__slots__", ())]
    ):
        yield from operators(part)


@pytest.mark.parametrize("tex", FORMULAS)
def test_signs_and_operations_are_told_apart_as_in_tex(katex, tex):
    """KaTeX's HTML gives an operation the class mbin and a sign the class mord."""
    braced = tex.replace(
        "^*", "^{*}"
    )  # without braces KaTeX's class for the lone star is mbin, though without spaces
    html = katex.render(braced, display=False).partition('class="katex-html"')[2]
    found = Counter((ROLE[node.role], node.character) for node in operators(parse(tex)) if node.role in ROLE)
    expected = Counter(MARKED.findall(html))
    assert {sign: n for sign, n in found.items() if sign[1] in "−+±∓∗⋅×÷∪∩⊙⊕⊗∘"} == expected


# Typst


def loose(node: tuple) -> list:
    """Return a normal form as a list of strings and structures, without the names of tokens.

    Brackets with a script are opened, since in Typst the script belongs to the pair and in TeX to the closing one.
    Lines over an expression are left out, since Typst does not export them.
    """
    name, *rest = node
    if name in {"mi", "mn", "mo", "mtext"}:
        variant = rest[1] if len(rest) > 1 else None
        return [f"<{variant} {rest[0]}>" if variant in {"bold", "double-struck", "script"} else rest[0]]
    if name in ROWS - {"msqrt", "mtd"}:
        return run(rest)
    if name == "accent" and rest[1] == ("mo", "‾"):
        return loose(rest[0])
    if name.startswith("ms") and name != "msqrt":
        *before, base = opened(rest[0])
        return [*before, (name, base, *(tuple(run([script])) for script in rest[1:]))]
    if name in {"msqrt", "mtd"}:
        return [(name, *run(rest))]
    return [(name, *(tuple(run([child])) for child in rest))]


def opened(base: tuple) -> list:
    """Return the base of a script, with what stands before its closing bracket set free."""
    if base[0] == "mrow" and base[1:] and base[1][0] == base[-1][0] == "mo" and base[1][1] in "([{|‖⌊⌈⟨":
        return [*run(base[1:-1]), tuple(loose(base[-1]))]
    return [tuple(loose(base))]


def run(children: Iterable[tuple]) -> list:
    """Return the loose forms of siblings, neighbouring strings as one."""
    result: list = []
    for child in children:
        for part in loose(child):
            if isinstance(part, str) and result and isinstance(result[-1], str):
                result[-1] += part
            else:
                result.append(part)
    return result


def set_by_typst(formulas: list[str], *, display: bool) -> list[tuple]:
    """Return what Typst makes of each formula, in one document."""
    equations = (f"$ {typst(tex)} $" if display else f"${typst(tex)}$" for tex in formulas)
    html = typst_compiler.compile("\n\n".join(equations).encode(), format="html").decode()
    found = re.split(r"</math>\s*(?=<math display|</p>|</body>)", html.partition("<body>")[2])[
        : len(formulas)
    ]
    return [normal(ElementTree.fromstring(part[part.index("<math") :] + "</math>")) for part in found]


@pytest.mark.parametrize("display", [False, True], ids=["inline", "display"])
def test_typst_is_katex(katex, display):
    """Typst sees what KaTeX sees, in every formula of one document."""
    for tex, found in zip(FORMULAS, set_by_typst(FORMULAS, display=display), strict=True):
        assert run([found]) == run([theirs(katex, tex, display=display)]), tex


# Formulas at random

LETTERS = [
    *"abdfghnpqstuvwxyzKLW",
    r"\alpha",
    r"\beta",
    r"\theta",
    r"\sigma",
    r"\varphi",
    r"\Gamma",
    r"\partial",
    r"\nabla",
]
ALONE = st.one_of(
    st.sampled_from(LETTERS),
    st.sampled_from(
        ["0", "1", "23", "0.25", ".5", "1{,}234", r"1\,234", r"\infty", r"\ell", r"50\%", r"\ldots", r"\Vert"]
    ),
    st.sampled_from(
        [r"\mathbf{w}", r"\mathbb{R}", r"\mathcal{L}", r"\mathrm{d}", r"\mathrm{ReLU}", r"\mathbf{\mu}"]
    ),
    st.sampled_from([r"\text{ if }", r"\text{a \& b}", r"\operatorname{softmax}", r"\mathbb{1}"]),
)
OPERATORS = [
    *"+-=<>,;:*/",
    r"\cdot",
    r"\times",
    r"\le",
    r"\to",
    r"\mid",
    r"\odot",
    r"\approx",
    r"\in",
    r"\ne",
    r"\parallel",
]
PREFIXES = [
    "-",
    r"\sum",
    r"\prod",
    r"\int",
    r"\max",
    r"\log",
    r"\exp",
    r"\sin",
    r"\operatorname*{arg\,max}",
    r"\forall",
]
BASES = [
    r"\mathbf{w}",
    r"\mathrm{ReLU}",
    r"\operatorname{diag}",
    r"\sum",
    r"\int",
    r"\max",
    r"\log",
    ")",
    r"\rVert",
    r"\to",
]
SPACES = [r"\,", r"\;", r"\:", r"\!", r"\quad", r"\qquad"]
PAIRS = [
    ("(", ")"),
    ("[", "]"),
    (r"\{", r"\}"),
    (r"\lfloor", r"\rfloor"),
    (r"\lVert", r"\rVert"),
    (r"\langle", r"\rangle"),
    ("[", ")"),
    (r"\left(", r"\right)"),
    (r"\left\{", r"\right."),
    (r"\left\lVert", r"\right\rVert"),
    (r"\left[", r"\right)"),
    (r"\left.", r"\right|"),
]


def applied(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Put what the strategies draw in the places of the pattern that are marked with @."""

    def fill(drawn: tuple[str, ...]) -> str:
        pieces = pattern.split("@")
        return "".join(piece + part for piece, part in zip(pieces, [*drawn, ""], strict=True))

    return st.tuples(*parts).map(fill)


def table(kind: str, columns: int, cells: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    row = st.lists(cells, min_size=columns, max_size=columns).map(" & ".join)
    # After \\ LaTeX would take a bracket or a star for options.
    row = row.map(lambda tex: f"x {tex}" if tex[0] in "[*" else tex)
    body = st.lists(row, min_size=1, max_size=3).map(r" \\ ".join)
    return applied(rf"\begin{{{kind}}} @ \end{{{kind}}}", body)


def extended(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return formulas made of smaller ones."""
    # KaTeX joins the digits of 1 {2}_a. (A filter would do, but may print the whole strategy.)
    not_digits = smaller.map(lambda tex: f"x {tex}" if re.match(r"[.\d]", tex) else tex)
    base = st.one_of(st.sampled_from([*LETTERS, *BASES]), applied("{@}", not_digits))
    return st.one_of(
        st.lists(smaller, min_size=2, max_size=4).map(" ".join),
        applied("@ @ @", smaller, st.sampled_from(OPERATORS), smaller),
        applied("@ @", st.sampled_from(PREFIXES), smaller),
        applied("@ @ @", smaller, st.sampled_from(SPACES), smaller),
        applied("@_{@}", base, smaller),
        applied("@^{@}", base, smaller),
        applied("@_{@}^{@}", base, smaller, smaller),
        applied("@'", st.sampled_from(LETTERS)),
        applied(r"\frac{@}{@}", smaller, smaller),
        applied(r"\tfrac{@}{@}", smaller, smaller),
        applied(r"\sqrt{@}", smaller),
        applied(r"\sqrt[@]{@}", ALONE, smaller),
        st.tuples(st.sampled_from(PAIRS), smaller).map(
            lambda drawn: f"{drawn[0][0]} {drawn[1]} {drawn[0][1]}"
        ),
        applied(r"\hat{@}", ALONE),
        applied(r"\bar{@}", smaller),
        applied(r"\underbrace{@}_{@}", smaller, smaller),
        table("bmatrix", 2, smaller),
        table("pmatrix", 1, smaller),
        table("cases", 2, smaller),
    )


RANDOM = st.recursive(ALONE, extended, max_leaves=12)


@settings(max_examples=100, deadline=None)
@given(tex=RANDOM, display=st.booleans())
def test_random_formulas_are_seen_alike(katex, tex, display):
    """What KaTeX reads in any formula of the subset, our MathML says and Typst reads in what we write for it."""
    expected = theirs(katex, tex, display=display)
    assert ours(tex, display=display) == expected, tex
    assert run(set_by_typst([tex], display=display)) == run([expected]), tex
    line = plain(tex)
    assert line.replace("\N{NARROW NO-BREAK SPACE}", "").isprintable()
    assert line == re.sub(" +", " ", line).strip()


FRAGMENTS = [
    *tree._SIMPLE,
    *tree._READERS,
    *"{{{}}}^^__''&",
    r"\\",
    "12",
    "0.5",
    r"\right)",
    r"\end",
    r"\left[",
]
FRAGMENTS += [f"\\{end}{{{kind}}}" for kind in symbols.TABLES for end in ("begin", "end")]
FRAGMENTS += ["{x}", "{1}", "_{i}", "^{2}", r"\text{so}", r"\foo", "$", "%", "é", "×", '"', "{bmatrix}"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6).map(" ".join))
def test_what_is_accepted_is_latex(katex, tex):
    """Any pieces in any order: an error that names a place, or a formula that KaTeX and Typst accept as well."""
    try:
        parse(tex)
    except ValueError as error:
        place = re.match(r"position (\d+) of the formula, at ", str(error))
        assert 1 <= int(place[1]) <= len(tex) + 1, tex
        return
    katex.render(tex)
    assert len(set_by_typst([tex], display=True)) == 1
    assert ElementTree.fromstring(mathml(tex)).tag == "math"
    assert isinstance(plain(tex), str)


@pytest.mark.parametrize("command", sorted({*symbols.SYMBOLS, *(f"\\{name}" for name in symbols.FUNCTIONS)}))
def test_every_symbol_is_katex_s(katex, command):
    """The table's characters are KaTeX's, and what is a letter there is one here."""
    assert ours(f"x {command} y", display=True) == theirs(katex, f"x {command} y", display=True)


PROMISED = r"""
\alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \iota \kappa \lambda \mu \nu \xi \pi \rho \sigma \tau
\upsilon \phi \chi \psi \omega \Gamma \Delta \Theta \Lambda \Sigma \Phi \Psi \Omega \ell \nabla \partial \infty
+ - = < > / * , ; : ! | ( ) [ ] \{ \} \cdot \times \div \pm \mp \le \ge \ne \approx \equiv \sim \propto \to \mapsto
\Rightarrow \Leftrightarrow \iff \implies \in \notin \subset \cup \cap \odot \oplus \otimes \circ \ast \top \mid
\parallel \forall \exists \ldots \cdots \dots \vdots \sum \prod \int \max \min \log \ln \exp \tanh \sin \cos \lim
\lfloor \rfloor \lceil \rceil \lVert \rVert \Vert \, \; \: \! \quad \qquad ~ \% \_ \# \&
"""


def test_the_subset_is_there(katex):
    """Every symbol that authors were promised stands alone in a formula."""
    for command in PROMISED.split():
        assert ours(f"x {command}", display=True) == theirs(katex, f"x {command}", display=True)


# MathML: what normal() forgets


@pytest.mark.parametrize(
    ("tex", "written"),
    [
        ("-3", '<mo form="prefix">−</mo><mn>3</mn>'),
        ("a = -b", '<mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mi>b</mi>'),
        ("a - b", "<mi>a</mi><mo>−</mo><mi>b</mi>"),
        ("|-3|", '|</mo><mo form="prefix">−</mo><mn>3</mn>'),  # TeX would take this sign for an operation
        (r"\begin{aligned} a &= b \\ &- c \end{aligned}", '<mo form="infix">−</mo><mi>c</mi>'),
        (r"\log x", '<mi>log</mi><mo>&#x2061;</mo><mspace width="0.1667em"/><mi>x</mi>'),
        (r"p \log p", '<mi>p</mi><mspace width="0.1667em"/><mi>log</mi>'),
        (r"\exp(x)", '<mi>exp</mi><mo>&#x2061;</mo><mo stretchy="false">(</mo>'),
        (r"\log \left(x\right)", "<mi>log</mi><mo>&#x2061;</mo><mrow>"),
        (r"\max_k\, z_k", '</msub><mo>&#x2061;</mo><mspace width="0.1667em"/><msub>'),
        (r"\lambda_{\max}", "<msub><mi>λ</mi><mi>max</mi></msub>"),
        (r"x \text{ if } y", "<mi>x</mi><mtext>\u00a0if\u00a0</mtext><mi>y</mi>"),
        ("a < b > c", "<mi>a</mi><mo>&lt;</mo><mi>b</mi><mo>&gt;</mo><mi>c</mi>"),
        (r"\text{a < b \& c}", "<mtext>a\u00a0&lt;\u00a0b\u00a0&amp;\u00a0c</mtext>"),
        ("(a)", '<mo stretchy="false">(</mo><mi>a</mi><mo stretchy="false">)</mo>'),
        (r"\left(a\right)", "<mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow>"),
        (r"\lVert a \rVert", '<mo lspace="0" rspace="0" stretchy="false">‖</mo>'),
        (r"\mathbf{x} \mathbb{R} \mathcal{L}", "<mi>𝐱</mi><mi>ℝ</mi><mi>ℒ</mi>"),
        (r"\mathbb{1} + \mathbf{12}", "<mn>𝟙</mn><mo>+</mo><mn>𝟏𝟐</mn>"),
        (r"\mathrm{d}x\Gamma", '<mi mathvariant="normal">d</mi><mi>x</mi><mi mathvariant="normal">Γ</mi>'),
        ("x_{i+1}", '<mi>i</mi><mo lspace="0" rspace="0">+</mo><mn>1</mn>'),
        ("X : Y", '<mo lspace="0.2778em" rspace="0.2778em">:</mo>'),
        ("1{:}2", '<mo lspace="0" rspace="0">:</mo>'),
        (r"f(\cdot)", '<mo lspace="0" rspace="0">⋅</mo>'),
        (r"12{,}345 + 1\,234", "<mn>12,345</mn><mo>+</mo><mn>1\u202f234</mn>"),
        ("f'", '<mrow><mi>f</mi><mo lspace="0" rspace="0">′</mo></mrow>'),
        ("f''_i", '<msub><mrow><mi>f</mi><mo lspace="0" rspace="0">″</mo></mrow><mi>i</mi></msub>'),
        (r"\tfrac12", '<mfrac displaystyle="false"><mn>1</mn><mn>2</mn></mfrac>'),
        (r"\hat y", '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'),
        (r"\overline{ab}", "<mo>‾</mo></mover>"),
        (r"\boxed{\sum_k x}", 'style="border:thin solid;padding:0.3em"><munder><mo>∑</mo>'),
        (r"a \implies b", '<mo lspace="0.5556em" rspace="0.5556em">⟹</mo>'),
    ],
)
def test_mathml_details(tex, written):
    """Signs, invisible applications, spaces and escapes as MathML Core has them."""
    assert written in mathml(tex)


def test_display():
    """A formula on its own line says so, and has limits under its sums: in a line of text they stand beside."""
    tex = r"\sum_{k=1}^{n} \max_i x_i"
    assert mathml(tex, display=True).startswith('<math display="block"><munderover><mo>∑</mo>')
    assert "<munder><mi>max</mi>" in mathml(tex, display=True)
    assert mathml(tex).startswith("<math><msubsup><mo>∑</mo>")
    assert "<msub><mi>max</mi>" in mathml(tex)
    assert "<munder>" in mathml(r"\begin{aligned} a &= \sum_k b \end{aligned}")
    small = r"\frac{\sum_k a}{2} + x^{\sum_k b} + \begin{bmatrix} \sum_k c \end{bmatrix}"
    assert "<munder>" not in mathml(small, display=True)
    assert "<msub><mo>∫</mo>" in mathml(r"\int_0 f", display=True)


def test_spaces_are_tex_s():
    """In eighteenths of an em: three, four, five and minus three, then one em and two."""
    widths = re.findall(r'width="([^"]*)em"', mathml(r"a \, b \: c \; d \! e \quad f \qquad g"))
    assert [round(18 * float(width), 2) for width in widths] == [3, 4, 5, -3, 18, 36]


def test_cells_are_aligned():
    """Left in cases; right and left in turn in aligned lines."""
    assert mathml(r"\begin{cases} a & b \end{cases}").count("text-align:left") == 2
    aligned = re.findall(
        "text-align:(right|left)", mathml(r"\begin{aligned} a &= b && c \\ &= d \end{aligned}")
    )
    assert aligned == ["right", "left", "right", "left", "right", "left"]
    assert "text-align" not in mathml(r"\begin{bmatrix} a & b \end{bmatrix}")


# Plain text


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"\sigma(z) = \frac{1}{1 + e^{-z}}", "σ(z) = 1/(1 + e^(−z))"),
        (
            r"w_k, W_{ij}, x_{10}, x^{10}, x_i^2, e^{z_k}",
            "w_k, W_(ij), x_10, x^10, x_i^2, e^(z_k)",
        ),
        (r"C_\text{out}\,(C_\text{in}\, k_h k_w + 1)", "C_out (C_in k_h k_w + 1)"),
        (r"26 \times 26 \times 4 = 2{,}704 \text{ values}", "26 × 26 × 4 = 2,704 values"),
        (r"1 \cdot (-1) + 3 \cdot 0 - -2 = -1", "1 · (−1) + 3 · 0 − −2 = −1"),
        (
            r"\frac{\partial L}{\partial \mathbf w_k} = \frac{dL}{dx} \ne \frac{ab}{cd}",
            "∂L/∂w_k = dL/dx ≠ ab/(cd)",
        ),
        (r"\frac{\partial L}{\partial y}\,\frac{\partial y}{\partial x}", "(∂L/∂y) (∂y/∂x)"),
        (
            r"\frac12 (a + b), \frac{1}{2n}, \frac{a + b}{c}, \frac{-1}{3}",
            "(1/2)(a + b), 1/(2n), (a + b)/c, −1/3",
        ),
        (r"\frac{\frac{a}{b}}{c} + \frac{a}{\frac{b}{c}} + {\frac12}^2", "(a/b)/c + a/(b/c) + (1/2)^2"),
        (r"\log \frac{p}{q} + \log x + \log_2 8 - \ln(x)", "log(p/q) + log x + log_2 8 − ln(x)"),
        (r"\sum_{k=1}^n p_k \log p_k = \sum_k \frac{a_k}{b}", "∑_(k=1)^n p_k log p_k = ∑_k (a_k/b)"),
        (r"\frac{\sum x_n y_n}{\sum x_n^2} + x^{\frac12}", "(∑ x_n y_n)/(∑ x_n^2) + x^(1/2)"),
        (r"\sqrt{x} + \sqrt{2} y + \sqrt{a + b} + \sqrt{x_i}", "√x + √2 y + √(a + b) + √(x_i)"),
        (r"\sqrt[3]{a + b} + \sqrt[n]{x} + \sqrt[n+1]{x}", "(a + b)^(1/3) + x^(1/n) + x^(1/(n+1))"),
        (r"\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}", "(x − μ)/√(σ^2 + ε)"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} \mathbf{x}", "[[1, 2], [3, 4]] x"),
        (r"12{,}345 + 12\,345 \text{ or~so}", "12,345 + 12\N{NARROW NO-BREAK SPACE}345 or so"),
        (r"\begin{pmatrix} x \\ y \end{pmatrix}", "[[x], [y]]"),
        (r"\begin{cases} x, & x > 0 \\ 0, & x \le 0 \end{cases}", "{x, x > 0; 0, x ≤ 0}"),
        (
            r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
            "{x if x > 0; 0 otherwise}",
        ),
        (r"\begin{aligned} a &= b && \text{why} \\ &= c \\ d &= e \end{aligned}", "a = b (why) = c; d = e"),
        (r"\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1", "⌊(n + 2p − k)/s⌋ + 1"),
        (r"\lVert \mathbf{x} \rVert_2^2 + |-3| + \left\| y \right\|", "‖x‖_2^2 + |−3| + ‖y‖"),
        (r"\left. f \right|_{x=0}", "f|_(x=0)"),
        (r"\hat y + \bar{x} + \hat{x}_i + \tilde{ab} + \vec v", "ŷ + x̄ + x̂_i + tilde(ab) + v⃗"),
        (r"f'(x) = f''(x) + x'_i + f'^2", "f′(x) = f′′(x) + x′_i + f′^2"),
        (r"\hat k = \operatorname*{arg\,max}_k z_k", "k̂ = arg max_k z_k"),
        (
            r"\operatorname{ReLU}(x) = \mathrm{ReLU}(x), \mathrm{d}x, 2\log x",
            "ReLU(x) = ReLU(x), dx, 2 log x",
        ),
        (r"\mathbb{E}_{z \sim q}[\log p(x \mid z)]", "E_(z~q)[log p(x | z)]"),
        (r"x \in \mathbb{R}, \; \mathcal{L}, \; \mathcal{N}(0, I)", "x ∈ ℝ, ℒ, N(0, I)"),
        (r"\underbrace{a + b}_{\text{cost}} - c", "(a + b: cost) − c"),
        (r"\boxed{x = 1} \implies y \to \infty", "x = 1 ⟹ y → ∞"),
        (r"x_1, \dots, x_n; \; x_1 + \dots + x_n", "x_1, …, x_n; x_1 + ⋯ + x_n"),
        (
            r"X^\top X, \; f(\cdot), \; w^*, \; 50\%, \; n!, \; 1{:}2, \; a : b",
            "X^⊤ X, f(·), w^*, 50%, n!, 1:2, a : b",
        ),
        (r"w \leftarrow w - \eta\, \frac{\partial L}{\partial w}", "w ← w − η (∂L/∂w)"),
        (
            r"\frac{1}{|x|} + \frac{1}{x_i} + \frac{1}{f(x)} + \frac{1}{n!}",
            "1/|x| + 1/x_i + 1/(f(x)) + 1/(n!)",
        ),
        (r"x / y, \quad a \div \frac{b}{c}, \quad {x_i}^2, \quad {}^2", "x/y, a ÷ (b/c), (x_i)^2, ^2"),
    ],
)
def test_plain(tex, line):
    """By hand: what a person would type, with brackets where the line would be misread without."""
    assert plain(tex) == line


@st.composite
def factors(draw: st.DrawFn, depth: int) -> tuple[str, float]:
    """Return a number, a fraction, a power, a root or a bracket: its formula, and what it is worth."""
    kind = draw(st.sampled_from(["number", "fraction", "power", "inverse", "exponent", "root", "bracket"]))
    if depth == 0 or kind == "number":
        number = draw(st.integers(1, 9))
        return str(number), number
    tex, value = draw(sums(depth - 1))
    if kind == "fraction":
        below, divisor = draw(sums(depth - 1))
        assume(abs(divisor) > 1e-3)
        return rf"\frac{{{tex}}}{{{below}}}", value / divisor
    if kind == "exponent":
        assume(abs(value) < 9)
        return f"2^{{{tex}}}", 2**value
    assume(1e-3 < value < 1e3)
    degree = draw(st.integers(2, 3))
    return {
        "power": (f"({tex})^{degree}", value**degree),
        "inverse": (f"{{{tex}}}^{{-1}}", 1 / value),
        "root": (rf"\sqrt{'[3]' if degree == 3 else ''}{{{tex}}}", value ** (1 / degree)),
        "bracket": (f"({tex})", value),
    }[kind]


@st.composite
def sums(draw: st.DrawFn, depth: int) -> tuple[str, float]:
    """Return one or two factors, side by side or with a sign between them."""
    a, first = draw(factors(depth))
    kind = draw(st.sampled_from(["alone", "negative", "product", "sum", "difference", "side by side"]))
    if kind == "alone":
        return a, first
    if kind == "negative":
        return f"-{a}", -first
    b, second = draw(factors(depth))
    assume(kind != "side by side" or not b[0].isdigit())  # 2 3 is twenty-three
    return {
        "product": (rf"{a} \cdot {b}", first * second),
        "sum": (f"{a} + {b}", first + second),
        "difference": (f"{a} - {b}", first - second),
        "side by side": (f"{a} {b}", first * second),
    }[kind]


OPERATIONS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow"}


def worth(node: ast.AST) -> float:
    """Return the value of an arithmetic expression; its only function is the square root."""
    match node:
        case ast.Expression(body):
            return worth(body)
        case ast.Constant(value):
            return float(value)
        case ast.UnaryOp(ast.USub(), operand):
            return -worth(operand)
        case ast.BinOp(left, operation, right):
            return getattr(operator, OPERATIONS[type(operation)])(worth(left), worth(right))
        case ast.Call(ast.Name("root"), [argument]):
            return worth(argument) ** 0.5
    raise AssertionError(ast.dump(node))


@settings(max_examples=300, deadline=None)
@given(sums(depth=2))
def test_plain_text_is_worth_what_the_formula_is(drawn):
    """Read by the rules of arithmetic, the line has the formula's value: no bracket is missing."""
    tex, value = drawn
    line = re.sub(r"√(\d)", r"root(\1)", plain(tex)).replace("√", "root")
    line = re.sub(
        r"(?<=[\d)]) ?(?=[(r])|(?<=\)) ?(?=\d)|(?<=\d) (?=\d)", "*", line
    )  # side by side is multiplied
    line = line.replace("·", "*").replace("−", "-").replace("^", "**")
    assert worth(ast.parse(line, mode="eval")) == pytest.approx(value, rel=1e-9, abs=1e-9), (tex, plain(tex))


# Typst


@pytest.mark.parametrize(
    ("tex", "written"),
    [
        (r"\sigma(z) = \frac{1}{1 + e^{-z}}", "σ (z) = frac(1, 1 + e^(−z))"),
        (r"\frac{f(a, b)}{c, d}", r"frac(f (a, b), c\, d)"),
        (r"a / b \# \& \_ |x|", r"a \/ b \# \& \_\|x\|"),
        (r"[0, 1) + (", r"[0, 1) + \("),
        (r"p_\text{data}(x) = \text{say \#1}", 'p_"data" (x) = "say #1"'),
        (r'\text{say "a", \#1} / 2', r'"say \"a\", #1"\/ 2'),
        (r'\sqrt{\text{say "a", b}, c}', r'sqrt("say \"a\", b"\, c)'),
        (r"1{,}234 + .5 + 0.25", '"1,234" + ".5" + 0.25'),
        (
            r"\mathbf{x} \mathbb{R} \mathcal{L} \mathrm{d} \mathrm{KL}",
            'bold(upright(x)) bb(R) cal(L) upright(d)"KL"',
        ),
        (r"\operatorname*{arg\,max}_k", 'op("arg\u2009max", limits: #true)_k'),
        (r"\begin{bmatrix} 1 & a, b \\ 3 & 4 \end{bmatrix}", r'mat(delim: "[", 1, a\, b; 3, 4)'),
        (r"\begin{cases} x & \text{if } y \\ 0 & z \end{cases}", 'cases(x&"if "y, 0&z)'),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a&= b \\\n&= c"),
        (r"\overline{ab} \vec v", "overline(a b) arrow(v)"),
    ],
)
def test_typst_details(tex, written):
    """Escapes, quotes and names."""
    assert typst(tex) == written


def test_every_formula_compiles_to_paper():
    """One document, every formula on a line of its own, set for print."""
    document = "\n\n".join(f"$ {typst(tex)} $" for tex in FORMULAS)
    assert typst_compiler.compile(document.encode(), format="pdf").startswith(b"%PDF")


# What is not a formula


@pytest.mark.parametrize(
    ("tex", "position", "words"),
    [
        ("", 1, "the formula is empty"),
        ("   ", 4, "the formula is empty"),
        (r"x + \foo y", 5, r"found the unknown command \foo"),
        (r"x + \foo y", 5, r"\Delta \div \dot \dots \ell \end \epsilon \equiv"),
        (r"\aproxx", 1, r"near it are \approx"),
        (r"\argmax_k", 1, r"expected \operatorname*{arg\,max}"),
        ("{a + b", 7, "found the end, expected }"),
        ("a + b}", 6, "found }, expected the end"),
        (r"\frac{1}{2", 11, "found the end, expected }"),
        (r"\frac{1}", 9, r"found the end, expected something for \frac"),
        (r"\frac{}{2}", 6, r"found empty braces, expected something in them for \frac"),
        ("a & b", 3, "found &, expected the end"),
        (r"a \\ b", 3, r"found \\, expected the end"),
        ("x^2^3", 4, "found a second superscript"),
        ("x^2'", 4, "found a second superscript"),
        ("x' ^2", 4, "found a second superscript"),
        ("x_1_2", 4, "found a second subscript"),
        ("^2", 1, "found ^ with nothing before it; for an empty base write {}^"),
        ("x_", 3, "found the end, expected something for _"),
        ("x^.5", 3, "found .5 right after ^, expected braces: ^{.5 ...}"),
        (r"x^\sum", 3, r"found \sum right after ^, expected braces: ^{\sum ...}"),
        (r"\hat\mathbf{x}", 5, r"found \mathbf right after \hat"),
        (r"\left( x", 9, r"found the end, expected \right"),
        (r"x \right)", 3, r"found \right, expected the end"),
        (r"\left x \right)", 7, r"found x after \left, expected one of ( ["),
        (r"\sqrt[3 x", 10, "found the end, expected ]"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}", 28, "found rows of 2, 1 entries"),
        (r"\begin{bmatrix} 1 \end{pmatrix}", 23, r"found \end{pmatrix}, expected \end{bmatrix}"),
        (r"\begin{bmatrix} 1 & 2", 22, r"found the end, expected & or \\ or \end"),
        (
            r"\begin{matrix} 1 \\ [2] \end{matrix}",
            21,
            r"found [ after \\, where LaTeX takes it for an option",
        ),
        (r"\begin{matrix} \end{matrix}", 16, "found an empty matrix"),
        (
            r"\begin{tabular} 1 \end{tabular}",
            7,
            "found the environment 'tabular'; supported are bmatrix, pmatrix",
        ),
        (r"\begin x", 8, "found x, expected the name of an environment in braces"),
        (r"\text{a $x$}", 1, r"found \text, expected {words} right after it, without braces or $ inside"),
        (r"\text ab", 1, r"found \text, expected {words}"),
        (r"\mathbb{x}", 1, r"found \mathbb around something that this alphabet does not have"),
        (r"\mathbf{x + y}", 1, r"found \mathbf around something"),
        (r"\operatorname{a+b}", 1, r"found \operatorname around more than letters, digits and spaces"),
        ("50% of", 3, r"found %, expected \%"),
        ("$x$", 1, "found $, expected a formula without dollar signs"),
        ("a × b", 3, r"found ×, expected \times"),
        ("a ≤ b", 3, r"found ≤, expected \le"),
        ("π", 1, r"found π, expected \pi"),
        ("a @ b", 3, "found @; supported are letters, digits, + - * = < >"),
        ("\\", 1, "found the unknown command \\"),
        ("f'''''", 2, "found 5 primes, expected at most 4"),
        (r"\quad_2", 6, "found _ after a space"),
        ("{" * 5000 + "x", 31, "found more than 30 levels inside each other"),
        (r"\sqrt{" * 5000, 91, "found more than 30 levels inside each other"),
    ],
)
def test_errors_name_the_place(tex, position, words):
    """Where it is, what stands there, what may."""
    for form in (parse, mathml, plain, typst):
        with pytest.raises(ValueError, match=re.escape(words)) as error:
            form(tex)
        assert str(error.value).startswith(f"position {position} of the formula, at ")


def test_errors_show_the_place():
    """A mark stands before what was found, with a little of either side."""
    with pytest.raises(ValueError, match=re.escape(r'at "+ the second one is ▸\foo{and what follow": found')):
        parse(r"a + b + the second one is \foo{and what follows it to the end}")


@pytest.mark.parametrize("wrong", [None, 3, b"x", ["x"]])
def test_only_text_is_a_formula(wrong):
    for form in (parse, mathml, plain, typst):
        with pytest.raises(TypeError, match="a formula must be text in LaTeX, got "):
            form(wrong)


def test_long_formulas_are_read():
    """Width is no depth: ten thousand terms side by side."""
    tex = " + ".join(["x_i^2"] * 10_000)
    assert mathml(tex).count("<msubsup>") == plain(tex).count("x_i^2") == typst(tex).count("x_i^2") == 10_000


@pytest.mark.parametrize("module", ["tree", "as_mathml", "as_plain", "as_typst"])
def test_examples_in_docstrings(module):
    failed, tried = doctest.testmod(importlib.import_module(f"byhand.formula.{module}"))
    assert (failed, tried) == (0, 1)
