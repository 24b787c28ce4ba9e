"""Teacher and student: sizes by hand, the loss against SciPy, and a student who learns more from a teacher."""

import re

import numpy as np
import pytest
from scipy import special
from slopes import check_gradients, shake
from strategies import normal

from cvlib import nn
from cvlib.data import load_digits8
from cvlib.models import student_net, teacher_logits, teacher_net, teacher_student_loss
from cvlib.optim import Adam
from cvlib.train import accuracy, fit

F64 = {"dtype": np.float64}
each_net = pytest.mark.parametrize("build", [teacher_net, student_net])


def rng(seed=0):
    return np.random.default_rng(seed)


@each_net
@pytest.mark.parametrize(("channels", "size"), [(1, 4), (2, 7)])
def test_gradients(build, channels, size):
    """In inference, where no number falls out."""
    model = build(rng=rng(), in_channels=channels, image_size=size, num_classes=3, **F64)
    check_gradients(shake(model), normal(3, channels, size, size), eps=1e-7, rtol=1e-5)


def test_parameters_by_hand():
    teacher, student = (nn.summary(build(rng=rng()), (1, 28, 28)) for build in (teacher_net, student_net))
    assert teacher.parameters == 32 * 10 + 64 * (32 * 9 + 1) + 128 * (64 * 49 + 1) + 10 * 129 == 421_642
    assert student.parameters == 32 * 785 + 10 * 33 == 25_450
    assert teacher.macs == 784 * 32 * 9 + 196 * 64 * 288 + 64 * 49 * 128 + 1280
    assert student.macs == 32 * 784 + 320


@each_net
def test_shapes_types_and_seeds(build):
    images = np.ones((2, 3, 9, 9), np.float32)
    options = {"in_channels": 3, "image_size": 9, "num_classes": 4}
    one, two, other = (build(rng=rng(seed), **options) for seed in (1, 1, 2))
    assert (one(images).shape, one(images).dtype) == ((2, 4), np.float32)
    assert one.output_shape((3, 9, 9)) == (4,)
    np.testing.assert_array_equal(one(images), two(images))
    assert (one(images) != other(images)).any()


