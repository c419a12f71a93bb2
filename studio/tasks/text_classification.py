"""Sort texts into classes: sentiment, topics, intents, spam."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.data.columns import Column, Kind, Problem
from studio.errors import StudioError
from studio.models.kind import ModelKind
from studio.models.local import TOKENIZER_FILES
from studio.models.pooling import append_mean_pooling, can_append_mean_pooling, wants_mean_pooling
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.tasks.base import Bundle, Prediction, Predictions, Prepared, Scores, Spec
from studio.tasks.classification import LABEL, answers_from, class_names, label_problems, one_of, row_numbers, score

if TYPE_CHECKING:
    import pandas
    import torch

LONG_TEXT = 2000  # characters; about 400 tokens of English
TEXT = Column(
    "text",
    "Text",
    "text",
    "What the model reads.",
    hints=("text", "sentence", "review", "comment", "message", "content", "body", "tweet", "question", "utterance"),
)


class TextOptions(BaseOptions):
    max_length: int = setting(
        128,
        title="Longest text (max length, in tokens)",
        help="What lies behind this many word pieces is cut off. Longer texts need more time and memory.",
        ge=8,
        le=8192,
        same_model=True,
    )
    pooling: Literal["auto", "standard", "mean"] = setting(
        "auto",
        title="How a text becomes one vector (pooling)",
        help="standard reads the model's own summary; mean averages all words, which suits sentence encoders; "
        "auto takes what the model was trained for.",
    )


class TextClassification:
    name = "text-classification"
    title = "Sort texts"
    sentence = "Give each text one of your classes: praise or complaint, topic, intent, spam."
    icon = "text"
    headline_metric = "accuracy"
    columns: tuple[Column, ...] = (TEXT, LABEL)
    input_kind: Kind = "text"
    output_kind: Kind = "label"
    model = ModelKind("AutoModelForSequenceClassification", "tokenizer", "text-classification", "SEQ_CLS")
    Options: type[BaseOptions] = TextOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        return sorted((*text_problems(table), *label_problems(table)), key=lambda problem: problem.row)

    def architectures(self) -> tuple[str, ...]:
        return ("ForSequenceClassification",)

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return one_of(class_names(table))

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        if not _takes_the_mean(options.pooling, model.config.model_type, folder):
            return frozenset()
        return append_mean_pooling(model)

    def prepare(self, spec: Spec) -> Prepared:
        from transformers import AutoModelForSequenceClassification, set_seed

        from studio.tasks.pretrained import load_with_head

        set_seed(spec.seed)  # the new head's first weights
        tokenizer = load_tokenizer(spec.model_folder, spec.trust_remote_code)
        model, labels, new = load_with_head(
            AutoModelForSequenceClassification,
            spec.model_folder,
            class_names(spec.table),
            spec.trust_remote_code,
            spec.changes,
        )
        new |= self.adapt(model, spec.model_folder, spec.options)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
        model.config.pad_token_id = tokenizer.pad_token_id
        longest = longest_text(spec.options.max_length, tokenizer, model.config)
        index = {label: number for number, label in enumerate(labels)}
        datasets: dict[str, list[dict[str, Any]]] = {}
        for split, rows in spec.table.groupby("split", sort=False):
            encoded = tokenizer([str(text) for text in rows["text"]], truncation=True, max_length=longest)["input_ids"]
            targets = (index[str(label)] for label in rows["label"])
            datasets[str(split)] = [
                {"input_ids": ids, "labels": target} for ids, target in zip(encoded, targets, strict=True)
            ]
        return Prepared(
            model=model,
            processor=tokenizer,
            datasets=datasets,
            collate=PadTexts(tokenizer.pad_token_id, tokenizer.padding_side),
            lengths={split: [len(item["input_ids"]) for item in items] for split, items in datasets.items()},
            labels=labels,
            new_parameters=new,
        )

    def score(self, predictions: Predictions) -> Scores:
        return score(predictions)

    def load(
        self, model_folder: Path, options: Any, trust_remote_code: bool = False, base: Path | None = None
    ) -> Bundle:
        from transformers import AutoModelForSequenceClassification

        from studio.tasks.pretrained import labels_of, load_finished

        model = load_finished(AutoModelForSequenceClassification, model_folder, trust_remote_code, base)
        tokenizer = load_tokenizer(model_folder, trust_remote_code)
        return Bundle(model, tokenizer, labels_of(model.config), options)

    def load_untrained(
        self, base: Path, tuned: Path, initial: Path, options: Any, trust_remote_code: bool = False
    ) -> Bundle:
        from transformers import AutoModelForSequenceClassification

        from studio.tasks.pretrained import load_with_head, restore_initial, stored_labels

        model, labels, _ = load_with_head(
            AutoModelForSequenceClassification, base, stored_labels(tuned), trust_remote_code
        )
        self.adapt(model, base, options)
        restore_initial(model, initial)
        return Bundle(model.eval(), load_tokenizer(tuned, trust_remote_code), labels, options)

    def predict(self, bundle: Bundle, inputs: Sequence[Any]) -> list[Prediction]:
        """Texts of like length are answered together, 32 at a time."""
        import numpy
        import torch

        if not inputs:
            return []
        tokenizer = bundle.processor
        longest = longest_text(bundle.options.max_length, tokenizer, bundle.model.config)
        encoded = tokenizer([str(text) for text in inputs], truncation=True, max_length=longest)["input_ids"]
        collate = PadTexts(tokenizer.pad_token_id, tokenizer.padding_side)
        order = sorted(range(len(encoded)), key=lambda position: len(encoded[position]))
        logits = numpy.zeros((len(encoded), len(bundle.labels)), dtype="float32")
        with torch.inference_mode():
            for start in range(0, len(order), 32):
                chosen = order[start : start + 32]
                batch = collate([{"input_ids": encoded[position]} for position in chosen])
                batch = {name: tensor.to(bundle.device) for name, tensor in batch.items()}
                logits[chosen] = bundle.model(**batch).logits.float().cpu().numpy()
        return answers_from(logits, bundle.labels)


@dataclass(frozen=True)
class PadTexts:
    """Items of token ids -> one batch, padded to the longest of them: (batch, tokens) int64."""

    pad_token_id: int
    side: str = "right"

    def __call__(self, items: list[dict[str, Any]]) -> "dict[str, torch.Tensor]":
        import torch

        width = max(len(item["input_ids"]) for item in items)
        ids = torch.full((len(items), width), self.pad_token_id, dtype=torch.long)
        mask = torch.zeros((len(items), width), dtype=torch.long)
        for row, item in enumerate(items):
            tokens = torch.as_tensor(item["input_ids"])
            place = slice(width - len(tokens), width) if self.side == "left" else slice(0, len(tokens))
            ids[row, place], mask[row, place] = tokens, 1
        batch = {"input_ids": ids, "attention_mask": mask}
        if "labels" in items[0]:
            batch["labels"] = torch.tensor([item["labels"] for item in items])
        return batch


def text_problems(table: "pandas.DataFrame") -> Iterator[Problem]:
    """Empty texts, which are dropped, and very long ones, which are cut."""
    rows = row_numbers(table)
    texts = table["text"].where(table["text"].notna(), "").astype(str)
    for position in (texts.str.strip() == "").to_numpy().nonzero()[0].tolist():
        yield Problem(rows[position], "Empty text", "There is nothing to read in this row.", column="text")
    sizes = texts.str.len().to_numpy()
    for position in (sizes > LONG_TEXT).nonzero()[0].tolist():
        why = f"{sizes[position]:,} characters; the model reads only the beginning."
        yield Problem(rows[position], "Very long text", why, drops=False, column="text")


def load_tokenizer(folder: Path, trust_remote_code: bool) -> Any:
    from transformers import AutoTokenizer

    try:
        if not any((folder / name).is_file() for name in TOKENIZER_FILES):
            raise OSError("there is none of its files")  # transformers would make up an empty one
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise StudioError(
            f"'{folder.name}' has no tokenizer that can be used.",
            "The files that turn text into tokens (tokenizer.json) are missing or of an unknown kind.",
            "Choose another model, or put the tokenizer's files into its folder.",
        ) from error


def longest_text(wish: int, tokenizer: Any, config: Any) -> int:
    """The wished length in tokens, within what the model has positions for."""
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or wish
    return max(2, min(wish, tokenizer.model_max_length, positions))


def _takes_the_mean(choice: str, model_type: str, folder: Path) -> bool:
    if choice == "mean" and not can_append_mean_pooling(model_type):
        raise StudioError(
            "Mean pooling does not fit this model.",
            f"It is of the kind '{model_type}'; mean pooling is there for BERT.",
            "Set pooling to auto or standard.",
        )
    return choice == "mean" or (choice == "auto" and can_append_mean_pooling(model_type) and wants_mean_pooling(folder))
