"""How well a ranking puts first what belongs there. Järvelin and Kekäläinen 2002 (nDCG); Voorhees 1999 (MRR)."""

import math
from collections.abc import Sequence

from studio.language import _
from studio.metrics.base import Metric

TOP = 10  # places of a ranking that people look at
NDCG_10 = Metric(
    "ndcg_10",
    _("nDCG@10"),
    _("how near to the top of the first ten the right ones stand, 100 % where all of them come first"),
)
MRR = Metric(
    "mrr",
    _("Mean reciprocal rank"),
    _("1 where the first right one comes first, a half where it comes second, a third where third, and so on"),
)
RECALL_10 = Metric("recall_10", _("Recall@10"), _("share of the right ones that are among the first ten"))
COVERAGE = Metric(
    "coverage",
    _("Coverage"),
    _("share of all things that are among somebody's first ten: low where everybody is shown the same"),
)
ACCURACY_1 = Metric(
    "accuracy_1",
    _("First one right"),
    _("share of questions whose first result is right"),
    said=_("On the validation examples, the first result is now right for {value}."),
)


def ranking_metrics(ranks: Sequence[int]) -> dict[str, float]:
    """Of one ranking. ranks: the places of all that is right, from 1; not empty."""
    first = [rank for rank in ranks if rank <= TOP]
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(ranks), TOP) + 1))
    return {
        NDCG_10.name: sum(1 / math.log2(rank + 1) for rank in first) / best,
        MRR.name: 1 / min(ranks),
        RECALL_10.name: len(first) / len(ranks),
        ACCURACY_1.name: float(min(ranks) == 1),
    }
