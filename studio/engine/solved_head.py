"""The head of a model solved instead of trained: what enters it is collected once, and its best weights computed."""

from collections.abc import Callable, Sequence

import numpy
import torch
from torch import nn

from studio.engine import ranks
from studio.engine.batching import evaluation_batches
from studio.engine.callbacks.base import StepResult
from studio.engine.forward import Forward
from studio.engine.linear_head import LinearHead, solve
from studio.engine.loop import Loop, not_finite
from studio.engine.replay import BoundaryReached
from studio.engine.reporting import Interrupted, Reporter
from studio.errors import StudioError
from studio.language import _, sentences
from studio.models.heads import label_layers

BATCH = 64
MOST_SCORES = 100_000_000  # rows times classes: the solver holds several tables of so many numbers
TOLERANCE = 2e-2  # of probabilities: the layer may compute in a coarse number format


class SolvedHead:
    """The first step of a training: the best weights of the last layer for what enters it now.

    Raises StudioError where the last layer is not one linear layer that gives the probabilities of classes.
    """

    def __init__(self, seed: int, reporter: Reporter) -> None:
        self._seed = seed
        self._reporter = reporter

    def __call__(self, loop: Loop) -> StepResult | None:
        def progress(done: int, total: int) -> None:
            self._reporter.phase("training", _("Solving the head."), done, total)

        try:
            head, loss, rows = solve_head(loop.forward, self._seed, progress)
        except Interrupted as interruption:
            if interruption.command == "stop":
                raise  # nothing is trained yet: the run ends without a model
            loop.pausing = True
            return None
        finally:
            loop.train_mode()
        self._reporter.note(said_of(head))
        return StepResult(loss, rows, 0.0)


def said_of(head: LinearHead) -> str:
    """What cross-validation found, in words."""
    if head.accuracy is None:
        return _("The head was solved. There are too few examples of each class to say how well it does.")
    found = _(
        "The head was solved: in cross-validation {share:.1%} of the training examples came out right, give or take "
        "{noise:.1%}.",
        share=head.accuracy,
        noise=head.noise,
    )
    return sentences(found, _("Rare classes count more.")) if head.is_balanced else found


def solve_head(forward: Forward, seed: int, progress: Callable[[int, int], None]) -> tuple[LinearHead, float, int]:
    """Write the best weights into the model's last layer; with their loss on the training rows, and how many these are.

    progress: called with (done, all) rows; may raise to interrupt. Leaves the model in eval mode. The same weights in
    every process.
    """
    layer = last_layer(forward.model)
    rows = len(forward.prepared.examples["train"])
    if rows * layer.out_features > MOST_SCORES:
        raise too_large(rows, layer.out_features)
    forward.model.eval()
    features, labels = features_of(forward, layer, "train", progress)
    if len(numpy.unique(labels)) < 2:
        raise unsolvable()
    if not numpy.isfinite(features).all():
        raise not_finite(1)
    head = solve(features, labels, layer.out_features, seed, lambda: progress(rows, rows))
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(head.weight))
        layer.bias.copy_(torch.from_numpy(head.bias))
    ranks.copy_from_main([layer.weight, layer.bias])
    _check(forward, head, features)
    logits = torch.from_numpy(head.logits(features))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels)).item()
    return head, loss, len(labels)


def last_layer(model: nn.Module) -> nn.Linear:
    found = label_layers(model)
    if len(found) != 1 or found[0].bias is None or found[0].out_features < 2:
        raise unsolvable()
    return found[0]


def features_of(
    forward: Forward, layer: nn.Linear, split: str, progress: Callable[[int, int], None]
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What enters the layer of every row, and the rows' classes. The model is in eval mode."""
    rows, done = len(forward.prepared.examples[split]), 0
    labels = list(forward.prepared.examples[split].column("labels"))
    if not all(isinstance(label, int) for label in labels):
        raise unsolvable()
    features = numpy.empty((rows, layer.in_features), "float32")
    for batch in evaluation_batches(rows, BATCH, forward.prepared.lengths(split)):
        progress(done, rows)
        features[batch] = _entering(forward, layer, split, batch)
        done += len(batch)
    return features, numpy.asarray(labels)


def _entering(forward: Forward, layer: nn.Module, split: str, rows: Sequence[int]) -> numpy.ndarray:
    seen: list[torch.Tensor] = []

    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(inputs[0])
        raise BoundaryReached

    with torch.no_grad(), forward.running(split, rows) as batch:
        handle = layer.register_forward_pre_hook(look)  # after what puts the recorded values there
        try:
            forward.model(**batch.tensors)
        except BoundaryReached:
            pass
        finally:
            handle.remove()
    if len(seen) != 1 or seen[0].ndim != 2 or len(seen[0]) != len(rows):
        raise unsolvable()
    return seen[0].float().cpu().numpy()


def _check(forward: Forward, head: LinearHead, features: numpy.ndarray) -> None:
    """The model says to its first rows what the solved head says."""
    rows = list(range(min(BATCH, len(features))))
    with torch.no_grad(), forward.running("train", rows) as batch:
        said = torch.softmax(forward.model(**batch.tensors).logits.double(), -1).cpu()
    solved = torch.softmax(torch.from_numpy(head.logits(features[rows].astype("float64"))), -1)
    if said.shape != solved.shape or not torch.allclose(said, solved, atol=TOLERANCE):
        raise unsolvable()


def too_large(rows: int, classes: int) -> StudioError:
    return StudioError(
        _("The last layer of this model cannot be solved directly."),
        _("It takes too much memory and time for {rows:,} rows of {classes:,} classes.", rows=rows, classes=classes),
        _("Let it learn step by step instead."),
    )


def unsolvable() -> StudioError:
    return StudioError(
        _("The last layer of this model cannot be solved directly."),
        _("That takes one linear layer on top, one class for each example, and examples of two classes."),
        _("Let it learn step by step instead."),
    )
