"""Answer as people prefer it: learned from pairs of answers, of which one is the better.

DPO: Rafailov et al. 2023, arXiv:2305.18290, equation 7. ORPO: Hong et al. 2024, arXiv:2403.07691, equations 6 and 7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.data.columns import Column, Problem
from studio.language import _
from studio.metrics.intervals import share_interval
from studio.metrics.preferences import REWARD_ACCURACY, REWARD_MARGIN
from studio.options import setting
from studio.tasks.base import RIGHT, WRONG, Answer, Batch, Collate, Item, Loss, Marks, Row, Scorer, Scores, Tools
from studio.tasks.causal import CausalOptions, learned_item, token_losses
from studio.tasks.chat import REPLY, Chat
from studio.tasks.conversations import PROMPT, answered_tokens, asked_tokens, shortened, with_answer
from studio.tasks.texts import PadTexts, longest_text

if TYPE_CHECKING:
    import pandas
    import torch

BETTER = replace(
    REPLY,
    name="chosen",
    title=_("Better answer"),
    help=_("The one of two answers that people preferred."),
    hints=("preferred", "accepted", "better", "winner", "positive", "response_chosen", "good", "answer"),
)
WORSE = Column(
    "rejected",
    _("Other answer"),
    "text",
    _("The one that they liked less."),
    hints=("dispreferred", "refused", "worse", "loser", "negative", "response_rejected", "bad"),
    examples=("No idea.", "It broke.", "You can look that up."),
)


class PreferenceOptions(CausalOptions):
    method: Literal["dpo", "orpo"] = setting(
        "dpo",
        title=_("How preferences are learned"),
        help=_("dpo stays close to a model that answers well already; orpo teaches to answer at the same time."),
        same_model=True,
    )
    beta: float = setting(
        0.1,
        title=_("Closeness to the model before (beta)"),
        help=_("More holds it closer to how it answered before."),
        shown_if={"method": "dpo"},
        gt=0.0,
        le=10.0,
        same_model=True,
    )
    odds_weight: float = setting(
        0.1,
        title=_("Weight of the comparison (lambda)"),
        help=_("How much the comparison counts beside learning the better answer."),
        shown_if={"method": "orpo"},
        gt=0.0,
        le=10.0,
        same_model=True,
    )


class Preference(Chat):
    """Scored by which of the two answers it leans to; asked, it answers as in a chat."""

    name = "preference"
    title = _("Answer as preferred")
    sentence = _("Teach a model that answers already which of two answers is the better one: tone, length, safety.")
    icon = "up"
    group = _("Texts")
    inputs = (PROMPT,)
    targets = (BETTER, WORSE)
    answer_kind = "text"
    headline = "reward_accuracy"
    traits = frozenset()
    Options = PreferenceOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Pairs of the same answer twice."""
        same = table["chosen"].str.strip() == table["rejected"].str.strip()
        what, why = _("Both answers are the same."), _("There is nothing to prefer.")
        return [Problem(int(row), what, why, column="rejected") for row in table.loc[same, "row"]]

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return [self._item(tools, row) for row in rows]

    def _item(self, tools: Tools, row: Row) -> Item:
        longest = longest_text(tools.options.max_length, tools)
        asked = asked_tokens(tools.processor, row["prompt"])
        item: Item = {"input_ids": asked[-longest:], "asked": asked}
        for name in (BETTER.name, WORSE.name):
            if name not in row:
                return item
            found = answered_tokens(tools.processor, with_answer(row["prompt"], row[name]))
            tokens, learned = shortened(found[0], last_run(found[1]), longest)
            item[name] = learned_item(tokens, learned)
        method = {"method": tools.options.method, "beta": tools.options.beta, "weight": tools.options.odds_weight}
        return {**item, **method, "texts": [row[BETTER.name], row[WORSE.name]]}

    def length(self, item: Item) -> int:
        pair = [item[name]["input_ids"] for name in (BETTER.name, WORSE.name) if name in item]
        return max(map(len, pair or [item["input_ids"]]))

    def collate(self, tools: Tools, training: bool) -> Collate:
        """The better answers first, then the others: (2 x batch, tokens)."""
        pad = PadTexts(tools.processor.pad_token_id)

        def collate(items: list[Item]) -> dict[str, Any]:
            if BETTER.name not in items[0]:
                return pad([{"input_ids": item["input_ids"]} for item in items])
            return pad([item[name] for name in (BETTER.name, WORSE.name) for item in items])

        return collate

    def loss(self, model: Any, batch: Batch) -> Loss:
        outputs = model(input_ids=batch.tensors["input_ids"], attention_mask=batch.tensors["attention_mask"])
        said = pair_logs(outputs.logits, batch.tensors["labels"])
        first = batch.items[0]
        if first["method"] == "orpo":
            each = orpo(*said, first["weight"])
        else:
            each = dpo(said[0], self._reference(batch, said[0]), first["beta"])
        return Loss(each.sum(), each.new_tensor(float(len(each))), outputs)

    def refer(self, model: Any, batch: Batch) -> list[Item]:
        if batch.items[0]["method"] == "orpo":
            return [{} for _unused in batch.items]
        outputs = model(input_ids=batch.tensors["input_ids"], attention_mask=batch.tensors["attention_mask"])
        sums, _sizes = pair_logs(outputs.logits, batch.tensors["labels"])
        return [{"reference": pair} for pair in sums.T.tolist()]

    def _reference(self, batch: Batch, sums: "torch.Tensor") -> "torch.Tensor":
        """Before it is recorded the model is as it begins: its own reference."""
        if "reference" not in batch.items[0]:
            return sums.detach()
        return sums.new_tensor([item["reference"] for item in batch.items]).T

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        """In a check the one of the two that it leans to, without writing any."""
        if outputs is None or BETTER.name not in batch.items[0]:
            return super().answer(tools, model, batch)
        sums, sizes = pair_logs(outputs.logits, batch.tensors["labels"])
        options = tools.options
        if options.method == "orpo":
            rewards = options.odds_weight * sums / sizes
        else:
            rewards = options.beta * (sums - self._reference(batch, sums))
        margins = (rewards[0] - rewards[1]).tolist()
        return [
            Answer(item["texts"][0 if margin > 0 else 1], {"margin": margin})
            for item, margin in zip(batch.items, margins, strict=True)
        ]

    def scorer(self, tools: Tools) -> Scorer:
        return PairScorer()

    def metrics_of(self, loss: float) -> dict[str, float]:
        return {}

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return _(
            "It leans to the better answer in {share} of the pairs.",
            share=REWARD_ACCURACY.text(scores["metrics"][REWARD_ACCURACY.name]),
        )


