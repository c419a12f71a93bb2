"""Teaching a small network to see: from a pool of generated pictures to weights.

Each picture teaches up to three lessons: which formula it shows, the numbers that went into it, and what a larger
model sees in it. The training is kept in a file every few minutes, and goes on from there when it was broken off.
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.models.starters.image_teacher import LEVELS, SIDE, Teacher, lesson
from studio.models.starters.pictures import CLASSES, QUALITIES

BATCH = 128
RATE, WARM_UP, DECAY = 2.5e-3, 0.03, 0.05
SIDES = ((0.0, 64), (0.6, SIDE))  # from which share of the training on, and what the network then sees
WEIGHTS = {"formula": 0.25, "qualities": 0.25, "teacher": 1.0}  # how much each lesson counts
SMOOTHING = 0.1
KEPT_EVERY = 180  # seconds


def network() -> Any:
    """Bottleneck blocks make a wide end (768 features) cheap on a processor."""
    from transformers import ResNetConfig, ResNetForImageClassification

    sizes, depths = [64, 128, 320, 768], [1, 1, 2, 2]
    config = ResNetConfig(embedding_size=32, hidden_sizes=sizes, depths=depths, layer_type="bottleneck")
    return ResNetForImageClassification(config)  # two labels: the studio puts its own head there


class Training:
    """The network, a head for each lesson, and AdamW; decay is for matrices alone."""

    def __init__(self, answers: dict[str, int], seed: int) -> None:
        """`answers`: how many channels a teacher answers with, on each level."""
        import torch
        from torch import nn

        torch.manual_seed(seed)
        self.model = network().to(memory_format=torch.channels_last).train()
        sizes = self.model.config.hidden_sizes
        widths = dict(zip(LEVELS, sizes[-2:], strict=True))
        outputs = {"formula": CLASSES, "qualities": len(QUALITIES)}
        heads = {name: nn.Linear(sizes[-1], outs) for name, outs in outputs.items()}
        self.heads = nn.ModuleDict(heads | {name: nn.Conv2d(widths[name], outs, 1) for name, outs in answers.items()})
        self.weights = [*self.model.base_model.parameters(), *self.heads.parameters()]
        matrices = [weight for weight in self.weights if weight.ndim > 1]
        vectors = [weight for weight in self.weights if weight.ndim == 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}], lr=0
        )
        self.random = np.random.default_rng(seed)
        self.order = np.empty(0, np.int64)
        self.step, self.seconds = 0, 0.0
        self.losses: dict[str, float] = {}

    def keep(self, path: Path) -> None:
        import torch

        parts = {name: getattr(self, name).state_dict() for name in ("model", "heads", "optimizer")}
        plain = {name: getattr(self, name) for name in ("order", "step", "seconds", "losses")}
        chances = {"random": self.random.bit_generator.state, "torch": torch.get_rng_state()}
        torch.save({"parts": parts, "plain": plain, **chances}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def restore(self, path: Path) -> None:
        import torch

        state = torch.load(path, weights_only=False)  # a file of our own
        for name, part in state["parts"].items():
            getattr(self, name).load_state_dict(part)
        for name, value in state["plain"].items():
            setattr(self, name, value)
        self.random.bit_generator.state = state["random"]
        torch.set_rng_state(state["torch"])

    def next_rows(self, count: int) -> Any:
        """Numbers of the next pictures: every picture once before any comes again."""
        import torch

        if len(self.order) < BATCH:
            self.order = self.random.permutation(count)
        rows, self.order = np.sort(self.order[:BATCH]), self.order[BATCH:]
        return torch.from_numpy(rows)

    def advance(self, losses: dict[str, Any], rate: float) -> None:
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        sum(WEIGHTS[name] * loss for name, loss in losses.items()).backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 5.0)
        self.optimizer.step()
        self.step += 1
        for name, loss in losses.items():
            self.losses[name] = 0.99 * self.losses.get(name, float(loss.detach())) + 0.01 * float(loss.detach())


def train(
    pool: dict[str, Any],
    teacher: Teacher | None,
    minutes: float,
    steps: int | None,
    seed: int,
    kept: Path | None = None,
) -> tuple[Any, dict[str, Any]]:
    """(the network, an account of its training). A short warm-up, then a cosine to zero, over `steps` or `minutes`."""
    import torch

    training = Training(teacher.widths if teacher else {}, seed)
    if kept and kept.is_file():
        training.restore(kept)
    classes, qualities = torch.from_numpy(pool["classes"]), torch.from_numpy(pool["qualities"])
    clock = saved = time.monotonic()
    while True:
        now = time.monotonic()
        training.seconds, clock = training.seconds + now - clock, now
        progress = training.step / steps if steps else training.seconds / (60 * minutes)
        if progress >= 1:
            break
        rows = training.next_rows(len(classes))
        side = [side for begin, side in SIDES if progress >= begin][-1]
        view, mirrored = varied(torch.from_numpy(pool["pixels"][rows.numpy()]), SIDE)
        seen = training.model.base_model(resized(view, side), output_hidden_states=True)
        losses = lessons(training.heads, seen.pooler_output.flatten(1), classes[rows], qualities[rows], mirrored)
        if teacher:
            maps = dict(zip(LEVELS, seen.hidden_states[-2:], strict=True))
            losses["teacher"] = lesson(training.heads, maps, teacher(view), teacher.pooled_deviation)
        rate = RATE * min(1, progress / WARM_UP + 0.01) * 0.5 * (1 + float(np.cos(np.pi * progress)))
        training.advance(losses, rate)
        if training.step % 100 == 0:
            shown = {name: round(value, 3) for name, value in training.losses.items()}
            print(json.dumps({"step": training.step, "seconds": round(training.seconds), **shown}), flush=True)
        if kept and now - saved > KEPT_EVERY:
            training.keep(kept)
            saved = now
    account = {"steps": training.step, "minutes": round(training.seconds / 60, 1), "losses": training.losses}
    return training.model.eval(), account


def lessons(heads: Any, found: Any, classes: Any, qualities: Any, mirrored: Any) -> dict[str, Any]:
    """What a picture's formula teaches. A mirrored picture's numbers are not its own any more, so they are left out."""
    from torch.nn import functional

    wrong = (heads["qualities"](found) - qualities).square().mean(dim=1)
    return {
        "formula": functional.cross_entropy(heads["formula"](found), classes, label_smoothing=SMOOTHING),
        "qualities": (wrong * ~mirrored).sum() / (~mirrored).sum().clamp(min=1),
    }


def varied(pixels: Any, side: int) -> tuple[Any, Any]:
    """A random part of every picture, turned a little and mirrored in half of the cases; (batch, which were)."""
    import torch
    from torch.nn import functional

    count = len(pixels)
    mirrored = torch.rand(count) < 0.5
    scale = torch.empty(count).uniform_(0.75, 1)
    stretch = torch.empty(count).uniform_(-0.1, 0.1).exp()
    turn = torch.empty(count).uniform_(-0.12, 0.12)
    move = torch.empty(2, count).uniform_(-1, 1) * (1 - scale)
    across, down = scale * stretch * torch.where(mirrored, -1.0, 1.0), scale / stretch
    rows = [across * turn.cos(), -down * turn.sin(), move[0], across * turn.sin(), down * turn.cos(), move[1]]
    places = functional.affine_grid(torch.stack(rows, dim=1).view(count, 2, 3), [count, 3, side, side], False)
    seen = functional.grid_sample(as_numbers(pixels), places, padding_mode="reflection", align_corners=False)
    return seen.contiguous(memory_format=torch.channels_last), mirrored


def resized(views: Any, side: int) -> Any:
    from torch.nn import functional

    if views.shape[-1] == side:
        return views
    return functional.interpolate(views, (side, side), mode="area")


def as_numbers(pixels: Any) -> Any:
    """From bytes (n, side, side, 3) to what networks read: (n, 3, side, side), from -1 to 1."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
