"""A model's numbers in a file, and back. The file is NumPy's ``.npz``: arrays under names, nothing that could run."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from cvlib.nn.layer import Layer


def save(model: Layer, path: str | os.PathLike[str]) -> None:
    """Write the parameters and buffers of a model to a file.

    Parameters
    ----------
    model : Layer
        What it is made of is not stored: to load, build the same model first.
    path : str or path
        The file; ".npz" is the usual ending. An existing file is replaced, and only once the new one is complete.

    Raises
    ------
    TypeError
        If ``model`` is not a layer.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cvlib.nn import Linear
    >>> first, second = (Linear(2, 1, rng=np.random.default_rng(seed)) for seed in (1, 2))
    >>> with TemporaryDirectory() as folder:
    ...     save(first, f"{folder}/linear.npz")
    ...     load(second, f"{folder}/linear.npz")
    >>> bool((first.parameters["weight"] == second.parameters["weight"]).all())
    True
    """
    path = Path(path)
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            np.savez(file, **_arrays(model))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(model: Layer, path: str | os.PathLike[str]) -> None:
    """Read the parameters and buffers of a model, in place, from a file that :func:`save` wrote.

    Parameters
    ----------
    model : Layer
        Of the same structure as the one that was saved.
    path : str or path
        The file.

    Raises
    ------
    TypeError
        If ``model`` is not a layer.
    ValueError
        If the file is no ``.npz``, or its names, shapes or types are not those of the model. Nothing has changed then.
    OSError
        If the file cannot be read.

    Examples
    --------
    See :func:`save`.
    """
    arrays = _arrays(model)
    stored = _stored(Path(path))
    missing, unknown = sorted(arrays.keys() - stored.keys()), sorted(stored.keys() - arrays.keys())
    if missing or unknown:
        raise ValueError(
            f"{path} must hold the arrays of the model, got {missing} missing and {unknown} unknown"
        )
    for name, array in arrays.items():
        new = stored[name]
        if (new.shape, new.dtype) != (array.shape, array.dtype):
            raise ValueError(
                f"{name!r} must be {array.dtype} of shape {array.shape}, got {new.dtype} of shape {new.shape} in {path}"
            )
    for name, array in arrays.items():
        array[...] = stored[name]


def _arrays(model: Layer) -> dict[str, np.ndarray]:
    if not isinstance(model, Layer):
        raise TypeError(f"model must be a cvlib.nn.Layer, got {type(model).__name__}")
    return {**model.parameters, **model.buffers}


def _stored(path: Path) -> dict[str, np.ndarray]:
    cause = None
    try:
        with path.open("rb") as file:  # opened here, because np.load leaves a file open that it cannot read
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.lib.npyio.NpzFile):
                return dict(archive)
    except (BadZipFile, EOFError, ValueError, zlib.error) as error:
        cause = error
    raise ValueError(f"{path} must be an .npz file of plain arrays, got something else") from cause
