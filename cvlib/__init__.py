"""cvlib: the numerical core of *Computer Vision by Hand*, in NumPy.

Submodules load when first used, so ``import cvlib`` costs nothing and needs no NumPy.

Examples
--------
>>> import cvlib
>>> cvlib.shapes.conv_output_size(28, 3)
26
"""

from importlib import import_module

__version__ = "0.1.0"

_SUBMODULES = (
    "shapes", "counting", "ops", "losses", "optim", "init", "boxes", "metrics", "gradcheck",
    "nn", "autograd", "models", "data", "augment", "train", "viz", "explore", "practice",
)  # fmt: skip
__all__ = [*_SUBMODULES, "__version__"]


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return import_module(f"cvlib.{name}")
    raise AttributeError(f"module 'cvlib' has no attribute {name!r}; it has {', '.join(_SUBMODULES)}")


def __dir__() -> list[str]:
    return sorted(__all__)
