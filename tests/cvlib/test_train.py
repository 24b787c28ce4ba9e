"""The training loop: what it visits, what it reports, what it refuses; and that LeNet-5 really learns to read."""

import subprocess
import sys

import numpy as np
import pytest

from cvlib import losses, nn
from cvlib.data import load_mnist5k
from cvlib.models import lenet5, softmax_classifier
from cvlib.optim import SGD, Adam, Optimiser
from cvlib.train import History, accuracy, fit, predict


def rng(seed=0):
    return np.random.default_rng(seed)


def blobs(n=90, seed=0):
    """Return three classes that a linear model can tell apart, as tiny images (n, 1, 2, 2)."""
    labels = np.arange(n) % 3
    centres = np.array([[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0]])
    return (centres[labels] + rng(seed).normal(0, 0.5, (n, 4))).reshape(n, 1, 2, 2), labels


def train(seed=0, *, optimiser=SGD, lr=0.1, num_epochs=3, batch_size=20, **options):
    model = softmax_classifier(4, 3, rng=rng(seed))
    history = fit(
        model, *blobs(), optimiser=optimiser(model.parameters, lr=lr), num_epochs=num_epochs,
        batch_size=batch_size, rng=rng(seed), **options,
    )  # fmt: skip
    return model, history


class Recorder(nn.Layer):
    """logits = x w: remembers every batch that came by."""

    def __init__(self):
        super().__init__()
        self.parameters["w"] = np.ones((1, 2), np.float32)
        self.batches = []

    def forward(self, x, *, training=False):
        self.batches.append((x.copy(), training))
        self.x = x
        return x @ self.parameters["w"]

    def backward(self, dy, *, needs_dx=True):
        self.batches.append(needs_dx)
        self.gradients = {"w": self.x.T @ dy}


class Counter(Optimiser):
    """Counts steps and takes none."""

    steps = 0

    def step(self, gradients):
        self.steps += 1


def record(n=10, **options):
    model = Recorder()
    counter = Counter(model.parameters, lr=0)
    images = np.arange(n, dtype=np.float64)[:, None]
    history = fit(model, images, np.zeros(n, int), optimiser=counter, rng=rng(), **options)
    return model, counter, history


def test_every_epoch_visits_every_example_once_in_a_new_order():
    model, counter, _ = record(num_epochs=3, batch_size=4)
    batches = model.batches[::2]
    assert [len(x) for x, _ in batches] == [4, 4, 2] * 3
    assert all(training for _, training in batches)
    assert model.batches[1::2] == [False] * 9  # the image needs no gradient
    assert counter.steps == 9
    epochs = [np.concatenate([x for x, _ in batches[i : i + 3]]).ravel() for i in (0, 3, 6)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(10))
        assert list(epoch) != list(range(10))
    assert (epochs[0] != epochs[1]).any()


def test_measuring_is_not_training():
    model = Recorder()
    images, labels = np.ones((3, 1)), np.zeros(3, int)
    counter = Counter(model.parameters, lr=0)
    fit(
        model,
        images,
        labels,
        optimiser=counter,
        num_epochs=1,
        batch_size=3,
        rng=rng(),
        validation=(images, labels),
    )
    predict(model, images)
    accuracy(model, images, labels)
    assert [call[1] for call in model.batches if call is not False] == [True, False, False, False]
    assert counter.steps == 1


def test_labels_travel_with_their_images():
    seen = []

    def loss(output, labels):
        seen.append((output[:, 0].copy(), labels.copy()))
        return 0.0

    model = Recorder()
    fit(
        model, np.arange(10.0)[:, None], np.arange(10), optimiser=Counter(model.parameters, lr=0), num_epochs=1,
        batch_size=3, rng=rng(), loss=(loss, lambda output, labels: np.zeros_like(output)),
    )  # fmt: skip
    for output, labels in seen:
        np.testing.assert_array_equal(output, labels)


def test_history_weighs_batches_by_their_size():
    # losses 1, 1, 4 for batches of 4, 4, 2 examples: mean 1.6, not 2
    values = iter([1.0, 1.0, 4.0])
    model = Recorder()
    history = fit(
        model, np.ones((10, 1)), np.zeros(10, int), optimiser=Counter(model.parameters, lr=0), num_epochs=1,
        batch_size=4, rng=rng(), loss=(lambda output, labels: next(values), lambda output, labels: output),
    )  # fmt: skip
    assert history.loss == [pytest.approx(1.6)]


