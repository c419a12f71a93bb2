"""What a step makes smaller: the task's own loss, or one put together from the settings.

Label smoothing: Szegedy et al. 2016 (arXiv:1512.00567). R-Drop: Wu et al. 2021 (arXiv:2106.14448). MixUp: Zhang et al.
2018 (arXiv:1710.09412). CutMix: Yun et al. 2019 (arXiv:1905.04899).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import kl_div, log_softmax, one_hot

from studio.engine.forward import Forward
from studio.tasks.base import Loss
from studio.tasks.texts import IGNORED
from studio.training import TrainingOptions
from studio.training.losses import LOSSES
from studio.training.losses.cross_entropy import negative_log

Objective = Callable[[Forward, Sequence[int]], Loss]
"""(forward, rows of the training split) -> the loss of the rows, with gradients."""


def task_loss(forward: Forward, rows: Sequence[int]) -> Loss:
    """The loss that the task names, usually the model's own."""
    return forward("train", rows)


def objective(training: TrainingOptions, counts: Sequence[int]) -> Objective:
    """What the settings ask for. counts: training examples of each class, in the order of the model's outputs."""
    classes = class_loss(training, counts)
    if classes == ClassLoss() and not (training.r_drop or training.mixup or training.cutmix):
        return task_loss
    mix = mixing(training, len(counts))

    def loss(forward: Forward, rows: Sequence[int]) -> Loss:
        passes = 2 if training.r_drop else 1  # twice under dropout
        if mix is None:
            answers = [logits_and_labels(forward, rows) for _ in range(passes)]
        else:
            batch = forward.load("train", rows)
            labels = batch.tensors.pop("labels")
            batch.tensors["pixel_values"], labels = mix(batch.tensors["pixel_values"], labels)
            answers = [(forward.model(**batch.tensors).logits.float(), labels) for _ in range(passes)]
        logits = [each for each, _ in answers]
        losses = [classes(each, answers[0][1]) for each in logits]
        total = torch.stack([each.total for each in losses]).mean()
        units = losses[0].units
        if training.r_drop:
            total = total + training.r_drop * symmetric_kl(*logits) * units
        return Loss(total, units)

    return loss


def logits_and_labels(forward: Forward, rows: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """(places, classes) and (places,): an example has one place, or one for each token that has a label."""
    with forward.running("train", rows) as batch:
        logits, labels = forward.model(**batch.tensors).logits.float(), batch.tensors["labels"]
    counted = labels != IGNORED
    return logits[counted], labels[counted]


@dataclass(frozen=True)
class ClassLoss:
    """Of logits (places, classes) under labels (places,), or shares of the classes (places, classes).

    With y the smoothed shares, c the costs and w the weights of the classes: the sum of w y c over all places and
    classes; its units are the sum of the places' own weights, so that the mean is that of PyTorch's weighted
    cross-entropy for c = -log p.
    """

    costs: Callable[[torch.Tensor], torch.Tensor] = negative_log  # of log probabilities
    smoothing: float = 0.0
    weights: tuple[float, ...] | None = None

    def __call__(self, logits: torch.Tensor, labels: torch.Tensor) -> Loss:
        classes = logits.shape[-1]
        shares = one_hot(labels, classes).to(logits.dtype) if labels.ndim == 1 else labels
        weights = torch.tensor(self.weights or [1.0] * classes, device=logits.device, dtype=logits.dtype)
        logs = log_softmax(logits, dim=-1)
        smooth = (1 - self.smoothing) * shares + self.smoothing / classes
        each = weights * smooth * self.costs(logs)
        return Loss(each.sum(), (weights * shares).sum())


def class_loss(training: TrainingOptions, counts: Sequence[int]) -> ClassLoss:
    """counts: training examples of each class."""
    weights = balanced(counts) if training.class_weights == "balanced" else None
    return ClassLoss(LOSSES[training.loss].costs(training), training.label_smoothing, weights)


def symmetric_kl(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The mean of both Kullback-Leibler divergences between two answers (places, classes), over the places."""
    p, q = log_softmax(one, dim=-1), log_softmax(other, dim=-1)
    both = kl_div(p, q, reduction="batchmean", log_target=True) + kl_div(q, p, reduction="batchmean", log_target=True)
    return both / 2


def balanced(counts: Sequence[int]) -> tuple[float, ...]:
    """all / (classes x examples of the class), as scikit-learn balances; a class without examples has weight 1."""
    return tuple(sum(counts) / (len(counts) * count) if count else 1.0 for count in counts)


def mixing(training: TrainingOptions, classes: int) -> Callable[[Any, Any], tuple[Any, Any]] | None:
    """(images, labels) -> (mixed images, shares of the classes); one way a batch, by chance where both are on."""
    from torchvision.transforms import v2

    ways: list[Any] = []
    if training.mixup:
        ways.append(v2.MixUp(alpha=training.mixup, num_classes=classes))
    if training.cutmix:
        ways.append(v2.CutMix(alpha=training.cutmix, num_classes=classes))
    if not ways:
        return None
    return v2.RandomChoice(ways) if len(ways) > 1 else ways[0]
