"""What tasks share that compare texts by their vectors: settings, encoding, the vectors, and the loss of pairs.

One encoder reads both sides (a bi-encoder, Reimers and Gurevych 2019, arXiv:1908.10084), so that a catalogue is read
once and each query is compared with all of it.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.language import _
from studio.models.folders import POOLING
from studio.models.kind import ModelKind
from studio.models.settings_files import read_settings
from studio.options import setting
from studio.tasks.base import Answer, Batch, Item, Loss, Row, Tools
from studio.tasks.texts import LengthOptions, padded, tokenize

if TYPE_CHECKING:
    import torch

SETTINGS = "embedding"  # in the model's config: how a text becomes its vector
SCALE = 20.0  # of cosines before the softmax: the default of sentence-transformers
SIDES = ("query", "match", "negative")
ENCODER = ModelKind(
    "AutoModel",
    "tokenizer",
    "sentence-similarity",
    "FEATURE_EXTRACTION",
    ("feature-extraction", "fill-mask"),
    without=("add_pooling_layer",),  # its summary of a text is not read
)


class VectorOptions(LengthOptions):
    vector: Literal["auto", "mean", "first", "last"] = setting(
        "auto",
        title=_("How a text becomes one vector (pooling)"),
        help=_(
            "mean averages all words, first and last read the model's first or last token; auto takes what the model "
            "was trained for, and mean where that is not known."
        ),
        same_model=True,
    )


class EmbeddingOptions(VectorOptions):
    query_prefix: str = setting(
        "",
        title=_("Words before every query (prefix)"),
        help=_("Some models were trained with such words, E5 with 'query: '. Their pages say so."),
        same_model=True,
    )
    match_prefix: str = setting(
        "",
        title=_("Words before every match (prefix)"),
        help=_("The same for what is searched in, for E5 'passage: '."),
        same_model=True,
    )


def text_vectors(model: Any, input_ids: Any, attention_mask: Any, pooling: str) -> Any:
    """Token ids -> a vector of length 1 for each text: of the mean of its tokens, or its first or last token."""
    tokens = model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    tokens = tokens[:, -attention_mask.shape[1] :]  # learned prompts stand before them
    if pooling == "mean":
        mask = attention_mask[..., None].to(tokens.dtype)
        vectors = (tokens * mask).sum(1) / mask.sum(1)
    else:
        places = attention_mask.argmax(1)  # where the first token stands behind the padding
        if pooling == "last":
            places = places + attention_mask.sum(1) - 1
        vectors = tokens[range(len(tokens)), places]
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def stored_pooling(folder: Path) -> str:
    """What the files of a sentence-transformers model say; mean where they say nothing."""
    settings = read_settings(folder / POOLING) or {}
    names = {"pooling_mode_cls_token": "first", "pooling_mode_lasttoken": "last"}
    return next((name for key, name in names.items() if settings.get(key)), "mean")


def settle_settings(model: Any, folder: Path, options: VectorOptions) -> None:
    """Into the model's config, which is saved with it."""
    pooling = stored_pooling(folder) if options.vector == "auto" else options.vector
    prefixes = options.model_dump(include={"query_prefix", "match_prefix"})
    setattr(model.config, SETTINGS, {"pooling": pooling, **prefixes})


def encode_sides(tools: Tools, rows: Sequence[Row]) -> list[Item]:
    """Token ids of each text that a row has, and the texts of its query and match."""
    settings = getattr(tools.config, SETTINGS)
    items: list[Item] = [{side: row[side] for side in SIDES if row.get(side)} for row in rows]
    for side in SIDES:
        there = [item for item in items if side in item]
        if there:
            prefix = settings["query_prefix" if side == "query" else "match_prefix"]
            ids = tokenize(tools, [prefix + item[side] for item in there])["input_ids"]
            for item, tokens in zip(there, ids, strict=True):
                item[f"{side}_ids"] = tokens
    return items


