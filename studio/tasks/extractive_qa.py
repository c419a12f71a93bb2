"""Answer questions from a passage, in the passage's own words."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column, Problem
from studio.data.fields import FIELDS
from studio.data.fields.answers import read_answers
from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.options import Options, setting
from studio.tasks import windows
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.classes import label_maps
from studio.tasks.quotes import QuoteScorer
from studio.tasks.texts import TEXT, longest_text, padded
from studio.tasks.verdicts import quote_verdict

if TYPE_CHECKING:
    import pandas

CONTEXT = replace(
    TEXT,
    name="context",
    title=_("Passage"),
    help=_("The text in which the answer stands."),
    hints=("passage", "paragraph", "document", "article", "background", "text", "body", "content", "story"),
)
QUESTION = replace(
    TEXT,
    name="question",
    title=_("Question"),
    help=_("What is asked about the passage."),
    hints=("query", "q", "ask"),
    examples=("How did the phone come?", "When did the screen break?", "How is the price?"),
)
ANSWER = Column(
    "answers",
    _("Answer"),
    "answers",
    _("The words of the passage that answer the question, or a list of such answers as in SQuAD."),
    hints=("answer", "answer_text", "response", "a", "target", "label"),
    examples=("fast", "after two days", "fair"),
)
ELSEWHERE = 0.3  # of the longer passages: a window without the answer is trained on
LETTERS = 2  # of a token, at least: a passage with more for each token of a window may need several
SETTINGS = "extractive_qa"  # in the model's config: how its windows are cut and its answers chosen


class QuestionOptions(Options):
    window: int = setting(
        384,
        title=_("Window (in tokens)"),
        help=_("Longer passages are read in windows of this many word pieces, question included, one after another."),
        ge=16,
        le=2048,
        same_model=True,
    )
    overlap: int = setting(
        128,
        title=_("Overlap of windows (in tokens)"),
        help=_("So much of a window comes again in the next one, so that no answer is cut in two."),
        ge=0,
        le=1024,
        same_model=True,
    )
    longest_answer: int = setting(
        30, title=_("Longest answer (in tokens)"), help=_("Longer pieces are never answered."), ge=1, le=512
    )


class ExtractiveQuestionAnswering(Task):
    """One window of each row is trained on: the one with the answer, or now and then another, to learn that nothing
    stands there. To answer, all of them are read."""

    name = "extractive-qa"
    title = _("Answer questions from a text")
    sentence = _("Find the answer to a question in a passage, and mark it there: in manuals, contracts, reports.")
    icon = "quote"
    group = _("Texts")
    inputs = (CONTEXT, QUESTION)
    targets = (ANSWER,)
    answer_kind = "quote"
    headline = "f1"
    model = ModelKind(
        "AutoModelForQuestionAnswering", "tokenizer", "question-answering", "QUESTION_ANS", ("fill-mask",)
    )
    Options = QuestionOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Answers that do not stand in their passage."""
        problems = []
        for row, context, cell in zip(table["row"], table["context"], table["answers"], strict=True):
            quotes = read_answers(cell)
            if quotes and not any(quote.place(context) for quote in quotes):
                what = _("The answer '{answer}' does not stand in the passage.", answer=quotes[0].text[:80])
                why = _("This task marks words of the passage; it cannot learn an answer in other words.")
                problems.append(Problem(int(row), what, why, column="answers"))
        return problems

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        FIELDS[ANSWER.kind].require_lesson(table["answers"])
        chosen = {"window": options.window, "overlap": options.overlap, "longest": options.longest_answer}
        may_lack = bool((table["answers"] == "[]").any())
        is_long = bool((table["context"].str.len() > LETTERS * options.window).any())
        return {**label_maps(("start", "end")), "long_passages": is_long, SETTINGS: {**chosen, "may_lack": may_lack}}

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), SETTINGS: config[SETTINGS]}

    def classes(self, outputs: Sequence[str]) -> Sequence[str]:
        return ()

    def summary(self, labels: Sequence[str]) -> str:
        return "Answers questions from a passage, in the passage's own words."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        functions = (windows.windows_of, windows.best_span, windows.answer_question)
        settings = ", ".join(f"{name}={value}" for name, value in config[SETTINGS].items())
        ask = (
            f"def ask(context, question):\n    return answer_question(model, processor, context, question, {settings})"
        )
        return "from typing import Any", "\n\n\n".join([*(inspect.getsource(each).strip() for each in functions), ask])

    def question(self, examples: Sequence[str]) -> str:
        return ", ".join(examples)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        if not tools.processor.is_fast:
            raise StudioError(
                _("This model's tokenizer does not say where its tokens lie in the text."),
                _("It has no tokenizer.json."),
                _("Choose another model."),
            )
        settings = getattr(tools.config, SETTINGS)
        window = longest_text(settings["window"], tools)
        return [_item(tools.processor, row, window, settings["overlap"]) for row in rows]

    def length(self, item: Item) -> int:
        return len(item["windows"][item["chosen"]])

    def varies(self, tools: Tools) -> bool:
        return bool(getattr(tools.config, "long_passages", False))

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadWindows(tools.processor.pad_token_id, elsewhere=ELSEWHERE if training and self.varies(tools) else 0.0)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        settings, pad = getattr(tools.config, SETTINGS), PadWindows(tools.processor.pad_token_id)
        device = batch.tensors["input_ids"].device
        answers = []
        for number, item in enumerate(batch.items):
            found, lacks = [], []
            for place, (places, inside) in enumerate(zip(item["places"], item["inside"], strict=True)):
                if outputs is not None and len(item["windows"]) == 1:
                    said, row = outputs, number
                else:
                    alone = pad([{name: value for name, value in item.items() if name != "labels"} | {"chosen": place}])
                    said, row = model(**{name: tensor.to(device) for name, tensor in alone.items()}), 0
                starts, ends = said.start_logits[row, : len(inside)], said.end_logits[row, : len(inside)]
                score, first, last, lack = windows.best_span(starts, ends, inside, settings["longest"])
                found.append((score, places[first][0], places[last][1]))
                lacks.append(lack)
            answers.append(_answer(item["context"], max(found), min(lacks), settings["may_lack"]))
        return answers

    def scorer(self, tools: Tools) -> Scorer:
        return QuoteScorer()

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return quote_verdict(scores) or super().verdict(scores)


def _answer(context: str, best: tuple[float, int, int], lack: float, may_lack: bool) -> Answer:
    score, start, end = best
    if may_lack and lack > score:
        return Answer("", {"column": CONTEXT.name, "score": lack})
    return Answer(context[start:end], {"column": CONTEXT.name, "score": score, "start": start, "end": end})


def _item(processor: Any, row: Row, window: int, overlap: int) -> Item:
    """All windows of a row; chosen: the one with the answer; labels: its first and last token there, 0 for none; seen:
    in which windows any of it stands."""
    found = windows.windows_of(processor, row["question"], row["context"], window, overlap)
    places = [[list(place) for place in each] for each in found["offset_mapping"]]
    inside = [[part == 1 for part in found.sequence_ids(number)] for number in range(len(places))]
    item = {"windows": found["input_ids"], "places": places, "inside": inside, "context": row["context"], "chosen": 0}
    if "token_type_ids" in found:
        item["types"] = found["token_type_ids"]
    if "answers" in row:
        stands = next(filter(None, (quote.place(row["context"]) for quote in row["answers"])), None)
        seen = [_tokens(*each, *stands) for each in zip(places, inside, strict=True)] if stands else [[]]
        most = max(range(len(seen)), key=lambda number: len(seen[number]))
        item |= {"chosen": most, "labels": [seen[most][0], seen[most][-1]] if seen[most] else [0, 0]}
        item["seen"] = [bool(tokens) for tokens in seen]
    return item


def _tokens(places: Sequence[Sequence[int]], inside: Sequence[bool], start: int, end: int) -> list[int]:
    """Those of the context that have a letter between start and end."""
    pairs = enumerate(zip(places, inside, strict=True))
    return [number for number, ((first, last), here) in pairs if here and first < end and start < last]


class PadWindows:
    """Items -> one batch of their chosen windows, padded at the end: (batch, tokens) int64; positions (batch,).

    elsewhere: the share of longer items of which another window is taken, where no answer stands.
    """

    def __init__(self, pad_token_id: int, elsewhere: float = 0.0) -> None:
        self._pad, self._elsewhere = pad_token_id, elsewhere

    def _varied(self, item: Item) -> Item:
        import torch

        others = [number for number, seen in enumerate(item.get("seen", ())) if not seen]
        if not others or torch.rand(()) >= self._elsewhere:
            return item
        return {**item, "chosen": others[int(torch.randint(len(others), ()))], "labels": [0, 0]}

    def __call__(self, items: list[Item]) -> dict[str, Any]:
        import torch

        items = [self._varied(item) for item in items] if self._elsewhere else items
        tokens = [item["windows"][item["chosen"]] for item in items]
        batch = {
            "input_ids": padded(tokens, self._pad),
            "attention_mask": padded([[1] * len(ids) for ids in tokens], 0),
        }
        if "types" in items[0]:
            batch["token_type_ids"] = padded([item["types"][item["chosen"]] for item in items], 0)
        if "labels" in items[0]:
            batch["start_positions"] = torch.tensor([item["labels"][0] for item in items])
            batch["end_positions"] = torch.tensor([item["labels"][1] for item in items])
        return batch