def last_run(learned: Sequence[bool]) -> list[bool]:
    """The last answer alone: those before it are the same for both."""
    end = max((at for at, taken in enumerate(learned) if taken), default=-1)
    start = end
    while start > 0 and learned[start - 1]:
        start -= 1
    return [start <= at <= end for at in range(len(learned))]


def pair_logs(logits: "torch.Tensor", labels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Of the better and the other answers, (2, batch): the sum of their tokens' log probabilities, and how many."""
    import torch

    each, counted = token_losses(logits, labels)
    spread = torch.zeros(counted.shape, dtype=each.dtype, device=each.device).masked_scatter(counted, -each)
    return spread.sum(1).view(2, -1), counted.sum(1).clamp(min=1).view(2, -1)


def dpo(sums: "torch.Tensor", reference: "torch.Tensor", beta: float) -> "torch.Tensor":
    from torch.nn.functional import logsigmoid

    ratios = sums - reference
    return -logsigmoid(beta * (ratios[0] - ratios[1]))


def orpo(sums: "torch.Tensor", sizes: "torch.Tensor", weight: float) -> "torch.Tensor":
    """With P the geometric mean of the tokens' probabilities and odds P / (1 - P)."""
    import torch
    from torch.nn.functional import logsigmoid

    means = sums / sizes
    odds = means - torch.log(-torch.expm1(means.clamp(max=-1e-6)))
    return -means[0] - weight * logsigmoid(odds[0] - odds[1])


class PairScorer:
    def __init__(self) -> None:
        self._margins: list[float] = []

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        margins = [float(answer.details["margin"]) for answer in answers]
        self._margins += margins
        return [(RIGHT if margin > 0 else WRONG,) for margin in margins]

    def scores(self) -> Scores:
        if not self._margins:
            return Scores({})
        right, count = sum(margin > 0 for margin in self._margins), len(self._margins)
        metrics = {REWARD_ACCURACY.name: right / count, REWARD_MARGIN.name: sum(self._margins) / count}
        return Scores(metrics, (), {REWARD_ACCURACY.name: share_interval(right, count)})