@dataclass(frozen=True)
class PadSides:
    """Items -> for each side `SIDE_ids` and `SIDE_mask` (texts, tokens); negatives of those items that have one."""

    pad_token_id: int
    padding: str = "right"

    def __call__(self, items: list[Item]) -> "dict[str, torch.Tensor]":
        batch = {}
        for side in SIDES:
            tokens = [item[f"{side}_ids"] for item in items if f"{side}_ids" in item]
            if tokens:
                batch[f"{side}_ids"] = padded(tokens, self.pad_token_id, self.padding)
                batch[f"{side}_mask"] = padded([[1] * len(ids) for ids in tokens], 0, self.padding)
        return batch


def side_vectors(model: Any, batch: Batch) -> "dict[str, torch.Tensor]":
    """By side, (texts, size)."""
    pooling = getattr(model.config, SETTINGS)["pooling"]
    there = [side for side in SIDES if f"{side}_ids" in batch.tensors]
    return {
        side: text_vectors(model, batch.tensors[f"{side}_ids"], batch.tensors[f"{side}_mask"], pooling)
        for side in there
    }


def ranking_loss(vectors: "Mapping[str, torch.Tensor]", items: Sequence[Item]) -> Loss:
    """Each query is to be nearest to its own match among all matches and negatives of the batch (in-batch negatives;
    Henderson et al. 2017, arXiv:1705.00652; MultipleNegativesRankingLoss of sentence-transformers).

    What is known to be right is no negative: the same match again, or another match of the same query.
    """
    import torch

    candidates = torch.cat([vectors[side] for side in SIDES[1:] if side in vectors]).float()
    scores = SCALE * vectors["query"].float() @ candidates.T
    scores = scores.masked_fill(_also_right(items, scores.shape[1]).to(scores.device), -torch.inf)
    own = torch.arange(len(items), device=scores.device)
    return Loss.of_mean(torch.nn.functional.cross_entropy(scores, own), len(items), vectors)


def vector_answers(vectors: "Mapping[str, torch.Tensor]", items: Sequence[Item]) -> list[Answer]:
    """The texts and vectors of each item's query and match, for `studio.tasks.ranking.ranked`."""
    found = [{side: item[side] for side in SIDES[:2] if side in item} for item in items]
    for side in SIDES[:2]:
        if side in vectors:
            each = iter(vectors[side].float().cpu().numpy())
            for item in found:
                if side in item:
                    item[f"{side}_vector"] = next(each)
    return [Answer(None, details) for details in found]


def _also_right(items: Sequence[Item], candidates: int) -> "torch.Tensor":
    """(queries, candidates): which candidates besides a query's own match are right for it."""
    import torch

    right: dict[str, set[str]] = {}
    for item in items:
        right.setdefault(item["query"], set()).add(item["match"])
    texts = [item["match"] for item in items] + [item["negative"] for item in items if "negative" in item]
    mask = torch.zeros(len(items), candidates, dtype=torch.bool)
    for place, item in enumerate(items):
        known = right[item["query"]]
        for other, text in enumerate(texts):
            mask[place, other] = text in known and other != place
    return mask


def ranking_code(config: Mapping[str, Any]) -> tuple[str, str]:
    """For the model's card: `ask(query, texts)` gives the texts, the best first, with their cosines."""
    settings = config[SETTINGS]
    imports, definitions = vectors_code(config)
    ask = f"""def ask(query, texts):
    known = vectors_of([{settings["match_prefix"]!r} + text for text in texts])
    scores = (known @ vectors_of([{settings["query_prefix"]!r} + query])[0]).tolist()
    return sorted(zip(texts, scores), key=lambda pair: -pair[1])"""
    return imports, f"{definitions}\n\n\n{ask}"


def vectors_code(config: Mapping[str, Any]) -> tuple[str, str]:
    """For the model's card: imports, and `vectors_of(texts)`."""
    vectors = f'''def vectors_of(texts):
    batch = processor(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        return text_vectors(model, batch["input_ids"], batch["attention_mask"], "{config[SETTINGS]["pooling"]}")'''
    return "from typing import Any\n\nimport torch", f"{inspect.getsource(text_vectors).strip()}\n\n\n{vectors}"
