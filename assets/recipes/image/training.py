"""Teaching a small network to see: from a pool of generated images to weights.

Each image teaches up to three lessons: which formula it shows, the numbers that went into it, and what a larger
model sees in it. The training is kept in a file every few minutes, and goes on from there when it was broken off.
"""

import json
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assets.recipes.image.drawing.images import CLASSES, QUALITIES
from assets.recipes.image.teacher import LEVELS, SIDE, Teacher, lesson
from assets.recipes.image.views import View, shown

RATE, WARM_UP, DECAY = 2.5e-3, 0.03, 0.05
SIDES = ((0.0, 96), (0.5, SIDE))  # from which share of the training on, and what the network then sees
WEIGHTS = {"formula": 0.25, "qualities": 0.25, "teacher": 1.0}  # how much each lesson counts
SMOOTHING = 0.1
KEPT_EVERY, REPORTED_EVERY = 180, 20  # seconds; steps


@dataclass(frozen=True)
class Plan:
    """How long, how much at a time, where: `minutes` count where no `steps` are given."""

    minutes: float = 45
    steps: int | None = None
    batch: int = 128
    seed: int = 7
    device: str = "cpu"

    def progress(self, step: int, seconds: float) -> float:
        return step / self.steps if self.steps else seconds / (60 * self.minutes)


def network() -> Any:
    """Bottleneck blocks make a wide end (768 features) cheap on a processor."""
    from transformers import ResNetConfig, ResNetForImageClassification

    sizes, depths = [64, 128, 320, 768], [1, 1, 2, 2]
    config = ResNetConfig(embedding_size=32, hidden_sizes=sizes, depths=depths, layer_type="bottleneck")
    return ResNetForImageClassification(config)  # two labels: the studio puts its own head there


class Training:
    """The network, a head for each lesson, and AdamW; decay is for matrices alone."""

    def __init__(self, answers: dict[str, int], plan: Plan) -> None:
        """`answers`: how many channels a teacher answers with, on each level."""
        import torch
        from torch import nn

        torch.manual_seed(plan.seed)
        self.plan = plan
        self.model = network().to(plan.device, memory_format=torch.channels_last).train()
        sizes = self.model.config.hidden_sizes
        widths = dict(zip(LEVELS, sizes[-2:], strict=True))
        outputs = {"formula": CLASSES, "qualities": len(QUALITIES)}
        heads = {name: nn.Linear(sizes[-1], outs) for name, outs in outputs.items()}
        self.heads = nn.ModuleDict(heads | {name: nn.Conv2d(widths[name], outs, 1) for name, outs in answers.items()})
        self.heads.to(plan.device)
        self.weights = [*self.model.base_model.parameters(), *self.heads.parameters()]
        matrices = [weight for weight in self.weights if weight.ndim > 1]
        vectors = [weight for weight in self.weights if weight.ndim == 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}], lr=0
        )
        self.random = np.random.default_rng(plan.seed)
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

        state = torch.load(path, weights_only=False, map_location=self.plan.device)  # a file of our own
        for name, part in state["parts"].items():
            getattr(self, name).load_state_dict(part)
        for name, value in state["plain"].items():
            setattr(self, name, value)
        self.random.bit_generator.state = state["random"]
        torch.set_rng_state(state["torch"].cpu())

    def next_rows(self, count: int) -> Any:
        """Numbers of the next images: every image once before any comes again."""
        import torch

        batch = self.plan.batch
        if len(self.order) < batch:
            self.order = self.random.permutation(count)
        rows, self.order = np.sort(self.order[:batch]), self.order[batch:]
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
        if self.step % REPORTED_EVERY == 1:  # not after every step: a GPU would have to wait for the answer
            for name, loss in losses.items():
                self.losses[name] = 0.8 * self.losses.get(name, float(loss.detach())) + 0.2 * float(loss.detach())


def train(
    pool: dict[str, Any], teacher: Teacher | None, plan: Plan, kept: Path | None = None
) -> tuple[Any, dict[str, Any]]:
    """(the network, an account of its training). A short warm-up, then a cosine to zero; on a GPU in bfloat16."""
    import torch

    training = Training(teacher.widths if teacher else {}, plan)
    if kept and kept.is_file():
        training.restore(kept)
    pixels, classes, qualities = (held(pool[name], plan.device) for name in ("pixels", "classes", "qualities"))
    clock = saved = time.monotonic()
    while True:
        now = time.monotonic()
        training.seconds, clock = training.seconds + now - clock, now
        progress = plan.progress(training.step, training.seconds)
        if progress >= 1:
            break
        rows = training.next_rows(len(classes)).to(classes.device)
        side = [side for begin, side in SIDES if progress >= begin][-1]
        view = shown(pixels[rows], SIDE)
        with torch.autocast(plan.device, torch.bfloat16, enabled=plan.device != "cpu"):
            seen = training.model.base_model(resized(view.pixels, side), output_hidden_states=True)
            found = seen.pooler_output.flatten(1)
            losses = lessons(training.heads, found, classes[rows], qualities[rows], view)
            if teacher:
                maps = dict(zip(LEVELS, seen.hidden_states[-2:], strict=True))
                losses["teacher"] = lesson(training.heads, maps, teacher(view.pixels), teacher.pooled_deviation)
        rate = RATE * min(1, progress / WARM_UP + 0.01) * 0.5 * (1 + float(np.cos(np.pi * progress)))
        training.advance(losses, rate)
        if training.step % 100 == 0:
            rounded = {name: round(value, 3) for name, value in training.losses.items()}
            print(json.dumps({"step": training.step, "seconds": round(training.seconds), **rounded}), flush=True)
        if kept and now - saved > KEPT_EVERY:
            training.keep(kept)
            saved = now
    account = {
        "steps": training.step,
        "minutes": round(training.seconds / 60, 1),
        "losses": training.losses,
        "device": plan.device,
        "machine": f"one {torch.cuda.get_device_name()}" if plan.device == "cuda" else "a processor",
    }
    return training.model.cpu().eval(), account


def held(array: Any, device: str) -> Any:
    """A tensor on the device; on a processor what lies on the disk stays there, mapped into memory."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that it cannot be written to: nothing here does
        return torch.from_numpy(array).to(device)


def resized(views: Any, side: int) -> Any:
    from torch.nn import functional

    if views.shape[-1] == side:
        return views
    return functional.interpolate(views, (side, side), mode="area")


def lessons(heads: Any, found: Any, classes: Any, qualities: Any, view: View) -> dict[str, Any]:
    """What an image's formula teaches. A mirrored image's numbers are not its own any more, and a blended one has
    those of two, so they are left out; the formulas of a blend count by their shares."""
    from torch.nn import functional

    said = heads["formula"](found)
    own, other = (
        functional.cross_entropy(said, named, label_smoothing=SMOOTHING, reduction="none")
        for named in (classes, classes[view.partner])
    )
    whole = ~view.mirrored & (view.share == 1)
    wrong = (heads["qualities"](found) - qualities).square().mean(dim=1)
    return {
        "formula": (view.share * own + (1 - view.share) * other).mean(),
        "qualities": (wrong * whole).sum() / whole.sum().clamp(min=1),
    }
