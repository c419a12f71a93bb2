"""What a step makes smaller: the model's own loss, or one put together from the settings.

Label smoothing: Szegedy et al. 2016 (arXiv:1512.00567). Focal loss: Lin et al. 2017 (arXiv:1708.02002). R-Drop: Wu et
al. 2021 (arXiv:2106.14448). MixUp: Zhang et al. 2018 (arXiv:1710.09412). CutMix: Yun et al. 2019 (arXiv:1905.04899).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import kl_div, log_softmax, one_hot

from studio.engine.forward import Forward
from studio.training import TrainingOptions

Objective = Callable[[Forward, Sequence[int]], torch.Tensor]
"""(forward, rows of the training part) -> the mean loss over the rows, a scalar with gradients."""


def own_loss(forward: Forward, rows: Sequence[int]) -> torch.Tensor:
    """The loss that the model itself computes (cross-entropy, for a classifier)."""
    loss: torch.Tensor = forward("train", rows).loss
    return loss


def objective(training: TrainingOptions, counts: Sequence[int]) -> Objective:
    """What the settings ask for. counts: training examples of each class, in the order of the model's outputs."""
    wrongness = Wrongness(
        gamma=training.focal_gamma if training.loss == "focal" else 0.0,
        smoothing=training.label_smoothing,
        weights=balanced(counts) if training.class_weights == "balanced" else None,
    )
    if wrongness == Wrongness() and not (training.r_drop or training.mixup or training.cutmix):
        return own_loss
    mix = mixing(training, len(counts))

    def loss(forward: Forward, rows: Sequence[int]) -> torch.Tensor:
        if mix is None:
            answers = [forward.with_targets("train", rows)]
            if training.r_drop:
                answers.append(forward.with_targets("train", rows))
        else:
            batch = forward.load("train", rows)
            batch["pixel_values"], targets = mix(batch["pixel_values"], batch.pop("labels"))
            answers = [(forward.model(**batch), targets) for _ in range(2 if training.r_drop else 1)]
        logits = [output.logits.float() for output, _ in answers]
        total = torch.stack([wrongness(each, answers[0][1]) for each in logits]).mean()
        return total + training.r_drop * disagreement(*logits) if training.r_drop else total

    return loss


@dataclass(frozen=True)
class Wrongness:
    """The mean loss of logits (rows, classes) under labels (rows,), or shares of the classes (rows, classes).

    With y the smoothed shares, p the softmax and w the weights: sum of w y (1 - p)^gamma (-log p), over all rows and
    classes, divided by the sum of the rows' own weights, as PyTorch's weighted cross-entropy is for gamma = 0.
    """

    gamma: float = 0.0
    smoothing: float = 0.0
    weights: tuple[float, ...] | None = None

    def __call__(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        classes = logits.shape[-1]
        shares = one_hot(labels, classes).to(logits.dtype) if labels.ndim == 1 else labels
        weights = torch.tensor(self.weights or [1.0] * classes, device=logits.device, dtype=logits.dtype)
        logs = log_softmax(logits, dim=-1)
        smooth = (1 - self.smoothing) * shares + self.smoothing / classes
        each = -weights * smooth * logs * (1 - logs.exp()).clamp(min=0) ** self.gamma
        return each.sum() / (weights * shares).sum()


def disagreement(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The mean of both Kullback-Leibler divergences between two answers (rows, classes), over the rows."""
    p, q = log_softmax(one, dim=-1), log_softmax(other, dim=-1)
    both = kl_div(p, q, reduction="batchmean", log_target=True) + kl_div(q, p, reduction="batchmean", log_target=True)
    return both / 2


def balanced(counts: Sequence[int]) -> tuple[float, ...]:
    """all / (classes x examples of the class), as scikit-learn balances; a class without examples has weight 1."""
    return tuple(sum(counts) / (len(counts) * count) if count else 1.0 for count in counts)


def mixing(training: TrainingOptions, classes: int) -> Callable[[Any, Any], tuple[Any, Any]] | None:
    """(pictures, labels) -> (mixed pictures, shares of the classes); one way a batch, by chance where both are on."""
    from torchvision.transforms import v2

    ways: list[Any] = []
    if training.mixup:
        ways.append(v2.MixUp(alpha=training.mixup, num_classes=classes))
    if training.cutmix:
        ways.append(v2.CutMix(alpha=training.cutmix, num_classes=classes))
    if not ways:
        return None
    return v2.RandomChoice(ways) if len(ways) > 1 else ways[0]
