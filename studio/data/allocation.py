"""Dividing whole rows by fractions: how many rows of each class go to each split.

Sizes come from the largest remainder method (Hamilton's). For classes and splits at once, counts must add up both
ways: start from each class on its own, then move single rows between splits, where it costs the least,
until the splits have their sizes.
"""

from collections.abc import Sequence
from functools import cache

import numpy

SECOND_ROW = 4  # what a class's next move costs more than the one before


def largest_remainder(total: int, fractions: Sequence[float]) -> list[int]:
    """Whole numbers that add up to `total`, each within one of its share; the first wins a tie."""
    whole = sum(fractions) or 1.0
    shares = [total * fraction / whole for fraction in fractions]
    counts = [int(share + 1e-9) for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (-(round(shares[i] - counts[i], 9)), i))
    for i in order[: total - sum(counts)]:
        counts[i] += 1
    return counts


def allocate(sizes: Sequence[int], totals: Sequence[int]) -> list[list[int]]:
    """counts[class][split] with row sums `sizes` and column sums `totals`; both must have the same sum.

    Each count is near its proportional share. The first split (training) gets a row of every class, the
    others get one of every class with at least as many rows as there are splits, where there is room.
    """
    if sum(sizes) != sum(totals):
        raise ValueError("classes and splits do not hold the same number of rows")
    fractions = [total / max(1, sum(totals)) for total in totals]
    shares = numpy.outer(sizes, fractions)
    least = _least(sizes, totals)
    share_out = cache(lambda size, low: _one_class(size, fractions, low))  # many classes are alike
    counts = numpy.array([share_out(size, tuple(low)) for size, low in zip(sizes, least.tolist(), strict=True)])
    counts = counts.reshape(len(sizes), len(totals))
    _balance(counts, shares, least, numpy.array(totals))
    return [[int(count) for count in row] for row in counts]


def _least(sizes: Sequence[int], totals: Sequence[int]) -> numpy.ndarray:
    """The smallest count of each class in each split."""
    wanted = numpy.zeros((len(sizes), len(totals)), dtype=int)
    enough = numpy.asarray(sizes) >= len(totals)
    for split, total in enumerate(totals):
        classes = numpy.asarray(sizes) > 0 if split == 0 else enough
        if classes.sum() <= total:
            wanted[classes, split] = 1
    return wanted


def _one_class(size: int, fractions: Sequence[float], least: Sequence[int]) -> list[int]:
    """One class shared out on its own, with the counts that must be there lifted at the cost of the largest."""
    counts = largest_remainder(size, fractions)
    for split, low in enumerate(least):
        while counts[split] < low:
            counts[max(range(len(counts)), key=lambda i: (counts[i] - least[i], -i))] -= 1
            counts[split] += 1
    return counts


def _balance(counts: numpy.ndarray, shares: numpy.ndarray, least: numpy.ndarray, totals: numpy.ndarray) -> None:
    """Move single rows between splits, in place, until the column sums are `totals`.

    Where the minimum counts make that impossible, they are given up: the split sizes take priority. Each step moves one
    row of every class for which that is cheaper than a second row of the cheapest: few steps, however many classes.
    """
    while True:
        surplus = counts.sum(axis=0) - totals
        if not surplus.any():
            return
        giver, taker = int(surplus.argmax()), int(surplus.argmin())
        # the change in the squared distance from the shares when one row moves
        cost = 2 * (counts[:, taker] - shares[:, taker]) - 2 * (counts[:, giver] - shares[:, giver]) + 2
        movable = counts[:, giver] > least[:, giver]
        if not movable.any():
            movable = counts[:, giver] > 0
        cost = numpy.where(movable, cost, numpy.inf)
        order = numpy.argsort(cost, kind="stable")
        cheap = int((cost < cost.min() + SECOND_ROW).sum())
        chosen = order[: min(cheap, int(surplus[giver]), -int(surplus[taker]))]
        counts[chosen, giver] -= 1
        counts[chosen, taker] += 1
