"""How well questions are answered from a passage, as SQuAD counts it.

Rajpurkar et al. 2016, arXiv:1606.05250; the official evaluation script compares words without articles and punctuation.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence

from studio.language import _
from studio.metrics.base import Metric

EXACT_MATCH = Metric(
    "exact_match",
    _("Exact match"),
    _("share of answers that are exactly right"),
    said=_("On the validation examples, the model now answers {value} exactly right."),
)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def plain_words(text: str) -> list[str]:
    """In small letters, without punctuation and English articles."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def is_exact(answered: str, right: Sequence[str]) -> bool:
    """right: the answers that count as right; none where there is no answer, which is said as ""."""
    return any(plain_words(answered) == plain_words(each) for each in right or [""])


def word_overlap(answered: str, right: Sequence[str]) -> float:
    """F1 of the words that the answer has in common with a right one, the best of them."""
    return max(_overlap(plain_words(answered), plain_words(each)) for each in right or [""])


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    if not one or not other:
        return float(one == other)
    common = (Counter(one) & Counter(other)).total()
    return 2 * common / (len(one) + len(other))
