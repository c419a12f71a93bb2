"""Losses beside formulas written down elsewhere: PyTorch's own, scikit-learn's, and the papers' by hand."""

from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional
from trained import Finished, Workers, assert_same_training, open_session, pause_held, state_of

from studio.engine.objective import ClassLoss, balanced, class_loss, mixing, objective, symmetric_kl, task_loss
from studio.tasks.base import Batch
from studio.training import TrainingOptions
from studio.training.losses import LOSSES
from studio.training.losses.base import LossChoice
from studio.training.losses.focal import focal

LOGITS = torch.randn(9, 4, generator=torch.Generator().manual_seed(1))
LABELS = torch.tensor([0, 1, 2, 3, 0, 1, 2, 0, 0])
WEIGHTS = (0.5, 2.0, 1.0, 3.0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_entropy_is_pytorch_s(smoothing: float, weights: tuple[float, ...] | None) -> None:
    theirs = functional.cross_entropy(
        LOGITS, LABELS, weight=torch.tensor(weights) if weights else None, label_smoothing=smoothing
    )
    torch.testing.assert_close(ClassLoss(smoothing=smoothing, weights=weights)(LOGITS, LABELS).mean, theirs)


def test_shares_of_classes_are_targets_too() -> None:
    shares = torch.softmax(torch.randn(9, 4, generator=torch.Generator().manual_seed(2)), dim=1)
    torch.testing.assert_close(ClassLoss()(LOGITS, shares).mean, functional.cross_entropy(LOGITS, shares))


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_loss_is_the_paper_s(gamma: float) -> None:
    right = torch.softmax(LOGITS, dim=1)[torch.arange(9), LABELS]
    ours = ClassLoss(partial(focal, gamma=gamma))(LOGITS, LABELS).mean
    torch.testing.assert_close(ours, (-((1 - right) ** gamma) * right.log()).mean())


def test_focal_loss_of_two_classes_is_torchvision_s() -> None:
    from torchvision.ops import sigmoid_focal_loss

    score, labels = LOGITS[:, 0], LABELS % 2
    both = torch.stack([torch.zeros_like(score), score], dim=1)
    theirs = sigmoid_focal_loss(score, labels.float(), alpha=-1, gamma=2.0, reduction="mean")
    torch.testing.assert_close(ClassLoss(partial(focal, gamma=2.0))(both, labels).mean, theirs)


def test_a_certain_answer_has_gradients_under_focal_loss() -> None:
    sure = torch.tensor([[60.0, -60.0]], requires_grad=True)
    ClassLoss(partial(focal, gamma=0.5))(sure, torch.tensor([0])).mean.backward()
    assert sure.grad is not None and torch.isfinite(sure.grad).all()


def test_weights_are_scikit_learn_s() -> None:
    labels = numpy.array([0] * 7 + [1] * 2 + [2])
    theirs = compute_class_weight("balanced", classes=numpy.arange(3), y=labels)
    assert balanced([7, 2, 1]) == pytest.approx(theirs) and balanced([4, 0])[1] == 1.0


def test_symmetric_kl_is_the_mean_of_both_divergences() -> None:
    other = LOGITS.flip(0)
    p, q = torch.softmax(LOGITS, 1), torch.softmax(other, 1)
    by_hand = (((p * (p / q).log()).sum() + (q * (q / p).log()).sum()) / 2) / 9
    torch.testing.assert_close(symmetric_kl(LOGITS, other), by_hand)
    assert float(symmetric_kl(LOGITS, LOGITS)) == pytest.approx(0, abs=1e-7)


def test_nothing_chosen_is_the_task_s_own_loss() -> None:
    assert objective(TrainingOptions(), [3, 4]) is task_loss


class Forward:
    """Answers from a list, as a model under dropout would: another one each time."""

    def __init__(self, *answers: torch.Tensor) -> None:
        self.answers = list(answers)

    @contextmanager
    def running(self, split: str, rows: Any) -> Any:
        yield Batch({"labels": LABELS}, [])

    def model(self, **tensors: Any) -> Any:
        return SimpleNamespace(logits=self.answers.pop(0))


@pytest.mark.parametrize("choice", LOSSES, ids=lambda choice: choice.name)
def test_every_loss_that_can_be_chosen_falls_as_the_answer_gets_right(choice: LossChoice) -> None:
    loss = class_loss(TrainingOptions(loss=choice.name), [3, 4])
    worse, better = (float(loss(torch.tensor([[sure, 0.0]]), torch.tensor([0])).mean) for sure in (-1.0, 2.0))
    assert 0 < better < worse and set(choice.reads) <= set(TrainingOptions.model_fields)


@pytest.mark.parametrize("pieces", [1, 2, 4, 9])
def test_a_step_in_pieces_has_the_loss_and_gradient_of_the_whole(pieces: int) -> None:
    """Weighted classes make unlike batches: sums and units add up, means would not."""
    whole = LOGITS.clone().requires_grad_()
    loss = ClassLoss(weights=WEIGHTS)
    loss(whole, LABELS).mean.backward()
    cut = LOGITS.clone().requires_grad_()
    losses = [loss(*some) for some in zip(cut.tensor_split(pieces), LABELS.tensor_split(pieces), strict=True)]
    total, units = sum(each.total for each in losses), sum(each.units for each in losses)
    (total / units).backward()
    torch.testing.assert_close(cut.grad, whole.grad)
    torch.testing.assert_close(total / units, loss(LOGITS, LABELS).mean)


def test_r_drop_asks_twice() -> None:
    other = LOGITS.flip(0)
    loss = objective(TrainingOptions(r_drop=3.0), [1, 1, 1, 1])(Forward(LOGITS, other), range(9))  # type: ignore[arg-type]
    halves = (functional.cross_entropy(LOGITS, LABELS) + functional.cross_entropy(other, LABELS)) / 2
    torch.testing.assert_close(loss.mean, halves + 3.0 * symmetric_kl(LOGITS, other))


@pytest.mark.parametrize("way", ["mixup", "cutmix"])
def test_images_are_mixed_with_their_labels(way: str) -> None:
    mix = mixing(TrainingOptions(**{way: 1.0}), 2)
    assert mix is not None
    torch.manual_seed(3)
    images = torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)])
    mixed, shares = mix(images, torch.tensor([0, 1]))
    assert shares.shape == (2, 2) and torch.allclose(shares.sum(1), torch.ones(2))
    assert torch.allclose(mixed.mean((1, 2, 3)), shares[:, 1], atol=1e-5)  # as much of the second as its label says


def test_mixed_images_are_not_recorded(finished: Finished) -> None:
    session = open_session(finished.new("image", mixup=0.2, cutmix=1.0))
    cache = session.loop.forward.cache
    assert cache is not None and cache.splits == {"validation"}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("image", {"mixup": 0.4, "cutmix": 1.0, "label_smoothing": 0.1}),
        ("full", {"r_drop": 1.0, "gradient_noise": 0.01, "l2_sp": 0.01, "l1": 1e-5, "averaging": "ema"}),
    ],
)
def test_paused_and_resumed_to_the_bit(
    name: str, settings: dict[str, Any], finished: Finished, workers: Workers
) -> None:
    whole, run = (finished.new(name, epochs=4, **settings) for _ in range(2))
    assert workers.work(whole).status == "completed", whole.worker_log.read_text(encoding="utf-8")
    pause_held(run, workers.start_and_hold(run, 9))
    assert run.state().status == "paused"
    assert workers.work(run).status == "completed"
    assert_same_training(run, whole)
    assert [loss for _, loss in state_of(run).train] != [loss for _, loss in state_of(finished[name]).train]
