"""Signatures against docstrings: every operation has its backward, every parameter is told, every example runs."""

import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import re

import pytest
from book_reference import parts, public_modules  # _ext/book_reference.py

import cvlib
from cvlib import losses, ops

# Helpers among the operations and losses, through which no gradient flows: one a line.
NOT_PAIRS = {
    "dropout_mask",
    "one_hot",
    "optimal_discriminator",
}
FORWARDS = [
    getattr(module, name)
    for module in (ops, losses)
    for name in module.__all__
    if not name.endswith("_backward") and name not in NOT_PAIRS
]
FUNCTIONS = [getattr(module, name) for module in (ops, losses) for name in module.__all__]
# What the API reference shows, but for the drawings of the chapters and the loops, which share the words of cvlib.
PUBLIC = [
    getattr(importlib.import_module(part.home), name)
    for module in public_modules()
    if module not in ("cvlib.viz", "byhand.definitions")
    for part in parts(module)
    for name in part.names
]
RECORDS = [c for c in filter(inspect.isclass, PUBLIC) if dataclasses.is_dataclass(c) or hasattr(c, "_fields")]
CLASSES = [c for c in filter(inspect.isclass, PUBLIC) if c not in RECORDS]
MODULES = [module.name for module in pkgutil.walk_packages(cvlib.__path__, "cvlib.")]


def name_of(function):
    return function.__name__


def documented(thing, title):
    """Return the names that a section of a docstring explains."""
    heads = [line for line in section(thing, title) if line and not line.startswith(" ")]
    return [name.lstrip("*") for head in heads for name in head.partition(" : ")[0].split(", ")]


def arguments(thing):
    """Return the names of what a function or a class takes; an activation takes its operation's options."""
    if hasattr(thing, "operation"):
        return list(inspect.signature(thing.operation).parameters)[1:]
    return list(inspect.signature(thing).parameters)


def section(function, title):
    """Return the lines of one section of a numpydoc docstring."""
    lines = inspect.getdoc(function).splitlines()
    assert title in lines, f"{function.__name__} has no section {title}"
    start = lines.index(title) + 2
    underlines = [i for i in range(start, len(lines)) if re.fullmatch("-{3,}", lines[i])]
    return lines[start : underlines[0] - 1 if underlines else None]


@pytest.mark.parametrize("forward", FORWARDS, ids=name_of)
def test_backward_stands_right_below(forward):
    """The next public function of the module."""
    module = inspect.getmodule(forward)
    functions = [
        f for _, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__
    ]
    public = sorted((f for f in functions if f.__name__[0] != "_"), key=lambda f: f.__code__.co_firstlineno)
    assert public[public.index(forward) + 1].__name__ == forward.__name__ + "_backward"


@pytest.mark.parametrize("forward", [f for f in FORWARDS if f.__name__ in ops.__all__], ids=name_of)
def test_backward_takes_dy_and_the_forward_arguments(forward):
    """Same names, same order, same defaults; ``needs_dx`` may be added."""
    own = list(inspect.signature(forward).parameters.values())
    backward = getattr(ops, forward.__name__ + "_backward")
    dy, *others = inspect.signature(backward).parameters.values()
    assert dy.name == "dy"
    assert [p for p in others if p.name != "needs_dx"] == own


@pytest.mark.parametrize("forward", [f for f in FORWARDS if f.__name__ in losses.__all__], ids=name_of)
def test_backward_of_a_loss_takes_the_forward_arguments_and_dloss(forward):
    """The upstream gradient is 1 if not given, and stands behind the arrays, before the options."""
    own = list(inspect.signature(forward).parameters.values())
    got = list(inspect.signature(getattr(losses, forward.__name__ + "_backward")).parameters.values())
    arrays = [p for p in own if p.kind is not p.KEYWORD_ONLY]
    dloss = got.pop(len(arrays))
    assert (dloss.name, dloss.default) == ("dloss", 1.0)
    assert got == own


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_every_parameter_is_documented(function):
    assert documented(function, "Parameters") == list(inspect.signature(function).parameters)


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_every_function_is_typed_and_complete(function):
    signature = inspect.signature(function)
    annotations = [p.annotation for p in signature.parameters.values()] + [signature.return_annotation]
    assert inspect.Signature.empty not in annotations
    assert section(function, "Returns")
    assert section(function, "Raises")
    assert any(line.startswith(">>> ") for line in section(function, "Examples"))


@pytest.mark.parametrize("thing", [f for f in PUBLIC if inspect.isfunction(f)] + CLASSES, ids=name_of)
def test_every_public_function_and_class_is_told(thing):
    """What it takes, what it returns, and an example, or where there is one."""
    if arguments(thing):
        assert sorted(documented(thing, "Parameters")) == sorted(
            arguments(thing)
        )  # related options may stand together
    if inspect.isfunction(thing) and inspect.signature(thing).return_annotation not in (None, "None"):
        assert section(thing, "Returns")
    assert any(line.startswith((">>> ", "See :func:")) for line in section(thing, "Examples"))


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_every_field_of_a_record_is_told(record):
    fields = record._fields if hasattr(record, "_fields") else [f.name for f in dataclasses.fields(record)]
    public = [name for name in fields if name[0] != "_"]
    assert sorted(documented(record, "Attributes")) == sorted(public)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
