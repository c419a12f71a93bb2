"""Recommend what somebody will like next, by what they liked before: products, films, articles."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column, Problem
from studio.data.fields.liked import MOST_LIKED
from studio.data.likes import least_liked, likes_in, ratings, seconds
from studio.errors import StudioError
from studio.language import _
from studio.metrics.ranking import NDCG_10, RECALL_10
from studio.options import setting
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.embedding import ENCODER, VectorOptions, settle_settings, vectors_code
from studio.tasks.liking import (
    CATALOGUE,
    PadLiked,
    encode_likes,
    liking_answers,
    liking_loss,
    recommended,
    vectors_of,
)
from studio.tasks.scored_likes import RecommendationScorer, plainer_ways
from studio.tasks.texts import TEXT

if TYPE_CHECKING:
    import pandas

LIKED = Column("liked", _("Liked before"), "liked", _("What the same person liked before: made from the rows."))
ITEM = replace(
    TEXT,
    name="item",
    title=_("Thing"),
    help=_("What was liked, in words: a title, better with a description. The model reads it."),
    hints=(
        *("item", "title", "item_title", "product", "name", "movie", "film", "book", "song", "track", "article"),
        *("product_name", "item_name", "description", "text"),
    ),
    examples=("Onion soup: onions, broth, cheese", "Plum cake: plums, flour, butter", "Leek tart: leeks, cream, eggs"),
)
USER = Column(
    "user",
    _("Person"),
    "value",
    _("Who liked it: a name or a number."),
    hints=("user", "user_id", "userid", "person", "customer", "customer_id", "visitor", "reader", "member", "session"),
    examples=("anna", "ben", "anna"),
    by_name=True,
)
RATING = Column(
    "rating",
    _("Rating"),
    "value",
    _("If there is one: how much it was liked. Low ratings are left out; so are clicks that are 0."),
    hints=("rating", "stars", "score", "liked", "like", "click", "clicks", "clicked", "plays", "weight", "count"),
    required=False,
    examples=("5", "4", "5"),
    by_name=True,
)
TIME = Column(
    "time",
    _("Time"),
    "value",
    _("If there is one: when it was liked. Then the last ones are tested."),
    hints=("time", "timestamp", "date", "datetime", "when", "created_at", "day"),
    required=False,
    examples=("2026-01-03", "2026-01-04", "2026-01-09"),
    by_name=True,
)


class RecommendationOptions(VectorOptions):
    history: int = setting(
        20,
        title=_("Liked things that count (history)"),
        help=_("The last so many that a person liked. More need more time and memory."),
        ge=1,
        le=MOST_LIKED,
        same_model=True,
    )


class Recommendation(Task):
    """What is scored is the rank of the next like among all things of the data that the person did not like before."""

    name = "recommendation"
    title = _("Recommend")
    sentence = _("Recommend what people will like next, by what they liked before: products, films, articles.")
    icon = "heart"
    group = _("Texts")
    inputs = (LIKED,)
    targets = (ITEM, USER, RATING, TIME)
    answer_kind = "ranking"
    headline = NDCG_10.name
    model = ENCODER
    names_outputs = False
    Options = RecommendationOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Rows that say of nothing that it is liked. Raises StudioError where nothing can be learned of the rest."""
        roles = {str(name): str(name) for name in table.columns}
        kept = set(table["row"].iloc[likes_in(table, roles).places])
        rated = ratings(table["rating"]).set_axis(table["row"]) if "rating" in table else None
        least = None if rated is None else least_liked(rated)
        numbers = None if rated is None else rated.to_dict()
        problems = []
        for row in table["row"]:
            if row not in kept:
                number = None if numbers is None else numbers[row]
                problems.append(Problem(int(row), *_why_not(number, least), column="item"))
        if "time" in table and len(table) and seconds(table["time"]) is None:
            what, why = _("The times cannot be read."), _("So rows are put into a random order. Write 2026-01-31.")
            problems.append(Problem(0, what, why, drops=False, column="time"))
        liked = table[table["row"].isin(kept)]
        if len(table) > 1 and (liked["item"].nunique() < 2 or liked.groupby("user").size().max() < 2):
            raise StudioError(
                _("There is nothing to learn from."),
                _("Nobody likes two different things."),
                _("Bring a row for each thing that somebody liked, several of each person."),
            )
        return problems

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        learned = Counter(table.loc[table["split"] == "train", "item"].str.strip())
        return {CATALOGUE: {text: learned[text] for text in table["item"].str.strip().drop_duplicates()}}

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {CATALOGUE: config[CATALOGUE]}

    def summary(self, labels: Sequence[str]) -> str:
        return "Puts first what somebody will like who liked other things before."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        imports, definitions = vectors_code(config)
        ask = f'''def ask(liked, count=10):
    """What is recommended to somebody who likes these things, with scores."""
    texts = list(json.loads(Path("config.json").read_text(encoding="utf-8"))["{CATALOGUE}"])
    person = vectors_of(liked).mean(0)
    scores = (vectors_of(texts) @ (person / person.norm())).tolist()
    others = [pair for pair in zip(texts, scores) if pair[0] not in liked]
    return sorted(others, key=lambda pair: -pair[1])[:count]'''
        return f"import json\nfrom pathlib import Path\n{imports}", f"{definitions}\n\n\n{ask}"

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        settle_settings(model, folder, options)
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return encode_likes(tools, rows)

    def length(self, item: Item) -> int:
        return sum(map(len, item["ids"]))

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadLiked(tools.processor.pad_token_id, tools.processor.padding_side)

    def loss(self, model: Any, batch: Batch) -> Loss:
        return liking_loss(vectors_of(model, batch), batch.items, getattr(model.config, CATALOGUE))

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return liking_answers(outputs or vectors_of(model, batch), batch.items, getattr(tools.config, CATALOGUE))

    def known(self, options: Any, table: "Callable[[], pandas.DataFrame]") -> Sequence[Row]:
        return [{"item": text} for text in table()["item"].str.strip().drop_duplicates()]

    def alongside(self, tools: Tools) -> Sequence[Row]:
        return [{"item": text} for text in getattr(tools.config, CATALOGUE)]

    def conclude(self, answers: Sequence[Answer], known: Sequence[Answer]) -> list[Answer]:
        return recommended(answers, known)

    def scorer(self, tools: Tools) -> Scorer:
        return RecommendationScorer(getattr(tools.config, CATALOGUE))

    def beside(self, table: "pandas.DataFrame") -> tuple[str, ...]:
        """By popularity, and by what the same people like."""
        return plainer_ways(table)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        metrics = scores["metrics"]
        if RECALL_10.name not in metrics:
            return super().verdict(scores)
        return _(
            "What people liked next is among the first ten recommendations for {ten} of them; the nDCG@10 is {ndcg}.",
            ten=RECALL_10.text(metrics[RECALL_10.name]),
            ndcg=NDCG_10.text(metrics[NDCG_10.name]),
        )


def _why_not(number: float | None, least: float | None) -> tuple[str, str]:
    """Why a row is no like. number: its rating, where there are ratings. least: that counts as liked."""
    if number is None or (number == number and number >= (least or 1e-12)):
        return _("The same person has this thing already."), _("The first time counts.")
    if number != number:
        return _("The rating is missing, or no number."), _("So nobody knows whether it was liked.")
    if least is None:
        return _("Not liked."), _("Only what is above 0 counts as liked.")
    return _("Not liked enough."), _("Ratings from {least:g} on count as liked.", least=least)
