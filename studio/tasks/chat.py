"""Answer in conversations: supervised fine-tuning of a language model on questions and answers."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from studio.data.columns import Column, Problem
from studio.language import _
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
from studio.tasks.conversations import (
    PROMPT,
    TEMPLATE_CODE,
    answer_ends,
    answered_tokens,
    asked_tokens,
    give_template,
    shortened,
    with_answer,
)
from studio.tasks.texts import PadTexts, longest_text

if TYPE_CHECKING:
    import pandas

REPLY = Column(
    "reply",  # stored results call what the model says an answer
    _("Answer"),
    "text",
    _("What the model learns to answer."),
    hints=("answer", "response", "output", "completion", "assistant", "target", "chosen", "antwort", "solution"),
    examples=("It came within two days.", "Two days after it was bought.", "It is fair."),
)


class Chat(Task):
    """The loss is on the answers alone, those within a conversation included, with the tokens that end them."""

    name = "chat"
    title = _("Answer in a chat")
    sentence = _("Answer questions and follow instructions as in your examples: support, tutoring, a tone of voice.")
    icon = "bubble"
    group = _("Texts")
    inputs = (PROMPT,)
    targets: ClassVar[tuple[Column, ...]] = (REPLY,)
    answer_kind = "text"
    headline = "perplexity"
    traits = frozenset({"generates"})
    model = CAUSAL_MODEL
    names_outputs = False
    Options = CausalOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        """Answers that are their question over again."""
        same = table["prompt"].str.strip() == table["reply"].str.strip()
        why = _("Is it meant to be repeated?")
        return [
            Problem(int(row), _("The answer is the same as the message."), why, drops=False, column="reply")
            for row in table.loc[same, "row"]
        ]

    def summary(self, labels: Sequence[str]) -> str:
        return "Answers messages."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        return asking(config, TEMPLATE_CODE)

    def prepare_processor(self, processor: Any, options: Any) -> None:
        give_template(processor)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        longest = longest_text(tools.options.max_length, tools)
        items = []
        for row in rows:
            asked = asked_tokens(tools.processor, row["prompt"])
            item: Item = {"input_ids": asked[-longest:]}
            if "reply" in row:
                found = answered_tokens(tools.processor, with_answer(row["prompt"], row["reply"]))
                item = learned_item(*shortened(*found, longest))
            items.append({**item, "asked": asked})
        return items

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadTexts(tools.processor.pad_token_id)

    def loss(self, model: Any, batch: Batch) -> Loss:
        return causal_loss(model, batch)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        device, asked = batch.tensors["input_ids"].device, [item["asked"] for item in batch.items]
        texts = continued(tools, model, asked, device, answer_ends(tools.processor))
        return [Answer(text, told) for text, told in zip(texts, told_tokens(outputs, batch), strict=True)]

    def stream(self, tools: Tools, model: Any, batch: Batch, tell: Callable[[str], None]) -> Answer:
        device, asked = batch.tensors["input_ids"].device, [batch.items[0]["asked"]]
        return Answer(continued(tools, model, asked, device, answer_ends(tools.processor), tell)[0])

    def scorer(self, tools: Tools) -> Scorer:
        return TokenScorer()

    def metrics_of(self, loss: float) -> dict[str, float]:
        return metrics_of_loss(loss)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return token_verdict(scores)

    def finish(self, model: Any, tools: Tools) -> None:
        """Wherever the model is loaded, its answers end where they were taught to."""
        settings = kept_settings(tools, model, answer_ends(tools.processor))
        setattr(tools.config, SETTINGS, settings)
        model.generation_config.eos_token_id = settings["ends"]
