"""Which rows make up which batch: a pure function of seed and epoch, so that a resumed run sees the same.

Texts of like length go into one batch, because padding is computed as if it were words; shuffling within
large groups ("mega-batches") first keeps the batches random.
"""

from collections.abc import Sequence

import numpy

MEGA_BATCH = 50  # batches sorted by length together
AUTO_SMALLEST, AUTO_LARGEST = 8, 32
AUTO_STEPS_PER_EPOCH = 20


def useful_batch_size(rows: int) -> int:
    """A power of two from 8 to 32 that gives at least 20 steps an epoch where the rows allow it.

    More than 32 would fit into many machines, but takes other learning rates than the recommended ones.
    """
    size = AUTO_SMALLEST
    while size * 2 <= AUTO_LARGEST and rows // (size * 2) >= AUTO_STEPS_PER_EPOCH:
        size *= 2
    return size


def training_batches(
    rows: int, batch_size: int, seed: int, epoch: int, lengths: Sequence[int] | None
) -> list[list[int]]:
    """All row numbers 0 ... rows - 1 in random batches; every epoch has the same number of them.

    A last batch of a single row joins the one before: batch normalisation cannot learn from one example.
    """
    random = numpy.random.default_rng([seed, epoch])
    order = random.permutation(rows)
    if lengths is not None:
        sizes = numpy.asarray(lengths)
        mega = MEGA_BATCH * batch_size
        groups = [order[start : start + mega] for start in range(0, rows, mega)]
        order = numpy.concatenate([group[numpy.argsort(sizes[group], kind="stable")] for group in groups])
    batches = _cut(order.tolist(), batch_size)
    if lengths is not None:
        batches = [batches[index] for index in random.permutation(len(batches))]
    return batches


def steps_per_epoch(rows: int, batch_size: int) -> int:
    return len(_cut(list(range(rows)), batch_size))


def evaluation_batches(rows: int, batch_size: int, lengths: Sequence[int] | None) -> list[list[int]]:
    """All rows once, longest first, so that too little memory shows at once."""
    order = range(rows) if lengths is None else sorted(range(rows), key=lambda row: -lengths[row])
    return [list(order[start : start + batch_size]) for start in range(0, rows, batch_size)]


def evaluation_marks(steps: int, evaluations: int) -> frozenset[int]:
    """After which of the 1 ... steps batches of an epoch to evaluate: evenly spread, the last one included."""
    return frozenset(max(1, round(steps * part / evaluations)) for part in range(1, evaluations + 1))


def _cut(order: list[int], batch_size: int) -> list[list[int]]:
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    if len(batches) > 1 and len(batches[-1]) == 1:
        single = batches.pop()
        batches[-1] += single
    return batches
