"""How things are recommended to somebody who liked others: the vectors, their loss, and the order with its reasons.

A person is the mean of what they liked (FISM, Kabbur et al. 2013), so that somebody new is one as soon as they picked
a few things; and a thing is what one encoder makes of its text, so that a new thing has its place at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.tasks.base import Answer, Batch, Item, Loss, Row, Tools
from studio.tasks.embedding import SCALE, SETTINGS, text_vectors
from studio.tasks.ranking import best_places, rank_of
from studio.tasks.texts import padded, tokenize

if TYPE_CHECKING:
    import torch

CATALOGUE = "catalogue"  # in the model's config: everything that can be recommended, with its likes in the training


@dataclass(frozen=True)
class Vectors:
    """texts: of a batch, each once, with its place in `values` (texts, size)."""

    texts: Mapping[str, int]
    values: "torch.Tensor"

    def people(self, items: "Sequence[Item]") -> "torch.Tensor":
        """(items, size): the mean of what each liked, of length 1; nothing but zeros where that is nothing."""
        import torch

        weights = torch.zeros(len(items), len(self.texts), device=self.values.device, dtype=self.values.dtype)
        for place, item in enumerate(items):
            for text in item.get("liked", ()):
                weights[place, self.texts[text]] = 1.0
        means = weights @ self.values
        return means / means.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def encode_likes(tools: Tools, rows: Sequence[Row]) -> list[Item]:
    """The last liked texts of each row and the one that is liked next, where they are known, with their token ids.
    "seen": what was liked before those, which is not recommended again."""
    most = tools.options.history
    items: list[Item] = []
    for row in rows:
        item: Item = {name: row[name].strip() for name in ("item", "user") if row.get(name)}
        liked = list(dict.fromkeys(text.strip() for text in row.get("liked", ()) if text.strip()))
        parts = {"liked": liked[-most:], "seen": liked[:-most]}
        item |= {name: texts for name, texts in parts.items() if texts}
        items.append(item)
    texts = list(dict.fromkeys(text for item in items for text in _texts_of(item)))
    ids = dict(zip(texts, tokenize(tools, texts)["input_ids"], strict=True)) if texts else {}
    for item in items:
        item["ids"] = [ids[text] for text in _texts_of(item)]
    return items


def _texts_of(item: Item) -> list[str]:
    return [*item.get("liked", ()), *([item["item"]] if "item" in item else ())]


def _distinct(items: Sequence[Item]) -> dict[str, list[int]]:
    """Each text of the items once, with its token ids."""
    return {text: ids for item in items for text, ids in zip(_texts_of(item), item["ids"], strict=True)}


@dataclass(frozen=True)
class PadLiked:
    """Items -> `texts_ids` and `texts_mask` (texts, tokens), each text of the batch once."""

    pad_token_id: int
    padding: str = "right"

    def __call__(self, items: list[Item]) -> "dict[str, torch.Tensor]":
        tokens = list(_distinct(items).values()) or [[self.pad_token_id]]
        return {
            "texts_ids": padded(tokens, self.pad_token_id, self.padding),
            "texts_mask": padded([[1] * len(ids) for ids in tokens], 0, self.padding),
        }


def vectors_of(model: Any, batch: Batch) -> Vectors:
    pooling = getattr(model.config, SETTINGS)["pooling"]
    values = text_vectors(model, batch.tensors["texts_ids"], batch.tensors["texts_mask"], pooling).float()
    texts = list(_distinct(batch.items))
    return Vectors({text: place for place, text in enumerate(texts)}, values[: len(texts)])


def liking_loss(vectors: Vectors, items: Sequence[Item], likes: Mapping[str, int]) -> Loss:
    """Whoever liked these things is to be nearest to the one that they liked next, among all things of the batch.

    likes: of each thing in the training. Popular things are in more batches, so they would be pushed away too often:
    the logarithm of the probability that a thing is in the batch is taken off its score (logQ correction, Yi et al.
    2019, Sampling-bias-corrected neural modeling for large corpus item recommendations; here for things that count
    once a batch). What the same person is known to like is nothing to be pushed away. Rows in which nothing is known
    of the person are not counted.
    """
    import torch

    counted = [item for item in items if item.get("liked") and "item" in item]
    if not counted:
        return Loss(vectors.values.sum() * 0.0, vectors.values.new_tensor(0.0), vectors)
    total, drawn = max(1, sum(likes.values())), sum(len(_texts_of(item)) for item in items)
    shares = [min(1.0 - 1e-6, max(1, likes.get(text, 0)) / total) for text in vectors.texts]
    chances = 1.0 - (1.0 - torch.tensor(shares, device=vectors.values.device, dtype=torch.float64)) ** drawn
    scores = SCALE * vectors.people(counted) @ vectors.values.T - chances.log().to(vectors.values.dtype)
    own = torch.tensor([vectors.texts[item["item"]] for item in counted], device=scores.device)
    known = _known_likes(counted)
    mask = torch.zeros_like(scores, dtype=torch.bool)
    for place, item in enumerate(counted):
        for text in known[place] & vectors.texts.keys():
            mask[place, vectors.texts[text]] = text != item["item"]
    losses = torch.nn.functional.cross_entropy(scores.masked_fill(mask, -torch.inf), own)
    return Loss.of_mean(losses, len(counted), vectors)


def _known_likes(items: Sequence[Item]) -> list[set[str]]:
    """What the batch says of each item's person."""
    people: dict[str, set[str]] = {}
    for item in items:
        people.setdefault(item.get("user", ""), set()).update(_texts_of(item), item.get("seen", ()))
    return [people[item.get("user", "")] for item in items]