def test_the_teacher_drops_out_while_training_only():
    teacher, images = teacher_net(rng=rng(), image_size=8), np.ones((2, 1, 8, 8), np.float32)
    np.testing.assert_array_equal(teacher(images), teacher(images))
    assert (teacher.forward(images, training=True) != teacher(images)).any()


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_the_teachers_logits_in_batches(batch_size):
    teacher, images = teacher_net(rng=rng(), image_size=8), rng().uniform(size=(7, 1, 8, 8))
    logits = teacher_logits(teacher, images, batch_size=batch_size)
    assert logits.dtype == np.float32  # the teacher's, not the images'
    np.testing.assert_allclose(logits, teacher(images.astype(np.float32)), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(teacher_logits(nn.Flatten(), images)[:, :8], images[:, 0, 0])


@pytest.mark.parametrize(("temperature", "alpha"), [(1, 0.5), (4, 0.9), (2.5, 1), (3, 0)])
def test_the_loss_by_scipy(temperature, alpha):
    loss, loss_backward = teacher_student_loss(temperature=temperature, alpha=alpha)
    z, v, y = 3 * normal(5, 4), 3 * normal(5, 4, seed=1), np.array([0, 3, 2, 2, 1])
    log_q, log_p = (special.log_softmax(x / temperature, axis=1) for x in (v, z))
    soft = np.sum(np.exp(log_q) * (log_q - log_p)) / 5
    hard = -special.log_softmax(z, axis=1)[range(5), y].mean()
    assert loss(z, (v, y)) == pytest.approx(alpha * temperature**2 * soft + (1 - alpha) * hard, rel=1e-12)
    p, q = np.exp(log_p), np.exp(log_q)
    dz = alpha * temperature * (p - q) + (1 - alpha) * (special.softmax(z, axis=1) - np.eye(4)[y])
    np.testing.assert_allclose(loss_backward(z, (v, y), 3.0), 3 * dz / 5, atol=1e-14)
    if alpha == 1:
        assert loss(z, v) == loss(z, (v, y))
        np.testing.assert_array_equal(loss_backward(z, v), loss_backward(z, (v, y)))


# Training


def trained(student, images, targets, *, num_epochs, seed, **options):
    adam = Adam(student.parameters, lr=2e-3)
    fit(
        student,
        images,
        targets,
        optimiser=adam,
        num_epochs=num_epochs,
        batch_size=32,
        rng=rng(seed),
        **options,
    )
    return student


def test_a_student_learns_more_from_a_teacher_than_from_few_labels():
    """40 labelled digits of 8 x 8, or what the teacher says of all 1,437, without any label."""
    data, seed = load_digits8(), 1
    few = slice(40)
    images, test = data.train_images, (data.test_images, data.test_labels)
    teacher = trained(
        teacher_net(rng=rng(seed), image_size=8), images, data.train_labels, num_epochs=6, seed=2
    )
    assert accuracy(teacher, *test) > 0.95
    students = [student_net(rng=rng(3), image_size=8) for _ in range(2)]
    alone = trained(students[0], images[few], data.train_labels[few], num_epochs=200, seed=4)
    taught = trained(
        students[1], images, teacher_logits(teacher, images), num_epochs=10, seed=4,
        loss=teacher_student_loss(temperature=4, alpha=1),
    )  # fmt: skip
    assert accuracy(taught, *test) > accuracy(alone, *test) + 0.05


# What they refuse


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: teacher_net(rng=rng(), image_size=3), ValueError, "image_size must be at least 4, got 3"),
        (lambda: student_net(rng=rng(), image_size=0), ValueError, "image_size must be at least 1, got 0"),
        (lambda: student_net(rng=rng(), in_channels=0), ValueError, "in_channels must be at least 1, got 0"),
        (lambda: student_net(rng=rng(), hidden_size=0), ValueError, "out_features must be at least 1, got 0"),
        (lambda: teacher_net(rng=rng(), num_classes=0), ValueError, "out_features must be at least 1, got 0"),
        (lambda: teacher_net(rng=3), TypeError, "rng must be a numpy Generator"),
        (lambda: student_net(rng=rng(), dtype=int), TypeError, "dtype must be float32 or float64"),
        (lambda: teacher_logits(3, np.ones((1, 1))), TypeError, "teacher must be a cvlib.nn.Layer, got int"),
        (lambda: teacher_logits(nn.Flatten(), np.ones((0, 1))), ValueError, "images must be a batch (N, ...) of at"),
        (lambda: teacher_logits(nn.Flatten(), [1.0]), ValueError, "images must be a batch (N, ...) of at least one"),
        (lambda: teacher_logits(nn.Flatten(), [["a"]]), TypeError, "images must hold real numbers"),
        (lambda: teacher_logits(nn.Flatten(), [[1.0]], batch_size=0), ValueError, "batch_size must be at least 1"),
        (lambda: teacher_logits(nn.ReLU(), np.ones((1, 1, 2))), ValueError, "got an output of shape (1, 1, 2)"),
        (lambda: teacher_student_loss(temperature=0, alpha=1), ValueError, "temperature must be a finite number above"),
        (lambda: teacher_student_loss(temperature=1, alpha=2), ValueError, "alpha must lie in [0, 1], got 2"),
        (lambda: teacher_student_loss(temperature="1", alpha=1), TypeError, "temperature must be a number"),
        (lambda: loss([[1.0, 2.0]]), ValueError, "labels must be given unless alpha is 1, got None and alpha 0.5"),
        (lambda: loss(([[1.0, 2.0]],)), ValueError, "targets must be a pair (teacher's logits, labels), got 1 arrays"),
        (lambda: loss(([[1.0]], [0])), ValueError, "teacher_logits must have shape (1, 2), got (1, 1)"),
    ],
)  # fmt: skip
def test_they_refuse(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def loss(targets):
    return teacher_student_loss(temperature=2, alpha=0.5)[0]([[1.0, 2.0]], targets)
