"""Parameters in a file: what was saved is what is loaded, and nothing is loaded that does not fit."""

import numpy as np
import pytest

from cvlib import nn


def model(seed=0, outputs=2, dtype=np.float32):
    rng = np.random.default_rng(seed)
    made = nn.Chain(body=nn.Conv2d(1, 2, 3, rng=rng, dtype=dtype), act=nn.ReLU(), flat=nn.Flatten(),
                    head=nn.Linear(8, outputs, rng=rng, dtype=dtype))  # fmt: skip
    made["act"].buffers["seen"] = np.full(3, seed, np.int64)
    return made


def arrays(layer):
    return {name: array.copy() for name, array in {**layer.parameters, **layer.buffers}.items()}


def test_round_trip(tmp_path):
    path = tmp_path / "model.npz"
    saved, loaded = model(1), model(2)
    nn.save(saved, path)
    own = loaded.parameters["head.weight"]
    nn.load(loaded, str(path))
    assert own is loaded.parameters["head.weight"], (
        "the layer's own array is written, so an optimiser keeps it"
    )
    for name, array in arrays(saved).items():
        np.testing.assert_array_equal(arrays(loaded)[name], array)
    x = np.ones((3, 1, 4, 4), np.float32)
    np.testing.assert_array_equal(loaded(x), saved(x))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.npz"]


def test_an_old_file_is_replaced_and_the_name_is_kept(tmp_path):
    path = tmp_path / "weights"
    nn.save(model(1), path)
    nn.save(model(2), path)
    loaded = model(3)
    nn.load(loaded, path)
    np.testing.assert_array_equal(loaded.buffers["act.seen"], [2, 2, 2])


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    nn.save(model(1), path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="no space left"):
        nn.save(model(2), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: model(outputs=3), r"'head.weight' must be float32 of shape \(3, 8\), got float32 of shape \(2, 8\)"),
        (lambda: model(dtype=np.float64), r"'body.weight' must be float64 of shape .*, got float32"),
        (lambda: nn.Chain(body=nn.Conv2d(1, 2, 3, bias=False, rng=np.random.default_rng(0))),
         r"got \[\] missing and \['act.seen', 'body.bias', 'head.bias', 'head.weight'\] unknown"),
        (lambda: nn.Chain(extra=nn.Linear(1, 1, rng=np.random.default_rng(0))),
         r"got \['extra.bias', 'extra.weight'\] missing"),
    ],
)  # fmt: skip
def test_another_model_is_refused_and_nothing_changes(tmp_path, other, message):
    path = tmp_path / "model.npz"
    nn.save(model(1), path)
    stranger = other()
    before = arrays(stranger)
    with pytest.raises(ValueError, match=message):
        nn.load(stranger, path)
    for name, array in arrays(stranger).items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 and then nothing", None, "array", "cut"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "model.npz"
    if content is None:
        with path.open("wb") as file:
            np.savez(file, **{name: np.array([{}], dtype=object) for name in arrays(model())})
    elif content == "array":
        with path.open("wb") as file:
            np.save(file, np.ones(3))
    elif content == "cut":
        nn.save(model(), path)
        path.write_bytes(path.read_bytes()[:-30])
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model.npz must be an .npz file of plain arrays"):
        nn.load(model(), path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.load(model(), tmp_path / "none.npz")


def test_a_model_without_numbers(tmp_path):
    nn.save(nn.ReLU(), tmp_path / "relu.npz")
    nn.load(nn.ReLU(), tmp_path / "relu.npz")


@pytest.mark.parametrize("function", [nn.save, nn.load])
def test_only_layers(tmp_path, function):
    with pytest.raises(TypeError, match=r"model must be a cvlib.nn.Layer, got dict"):
        function({}, tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []
