"""Mark pieces of a text: names, places, dates, products."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column, Problem
from studio.data.fields.spans import Span, read_spans
from studio.errors import StudioError
from studio.metrics.found import found_metrics
from studio.models.kind import ModelKind
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Marks, Row, Scorer, Scores, Task, Tools
from studio.tasks.classes import NOTHING, found_views, label_maps, name_classes, pair_marks
from studio.tasks.texts import IGNORED, TEXT, LengthOptions, PadTexts, tokenize

if TYPE_CHECKING:
    import pandas

SPANS = Column(
    "spans",
    "Marked pieces",
    "spans",
    'Which pieces of the text are marked: [{"start": 0, "end": 4, "label": "person"}], in characters.',
    hints=("spans", "entities", "labels", "label", "ner", "annotations", "tags"),
)
OUTSIDE = "O"  # the tag of what is not marked (IOB2)


class TokenClassification(Task):
    name = "token-classification"
    title = "Mark words"
    sentence = "Find and name pieces of a text: people, places, dates, products, amounts."
    icon = "marked"
    group = "Texts"
    inputs = (TEXT,)
    targets = (SPANS,)
    answer_kind = "spans"
    headline = "f1"
    traits = frozenset({"classes"})
    model = ModelKind(
        "AutoModelForTokenClassification", "tokenizer", "token-classification", "TOKEN_CLS", ("fill-mask",)
    )
    Options = LengthOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Pieces that lie behind the end of their text."""
        problems = []
        for row, text, cell in zip(table["row"], table["text"], table["spans"], strict=True):
            behind = [span for span in read_spans(cell) if span.end > len(text)]
            if behind:
                what = f"'{behind[0].label}' is marked up to character {behind[0].end}; the text has {len(text)}."
                problems.append(Problem(int(row), what, "The marked piece is not in the text.", column="spans"))
        return problems

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        labels = sorted({span.label for cell in table["spans"] for span in read_spans(cell)})
        if not labels:
            raise StudioError(
                "Nothing is marked in any text.",
                "The model would learn to mark nothing.",
                "Choose the column that holds the marked pieces, or mark some.",
            )
        return label_maps([OUTSIDE, *(f"{place}-{label}" for label in labels for place in "BI")])

    def classes(self, outputs: Sequence[str]) -> list[str]:
        """What can be marked, from the tags B-person, I-person, O."""
        return list(dict.fromkeys(tag[2:] for tag in outputs if tag != OUTSIDE))

    def summary(self, labels: Sequence[str]) -> str:
        return f"Marks pieces of a text: {name_classes(self.classes(labels))}."

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        if not tools.processor.is_fast:
            raise StudioError(
                "This model's tokenizer does not say where its tokens lie in the text.",
                "It has no tokenizer.json.",
                "Choose another model.",
            )
        tokens = tokenize(tools, [row["text"] for row in rows], return_offsets_mapping=True)
        items = []
        for ids, places, row in zip(tokens["input_ids"], tokens["offset_mapping"], rows, strict=True):
            item = {"input_ids": ids, "places": [list(place) for place in places], "text": row["text"]}
            if "spans" in row:
                item["labels"] = token_labels(places, row["spans"], tools.config.label2id)
            items.append(item)
        return items

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side)

    def loss(self, model: Any, batch: Batch) -> Loss:
        outputs = model(**batch.tensors)
        return Loss.of_mean(outputs.loss, int((batch.tensors["labels"] != IGNORED).sum()), outputs)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        outputs = outputs or model(**batch.tensors)
        best = outputs.logits.float().softmax(dim=-1).max(dim=-1)
        answers = []
        for item, row, shares, tags in zip(
            batch.items, batch.tensors["attention_mask"], best.values, best.indices, strict=True
        ):
            there = row.bool()
            names = [tools.config.id2label[tag] for tag in tags[there].tolist()]
            answers.append(Answer(spans_of(item["text"], item["places"], names, shares[there].tolist())))
        return answers

    def scorer(self, tools: Tools) -> Scorer:
        return SpanScorer(self.classes(tools.labels))


def token_labels(places: Sequence[tuple[int, int]], spans: Sequence[Span], index: dict[str, int]) -> list[int]:
    """The tag of every token: B- where a span begins, I- inside; special tokens, which lie nowhere, are left out."""
    labels, begun = [], set[Span]()
    for start, end in places:
        span = next((span for span in spans if start < span.end and span.start < end), None)
        if start == end:
            labels.append(IGNORED)
        elif span is None:
            labels.append(index[OUTSIDE])
        else:
            labels.append(index[f"{'I' if span in begun else 'B'}-{span.label}"])
            begun.add(span)
    return labels


def spans_of(
    text: str, places: Sequence[Sequence[int]], tags: Sequence[str], shares: Sequence[float]
) -> list[dict[str, Any]]:
    """Tags of tokens -> marked pieces, each with the mean probability of its tokens. B- begins a new one."""
    found: list[dict[str, Any]] = []
    before = OUTSIDE
    for (start, end), tag, share in zip(places, tags, shares, strict=True):
        if start == end:
            continue
        if tag != OUTSIDE and before[2:] == tag[2:] and tag[0] == "I":
            found[-1]["end"] = end
            found[-1]["shares"].append(share)
        elif tag != OUTSIDE:
            found.append({"start": start, "end": end, "label": tag[2:], "shares": [share]})
        before = tag
    return [
        {
            "start": piece["start"],
            "end": piece["end"],
            "label": piece["label"],
            "text": text[piece["start"] : piece["end"]],
            "score": sum(piece["shares"]) / len(piece["shares"]),
        }
        for piece in found
    ]


class SpanScorer:
    """Precision, recall and F1 of whole pieces: one counts as found where its ends and its label are right."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = list(kinds)
        self._counts: Counter[tuple[str, str]] = Counter()  # (true, answered)
        self._rows = 0

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks = []
        for answer, row in zip(answers, rows, strict=True):
            pairs = compare(
                row["spans"], [Span(piece["start"], piece["end"], piece["label"]) for piece in answer.value]
            )
            self._counts.update(pairs)
            marks.append(pair_marks(pairs))
        self._rows += len(rows)
        return marks

    def scores(self) -> Scores:
        if not self._rows:
            return Scores({})
        found = sum(count for (true, answered), count in self._counts.items() if true == answered)
        there = sum(count for (true, _), count in self._counts.items() if true != NOTHING)
        answered = sum(count for (_, answered), count in self._counts.items() if answered != NOTHING)
        views = found_views(self._counts, self._kinds, "marked pieces") if self._counts else ()
        return Scores(found_metrics(found, there, answered), views)


def compare(true: Sequence[Span], answered: Sequence[Span]) -> list[tuple[str, str]]:
    """(true label, answered label) of every piece; a piece with other ends counts as missed here and made up there."""
    labels = {(span.start, span.end): span.label for span in answered}
    pairs = [(span.label, labels.pop((span.start, span.end), NOTHING)) for span in true]
    return pairs + [(NOTHING, label) for label in labels.values()]