def test_history_of_a_model_that_stands_still():
    images, labels = blobs(10)
    model = softmax_classifier(4, 3, rng=rng(3), dtype=np.float64)
    logits = model(images)
    history = fit(
        model, images, labels, optimiser=SGD(model.parameters, lr=0), num_epochs=2, batch_size=3, rng=rng(),
        validation=(images[:7], labels[:7]),
    )  # fmt: skip
    hits = logits.argmax(axis=1) == labels
    assert history.loss == pytest.approx([losses.cross_entropy(logits, labels)] * 2)
    assert history.accuracy == pytest.approx([hits.mean()] * 2)
    assert history.validation_loss == pytest.approx([losses.cross_entropy(logits[:7], labels[:7])] * 2)
    assert history.validation_accuracy == pytest.approx([hits[:7].mean()] * 2)


@pytest.mark.parametrize("optimiser", [SGD, Adam])
def test_a_linear_model_learns_blobs(optimiser):
    model, history = train(optimiser=optimiser, num_epochs=12, validation=blobs(seed=1))
    assert history.loss[-1] < 0.2 * history.loss[0]
    assert history.accuracy[-1] > 0.98
    assert history.validation_accuracy[-1] > 0.98
    assert accuracy(model, *blobs(seed=2)) > 0.98
    assert len(history) == len(history.validation_loss) == 12


def test_a_step_of_fit_is_a_step_by_hand():
    images, labels = blobs(6)
    model, by_hand = (softmax_classifier(4, 3, rng=rng(3), dtype=np.float64) for _ in range(2))
    fit(model, images, labels, optimiser=SGD(model.parameters, lr=0.5), num_epochs=1, batch_size=6, rng=rng())
    w, b, x = (
        by_hand["linear"].parameters["weight"],
        by_hand["linear"].parameters["bias"],
        images.reshape(6, 4),
    )
    z = np.exp(x @ w.T + b)
    dz = (z / z.sum(axis=1, keepdims=True) - np.eye(3)[labels]) / 6
    np.testing.assert_allclose(model.parameters["linear.weight"], w - 0.5 * dz.T @ x, rtol=1e-10)
    np.testing.assert_allclose(model.parameters["linear.bias"], b - 0.5 * dz.sum(axis=0), rtol=1e-10)


def test_the_same_seed_gives_the_same_training():
    (one, first), (two, second), (_, third) = train(0), train(0), train(1)
    assert first == second != third
    for name, p in one.parameters.items():
        np.testing.assert_array_equal(p, two.parameters[name])


def test_validation_changes_nothing():
    assert train(validation=blobs(seed=1))[1].loss == train()[1].loss


def test_a_regression_has_a_loss_and_no_accuracy():
    x = rng().normal(0, 1, (200, 2))
    target = x @ [[2.0], [-3.0]] + 0.5
    model = nn.Chain(nn.Linear(2, 1, rng=rng()))
    history = fit(
        model, x, target, optimiser=SGD(model.parameters, lr=0.1), num_epochs=30, batch_size=20, rng=rng(),
        loss=(losses.mean_squared_error, losses.mean_squared_error_backward), validation=(x, target),
    )  # fmt: skip
    np.testing.assert_allclose(model.parameters["0.weight"], [[2, -3]], atol=1e-3)
    np.testing.assert_allclose(model.parameters["0.bias"], [0.5], atol=1e-3)
    assert history.accuracy == history.validation_accuracy == []
    assert history.validation_loss[-1] < 1e-5


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.int64])
def test_the_model_s_precision_is_kept_whatever_the_images(dtype):
    images, labels = (10 * np.abs(blobs()[0])).astype(dtype), blobs()[1]
    model = softmax_classifier(4, 3, rng=rng())
    fit(
        model,
        images,
        labels,
        optimiser=SGD(model.parameters, lr=0.01),
        num_epochs=1,
        batch_size=10,
        rng=rng(),
    )
    assert {g.dtype for g in model.gradients.values()} == {np.dtype(np.float32)}
    assert model["linear"].x.dtype == np.float32


def test_predict_and_accuracy_in_batches():
    images = rng().normal(0, 1, (7, 4))
    expected = [max(range(4), key=lambda k: row[k]) for row in images]
    for batch_size in (1, 3, 7, 100):
        np.testing.assert_array_equal(predict(nn.Flatten(), images, batch_size=batch_size), expected)
        wrong_at_two = [(k + 1) % 4 if n in (2, 5) else k for n, k in enumerate(expected)]
        assert accuracy(nn.Flatten(), images, wrong_at_two, batch_size=batch_size) == pytest.approx(5 / 7)


def test_history_prints_where_training_stands():
    history = History(
        loss=[2.0, 0.12345], accuracy=[0.5, 0.975], validation_loss=[1.0, 0.2], validation_accuracy=[]
    )
    assert repr(history) == "History(2 epochs: loss 0.1235, accuracy 0.975, validation loss 0.2)"
    assert repr(History()) == "History(0 epochs)"
    assert repr(History(loss=[1.0])) == "History(1 epoch: loss 1)"


def test_progress_shows_a_bar_only_when_asked(capsys):
    train(num_epochs=2)
    assert capsys.readouterr() == ("", "")
    train(num_epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "epoch 1/2: 100%" in shown
    assert "epoch 2/2: 100%" in shown
    assert "5/5" in shown


def test_training_does_not_import_tqdm_until_a_bar_is_shown():
    code = "import cvlib.train, sys; print({'tqdm', 'matplotlib', 'ipywidgets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer"),
        ({"num_epochs": 0}, ValueError, "num_epochs must be at least 1, got 0"),
        ({"labels": np.zeros(89, int)}, ValueError, "labels must be as many as images, 90, got 89"),
        ({"labels": np.full(90, 3)}, ValueError, r"labels must lie in 0 \.\.\. 2, got 3"),
        ({"labels": np.full(90, "cat")}, TypeError, "labels must hold real numbers"),
        ({"images": np.zeros((0, 4)), "labels": []}, ValueError, "images must hold at least one example"),
        ({"images": [[1.0, 2.0], [3.0]]}, TypeError, "images must be a rect.* lists of unequal lengths"),
        ({"images": 3.0}, ValueError, "images must hold at least one example"),
        ({"images": np.zeros((90, 5))}, ValueError, "x must have"),
        ({"rng": 0}, TypeError, "rng must be a numpy Generator"),
        ({"model": "lenet5"}, TypeError, "model must be a cvlib.nn.Layer, got str"),
        ({"optimiser": 0.1}, TypeError, "optimiser must be a cvlib.optim.Optimiser, got float"),
        ({"loss": losses.cross_entropy}, ValueError, "loss must be a pair, got function"),
        ({"loss": (1, 2)}, TypeError, r"loss must be a pair of functions \(.*\), got \(1, 2\)"),
        ({"loss": (losses.cross_entropy, None)}, TypeError, "loss must be a pair of functions"),
        ({"validation": 3}, ValueError, "validation must be a pair, got int"),
        (
            {"validation": (np.zeros((2, 4)), [0])},
            ValueError,
            "validation labels must be as many as validation images",
        ),
    ],
)
def test_fit_refuses(options, error, message):
    images, labels = blobs()
    model = softmax_classifier(4, 3, rng=rng())
    arguments = {"model": model, "images": images, "labels": labels, "num_epochs": 1, "batch_size": 10, "rng": rng(),
                 "optimiser": SGD(model.parameters, lr=0.1)}  # fmt: skip
    with pytest.raises(error, match=message):
        fit(**(arguments | options))


def test_fit_refuses_the_optimiser_of_another_model():
    model, other = (softmax_classifier(4, 3, rng=rng()) for _ in range(2))
    with pytest.raises(
        ValueError, match=r"must hold the model's own arrays, got others for linear\.weight, linear\.bias"
    ):
        fit(model, *blobs(), optimiser=SGD(other.parameters, lr=0.1), num_epochs=1, batch_size=10, rng=rng())


def test_predict_and_accuracy_refuse():
    images, labels = blobs()
    with pytest.raises(
        ValueError, match=r"model must give logits \(N, K\), got an output of shape \(90, 1, 2, 2\)"
    ):
        predict(nn.ReLU(), images)
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        predict(nn.Flatten(), images, batch_size=0)
    with pytest.raises(TypeError, match=r"model must be a cvlib\.nn\.Layer"):
        predict(None, images)
    with pytest.raises(TypeError, match=r"labels must be class indices \(N,\), got float64"):
        accuracy(nn.Flatten(), images, labels.astype(float))
    with pytest.raises(TypeError, match=r"labels must be class indices \(N,\), got int64 of shape \(90, 1\)"):
        accuracy(nn.Flatten(), images, labels[:, None])
    with pytest.raises(ValueError, match="labels must be as many as images, 90, got 89"):
        accuracy(nn.Flatten(), images, labels[1:])


def shifted(images, rng):
    """Return the images, each moved by up to a pixel up or down, left or right."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[2:], axis=(2, 3))
    down, right = rng.integers(0, 3, (2, len(images)))
    return windows[np.arange(len(images)), :, down, right]


def test_lenet5_reaches_97_percent():
    # Seeds 0 to 4 reach 97.9 to 98.5 %: the bar stands far enough below for another machine's rounding.
    data, generator = load_mnist5k(), rng(0)
    model = lenet5(rng=generator)
    adam = Adam(model.parameters, lr=4e-3)
    for lr in np.linspace(4e-3, 4e-4, 10):
        adam.lr = lr
        images = shifted(data.train_images, generator)
        fit(model, images, data.train_labels, optimiser=adam, num_epochs=1, batch_size=32, rng=generator)
    assert accuracy(model, data.test_images, data.test_labels) >= 0.97
