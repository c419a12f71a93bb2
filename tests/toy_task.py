"""A custom task, as a newcomer would write it: predict how many words a text has. Registered by the tests alone."""

from typing import Any

import torch
from torch.nn.functional import mse_loss

from studio.data.columns import Column
from studio.models.kind import ModelKind
from studio.tasks.base import Answer, Batch, Item, Loss, Task, Tools
from studio.tasks.numbers import NumberScorer
from studio.tasks.texts import TEXT, LengthOptions, PadTexts, tokenize


class WordCount(Task):
    name, title, sentence = "word-count", "Count words", "Predict how many words a text has."
    icon, group, answer_kind, headline = "text", "Texts", "number", "mae"
    inputs, targets = (TEXT,), (Column("words", "Words", "number", "How many there are.", hints=("words", "count")),)
    model = ModelKind("AutoModelForSequenceClassification", "tokenizer", "text-classification")
    Options = LengthOptions

    def configure(self, table: Any, options: Any) -> dict[str, Any]:
        return {"num_labels": 1, "id2label": {0: "words"}, "label2id": {"words": 0}}

    def encode(self, tools: Tools, rows: Any) -> list[Item]:
        known = [{"labels": row["words"]} if "words" in row else {} for row in rows]
        tokens = tokenize(tools, [row["text"] for row in rows])["input_ids"]
        return [{"input_ids": ids, **more} for ids, more in zip(tokens, known, strict=True)]

    def collate(self, tools: Tools, training: bool) -> PadTexts:
        return PadTexts(tools.processor.pad_token_id, labels=torch.float32)

    def loss(self, model: Any, batch: Batch) -> Loss:
        outputs = model(input_ids=batch.tensors["input_ids"], attention_mask=batch.tensors["attention_mask"])
        return Loss.of_mean(mse_loss(outputs.logits[:, 0], batch.tensors["labels"]), len(batch.items), outputs)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        tensors = {name: tensor for name, tensor in batch.tensors.items() if name != "labels"}
        return [Answer(float(value)) for value in (outputs or model(**tensors)).logits[:, 0]]

    def scorer(self, tools: Tools) -> NumberScorer:
        return NumberScorer("words", 1.0)
