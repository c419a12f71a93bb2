"""What the model says before its first step, kept for losses that compare with it."""

from collections.abc import Callable

import torch

from studio.engine.batching import evaluation_batches
from studio.engine.forward import Forward
from studio.tasks.base import Item, Refers


def record_reference(forward: Forward, batch_size: int, progress: Callable[[int, int], None]) -> None:
    """Add it to the examples of every split, where the task asks for it.

    progress: called with (done, all) examples before every batch; may raise to interrupt.
    """
    task, splits = forward.task, forward.prepared.examples
    if not isinstance(task, Refers):
        return
    done, total = 0, sum(map(len, splits.values()))
    forward.model.eval()
    for split, examples in splits.items():
        said: dict[int, Item] = {}
        for rows in evaluation_batches(len(examples), batch_size, examples.lengths):
            progress(done, total)
            with torch.no_grad():
                said |= zip(rows, task.refer(forward.model, forward.load(split, rows)), strict=True)
            done += len(rows)
        examples.extend([said[row] for row in range(len(examples))])
