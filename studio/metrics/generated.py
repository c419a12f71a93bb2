"""How close generated texts come to the right ones: chrF and BLEU through sacrebleu, ROUGE through rouge-score."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.metrics.base import Metric
from studio.metrics.intervals import Interval, resampled

if TYPE_CHECKING:
    import numpy

CHRF = Metric(
    "chrf",
    _("chrF"),
    _("how many pieces of words agree with the right translation, from 0 to 100"),
    percent=False,
)
BLEU = Metric("bleu", _("BLEU"), _("how many sequences of up to four words agree, from 0 to 100"), percent=False)
ROUGE_L = Metric("rougeL", _("ROUGE-L"), _("how much of the right text comes in the same order"))
ROUGE_1 = Metric("rouge1", _("ROUGE-1"), _("how many words agree with the right text"))
ROUGE_2 = Metric("rouge2", _("ROUGE-2"), _("how many pairs of words agree with the right text"))
# a word, or one sign of a script that is written without blanks
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W\u0e00-\u9fff_]+")


def translation_metrics(said: Sequence[str], right: Sequence[str]) -> dict[str, float]:
    """Of a whole split. Not empty."""
    from sacrebleu.metrics import BLEU as Bleu
    from sacrebleu.metrics import CHRF as Chrf

    texts, references = list(said), [list(right)]
    return {
        CHRF.name: float(Chrf().corpus_score(texts, references).score),
        BLEU.name: float(Bleu().corpus_score(texts, references).score),
    }


def chrf_interval(counted: str, said: Sequence[str], right: Sequence[str]) -> Interval:
    """By drawing the rows again: chrF follows from sums over them."""
    import numpy
    from sacrebleu.metrics import CHRF as Chrf

    chrf: Any = Chrf()
    statistics = numpy.array(chrf._extract_corpus_statistics(list(said), [list(right)]))

    def measure(sums: "numpy.ndarray") -> "numpy.ndarray":
        return numpy.array([chrf._compute_score_from_stats(each.tolist()).score for each in sums])

    return resampled(counted, statistics, measure)


def sentence_chrf(said: str, right: str) -> float:
    """Of one text, from 0 to 100."""
    from sacrebleu.metrics import CHRF as Chrf

    return float(Chrf().sentence_score(said, [right]).score)


class Words:
    """What ROUGE compares: words in small letters, in any script."""

    def tokenize(self, text: str) -> list[str]:
        return _WORD.findall(text.lower())


def rouge(said: str, right: str) -> dict[str, float]:
    """The F1 of one text by metric."""
    from rouge_score.rouge_scorer import RougeScorer

    names = [ROUGE_L.name, ROUGE_1.name, ROUGE_2.name]
    found = RougeScorer(names, tokenizer=Words()).score(right, said)
    return {name: float(found[name].fmeasure) for name in names}
