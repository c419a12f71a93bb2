"""Find what belongs to a query: the right answer, product or paragraph among many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.column_names import TEXTS
from studio.data.columns import Problem
from studio.data.fields.base import Field
from studio.errors import StudioError
from studio.language import _
from studio.options import setting
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.embedding import (
    ENCODER,
    EmbeddingOptions,
    PadSides,
    encode_sides,
    ranking_code,
    ranking_loss,
    settle_settings,
    side_vectors,
    vector_answers,
)
from studio.tasks.ranking import RankingScorer, ranked
from studio.tasks.texts import TEXT
from studio.tasks.verdicts import ranking_verdict

if TYPE_CHECKING:
    import pandas

QUERY = replace(
    TEXT,
    name="query",
    title=_("Query"),
    help=_("What people look for: a question, a few words, a description."),
    hints=("query", "question", "anchor", "search", "q", "text", "sentence1", "title", "prompt", "input"),
    examples=("when will my parcel arrive", "how do I get my money back", "warm coat in red"),
)
MATCH = replace(
    TEXT,
    name="match",
    title=_("Match"),
    help=_("What is to be found for it: an answer, a paragraph, a product. All matches together are searched in."),
    hints=(
        *("match", "positive", "answer", "passage", "document", "pos", "response", "product", "context", "sentence2"),
        *("paragraph", "target", "output", "label", *TEXTS),
    ),
    examples=("Delivery takes two to four days.", "Send it back within 30 days.", "Wool coat, red, size 40."),
)
NEGATIVE = replace(
    TEXT,
    name="negative",
    title=_("Wrong match"),
    help=_("If there is one: a text that looks right for the query and is not (a hard negative). It teaches a lot."),
    hints=("negative", "hard_negative", "neg", "wrong", "wrong_match"),
    examples=("We deliver to Norway, too.", "Pay with a card or by invoice.", "Rain coat, red, size 40."),
    required=False,
    by_name=True,
)
MOST_KNOWN = 5000  # texts that a finished model is asked about, if no others are given


class SearchOptions(EmbeddingOptions):
    catalogue: str = setting(
        "",
        title=_("Search in these texts (one a line)"),
        help=_("What the finished model looks through. Without any: the matches of the data, those of the test first."),
        same_model=True,
        asked=True,
        lines=True,
    )


class Search(Task):
    """The loss is of a query among the matches of its batch, so it depends on the batch size: more matches are harder.
    What is scored is a search in all matches of the split."""

    name = "search"
    title = _("Search")
    sentence = _("Find the text that belongs to a query among many: the answer in a help page, a product, a paragraph.")
    icon = "search"
    group = _("Texts")
    inputs = (QUERY,)
    targets = (MATCH, NEGATIVE)
    answer_kind = "ranking"
    headline = "ndcg_10"
    model = ENCODER
    names_outputs = False
    Options = SearchOptions

    def counted(self, n: int) -> str:
        return Field().counted(n)  # a query and its match, both of them texts

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Pairs that say the same twice, and wrong matches that are the right one. Raises StudioError where all rows
        have the same match."""
        if len(table) and table["match"].nunique() < 2:
            raise StudioError(
                _("There is nothing to search among."),
                _("All rows have the same match."),
                _("Bring queries with at least two different matches."),
            )
        match = table["match"].str.strip()
        why = _("A pair teaches only where the two differ.")
        problems = [
            Problem(int(row), _("The match is the query over again."), why, drops=False, column="match")
            for row in table.loc[match == table["query"].str.strip(), "row"]
        ]
        if "negative" in table:
            why = _("It would teach that the right match is wrong.")
            problems += [
                Problem(int(row), _("The wrong match is the right one."), why, column="negative")
                for row in table.loc[match == table["negative"].str.strip(), "row"]
            ]
        return problems

    def summary(self, labels: Sequence[str]) -> str:
        return (
            "Turns texts into vectors, so that a query lies near what belongs to it. sentence-transformers loads it, "
            "too."
        )

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return ranking_code(config)

    def question(self, examples: Sequence[str]) -> str:
        return f'{examples[0]}, [{examples[0]}, "another text"]'

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        settle_settings(model, folder, options)
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return encode_sides(tools, rows)

    def length(self, item: Item) -> int:
        return max(len(ids) for side, ids in item.items() if side.endswith("_ids"))

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadSides(tools.processor.pad_token_id, tools.processor.padding_side)

    def loss(self, model: Any, batch: Batch) -> Loss:
        return ranking_loss(side_vectors(model, batch), batch.items)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return vector_answers(outputs or side_vectors(model, batch), batch.items)

    def known(self, options: Any, table: "Callable[[], pandas.DataFrame]") -> Sequence[Row]:
        texts = [line.strip() for line in options.catalogue.splitlines()]
        if not any(texts):
            there = table().sort_values("split", key=lambda splits: splits != "test", kind="stable")
            texts = there["match"].drop_duplicates().tolist()[:MOST_KNOWN]
        return [{"match": text} for text in dict.fromkeys(texts) if text]

    def conclude(self, answers: Sequence[Answer], known: Sequence[Answer]) -> list[Answer]:
        return ranked(answers, known)

    def scorer(self, tools: Tools) -> Scorer:
        return RankingScorer()

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return ranking_verdict(scores) or super().verdict(scores)
