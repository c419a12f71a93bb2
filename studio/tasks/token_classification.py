"""Mark pieces of a text: names, places, dates, products."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column, Problem
from studio.data.fields import FIELDS
from studio.data.fields.spans import Span, read_spans
from studio.errors import StudioError
from studio.language import _
from studio.metrics.found import F1, found_interval, found_metrics
from studio.models.kind import ModelKind
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Marks, Row, Scorer, Scores, Task, Tools
from studio.tasks.classes import NOTHING, found_counts, found_views, label_maps, name_classes, pair_marks
from studio.tasks.remarks import never_found
from studio.tasks.texts import IGNORED, TEXT, LengthOptions, PadTexts, tokenize
from studio.tasks.verdicts import found_verdict

if TYPE_CHECKING:
    import pandas

SPANS = Column(
    "spans",
    _("Marked pieces"),
    "spans",
    _('Which pieces of the text are marked: [{"start": 0, "end": 4, "label": "person"}], in characters.'),
    hints=("spans", "entities", "labels", "label", "ner", "annotations", "tags"),
)
OUTSIDE = "O"  # the tag of what is not marked (IOB2)


class TokenClassification(Task):
    name = "token-classification"
    title = _("Mark words")
    sentence = _("Find and name pieces of a text: people, places, dates, products, amounts.")
    icon = "marked"
    group = _("Texts")
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
                what = _(
                    "'{label}' is marked up to character {end}; the text has {length}.",
                    label=behind[0].label,
                    end=behind[0].end,
                    length=len(text),
                )
                problems.append(Problem(int(row), what, _("The marked piece is not in the text."), column="spans"))
        return problems

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        FIELDS[SPANS.kind].require_lesson(table["spans"])
        labels = sorted({span.label for cell in table["spans"] for span in read_spans(cell)})
        names = label_maps([OUTSIDE, *(f"{place}-{label}" for label in labels for place in "BI")])
        whole = all(
            marks_whole_words(text, read_spans(cell)) for text, cell in zip(table["text"], table["spans"], strict=True)
        )
        return {**names, "whole_words": whole}

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), "whole_words": bool(config.get("whole_words"))}

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"aggregation_strategy": "first" if config.get("whole_words") else "simple"}

    def classes(self, outputs: Sequence[str]) -> list[str]:
        """What can be marked, from the tags B-person, I-person, O."""
        return list(dict.fromkeys(tag[2:] for tag in outputs if tag != OUTSIDE))

    def summary(self, labels: Sequence[str]) -> str:
        return f"Marks pieces of a text: {name_classes(self.classes(labels))}."

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        if not tools.processor.is_fast:
            raise StudioError(
                _("This model's tokenizer does not say where its tokens lie in the text."),
                _("It has no tokenizer.json."),
                _("Choose another model."),
            )
        tokens = tokenize(tools, [row["text"] for row in rows], return_offsets_mapping=True)
        whole = getattr(tools.config, "whole_words", False)  # runs of before learned tokens
        items = []
        for number, row in enumerate(rows):
            ids, places = tokens["input_ids"][number], tokens["offset_mapping"][number]
            words = tokens.word_ids(number) if whole else [None] * len(ids)
            item = {"input_ids": ids, "places": [list(place) for place in places], "text": row["text"]}
            item["continues"] = continuing(row["text"], places, words)
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
            found = spans_of(item["text"], item["places"], names, shares[there].tolist(), item["continues"])
            answers.append(Answer(found))
        return answers

    def scorer(self, tools: Tools) -> Scorer:
        return SpanScorer(self.classes(tools.labels))

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return found_verdict(scores) or super().verdict(scores)


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


def marks_whole_words(text: str, spans: Sequence[Span]) -> bool:
    """Whether no piece begins or ends between two letters or digits, as in texts whose words have no blanks between
    them."""
    places = (place for span in spans for place in (span.start, span.end) if 0 < place < len(text))
    return not any(text[place - 1].isalnum() and text[place].isalnum() for place in places)


def continuing(text: str, places: Sequence[tuple[int, int]], words: Sequence[int | None]) -> list[bool]:
    """Of each token, whether it goes on with the word of the token before, which then decides for both. words: the
    tokenizer's number of each token's word; one that spans several words of the text is none."""
    whole = {word: "" for word in words if word is not None}
    for (start, end), word in zip(places, words, strict=True):
        if word is not None:
            whole[word] += text[start:end]
    known = {word for word, letters in whole.items() if len(letters.split()) == 1}
    before = [None, *words[:-1]]
    return [word in known and word == last for word, last in zip(words, before, strict=True)]


def spans_of(
    text: str,
    places: Sequence[Sequence[int]],
    tags: Sequence[str],
    shares: Sequence[float],
    continues: Sequence[bool],
) -> list[dict[str, Any]]:
    """Tags of tokens -> marked pieces, each with the mean probability of its words. B- begins a new one.

    continues: see `continuing`; the first token of a word decides for all of it. Blanks at the ends, which some
    tokenizers count to the word behind them, belong to no piece.
    """
    found: list[dict[str, Any]] = []
    before = OUTSIDE
    for (start, end), tag, share, goes_on in zip(places, tags, shares, continues, strict=True):
        if start == end:
            continue
        if goes_on:
            if before != OUTSIDE:
                found[-1]["end"] = end
            continue
        if tag != OUTSIDE and before[2:] == tag[2:] and tag[0] == "I":
            found[-1]["end"] = end
            found[-1]["shares"].append(share)
        elif tag != OUTSIDE:
            found.append({"start": start, "end": end, "label": tag[2:], "shares": [share]})
        before = tag
    return [piece for each in found if (piece := _trimmed(text, each))["text"]]


def _trimmed(text: str, found: dict[str, Any]) -> dict[str, Any]:
    marked = text[found["start"] : found["end"]]
    start = found["start"] + len(marked) - len(marked.lstrip())
    marked = marked.strip()
    score = sum(found["shares"]) / len(found["shares"])
    return {"start": start, "end": start + len(marked), "label": found["label"], "text": marked, "score": score}


class SpanScorer:
    """Precision, recall and F1 of whole pieces: one counts as found where its ends and its label are right."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = list(kinds)
        self._counts: Counter[tuple[str, str]] = Counter()  # (true, answered)
        self._rows: list[tuple[int, int, int]] = []  # of each text, see `found_counts`

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks = []
        for answer, row in zip(answers, rows, strict=True):
            pairs = compare(
                row["spans"], [Span(piece["start"], piece["end"], piece["label"]) for piece in answer.value]
            )
            self._counts.update(pairs)
            self._rows.append(found_counts(Counter(pairs)))
            marks.append(pair_marks(pairs))
        return marks

    def scores(self) -> Scores:
        if not self._rows:
            return Scores({})
        counts = found_counts(self._counts)
        views = found_views(self._counts, self._kinds, _("Marked pieces")) if self._counts else ()
        remarks = never_found(self._counts, self._kinds)
        interval = found_interval(counts, self._rows)
        return Scores(found_metrics(*counts), views, {F1.name: interval}, tuple(remarks))


def compare(true: Sequence[Span], answered: Sequence[Span]) -> list[tuple[str, str]]:
    """(true label, answered label) of every piece; a piece with other ends counts as missed here and made up there."""
    labels = {(span.start, span.end): span.label for span in answered}
    pairs = [(span.label, labels.pop((span.start, span.end), NOTHING)) for span in true]
    return pairs + [(NOTHING, label) for label in labels.values()]
