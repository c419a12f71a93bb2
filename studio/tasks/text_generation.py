"""Write on in the manner of texts: stories, product descriptions, poems, a house style."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Problem
from studio.language import _
from studio.options import setting
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.causal import (
    CAUSAL_MODEL,
    SETTINGS,
    CausalOptions,
    TokenScorer,
    asking,
    causal_loss,
    continued,
    kept_settings,
    learned_item,
    metrics_of_loss,
    token_verdict,
    told_tokens,
)
from studio.tasks.texts import TEXT, PadTexts, longest_text

if TYPE_CHECKING:
    import pandas

FEW_LETTERS = 3
WRITTEN = replace(TEXT, help=_("What the model learns to write, and on the Test page how the text begins."))


class GenerationOptions(CausalOptions):
    learns_ends: bool = setting(
        True,
        title=_("Learn where texts end"),
        help=_("Each row is a whole text. Switch it off where rows are passages of a longer one."),
        same_model=True,
    )


class TextGeneration(Task):
    """Training rows are laid behind each other and cut into windows, so that nothing is cut off and nothing padded;
    other rows are read one by one, as far as a window reaches."""

    name = "text-generation"
    title = _("Continue texts")
    sentence = _("Continue a text in the manner of yours: stories, descriptions, poems, the style of a house.")
    icon = "edit"
    group = _("Texts")
    inputs = (WRITTEN,)
    targets = ()
    answer_kind = "text"
    headline = "perplexity"
    traits = frozenset({"generates"})
    model = CAUSAL_MODEL
    names_outputs = False
    Options = GenerationOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        short = table["text"].str.strip().str.len() < FEW_LETTERS
        why = _("There is nothing to be continued.")
        return [Problem(int(row), _("The text is too short."), why, column="text") for row in table.loc[short, "row"]]

    def summary(self, labels: Sequence[str]) -> str:
        return "Continues texts."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return asking(
            config,
            (
                'tokens = processor(text)["input_ids"]',
                "if tokens[-1] == processor.eos_token_id:",
                "    tokens = tokens[:-1]",
            ),
        )

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        longest, end = longest_text(tools.options.max_length, tools), tools.processor.eos_token_id
        found = tools.processor([row["text"] for row in rows], verbose=False)["input_ids"]
        items = []
        for tokens in found:
            tokens = tokens[:-1] if len(tokens) > 1 and tokens[-1] == end else tokens
            whole = [*tokens, end] if tools.options.learns_ends and end is not None else tokens
            items.append({**learned_item(whole[:longest]), "whole": whole, "given": tokens})
        return items

    def length(self, item: Item) -> int:
        return len(item["input_ids"])

    def pack(self, tools: Tools, items: Sequence[Item]) -> Sequence[Item]:
        longest = longest_text(tools.options.max_length, tools)
        tokens = [token for item in items for token in item["whole"]]
        return [learned_item(tokens[start : start + longest]) for start in range(0, max(1, len(tokens) - 1), longest)]

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadTexts(tools.processor.pad_token_id)

    def loss(self, model: Any, batch: Batch) -> Loss:
        return causal_loss(model, batch)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        texts = continued(tools, model, [item["given"] for item in batch.items], batch.tensors["input_ids"].device)
        return [Answer(text, told) for text, told in zip(texts, told_tokens(outputs, batch), strict=True)]

    def stream(self, tools: Tools, model: Any, batch: Batch, tell: Callable[[str], None]) -> Answer:
        (text,) = continued(tools, model, [batch.items[0]["given"]], batch.tensors["input_ids"].device, tell=tell)
        return Answer(text)

    def scorer(self, tools: Tools) -> Scorer:
        return TokenScorer()

    def metrics_of(self, loss: float) -> dict[str, float]:
        return metrics_of_loss(loss)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return token_verdict(scores)

    def finish(self, model: Any, tools: Tools) -> None:
        setattr(tools.config, SETTINGS, kept_settings(tools, model))