def liking_answers(vectors: Vectors, items: Sequence[Item], likes: Mapping[str, int]) -> list[Answer]:
    """For `recommended`: of each item the person's vector and what they liked, and the thing's with its likes."""
    people, values = vectors.people(items).cpu().numpy(), vectors.values.cpu().numpy()
    found = []
    for place, item in enumerate(items):
        details: dict[str, Any] = {name: item.get(name, []) for name in ("liked", "seen")} | {"person": people[place]}
        if "item" in item:
            details |= {"item": item["item"], "vector": values[vectors.texts[item["item"]]]}
            details["likes"] = likes.get(item["item"], 0)
        strange = [text for text in details["liked"] if text not in likes]
        details["strange"] = {text: values[vectors.texts[text]] for text in strange}
        found.append(Answer(None, details))
    return found


def recommended(answers: Sequence[Answer], known: Sequence[Answer]) -> list[Answer]:
    """For each person the best of all that is known and that they did not pick themselves.

    The result's value is [{"text", "score", "why"}], the best first; why: of what they liked, what is nearest to it,
    which adds most to its score. For somebody who liked nothing these are the things that most people like.
    details["ranks"]: the place of what is known to be right.
    """
    import numpy

    there = {each.details["item"]: each.details for each in known if "item" in each.details}
    if not there:
        return [Answer([]) for _unused in answers]
    texts, values = list(there), numpy.stack([each["vector"] for each in there.values()])
    places = {text: place for place, text in enumerate(texts)}
    likes = numpy.array([each["likes"] for each in there.values()], dtype="float32")
    result = []
    for answer in answers:
        liked = answer.details["liked"]
        scores = values @ answer.details["person"] if liked else likes / max(1.0, float(likes.sum()))
        right = places.get(answer.details.get("item", ""))
        before = {*liked, *answer.details["seen"]}
        picked = [places[text] for text in before if text in places and places[text] != right]
        scores[picked] = -numpy.inf
        best = [place for place in best_places(scores) if numpy.isfinite(scores[place])]
        vectors = {text: values[places[text]] for text in liked if text in places} | answer.details["strange"]
        near = values[best] @ numpy.stack([vectors[text] for text in vectors]).T if vectors else None
        reasons = list(vectors)
        found = [
            {
                "text": texts[place],
                "score": round(float(scores[place]), 4),
                "why": "" if near is None else reasons[int(near[number].argmax())],
            }
            for number, place in enumerate(best)
        ]
        result.append(Answer(found, {"ranks": [rank_of(scores, right)]} if right is not None else {}))
    return result
