"""What tasks that read texts share: the column, the tokenizer, token ids, padding."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.column_names import TEXTS
from studio.data.columns import Column
from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.models.local import TOKENIZER_FILES
from studio.options import Options, setting
from studio.tasks.base import Item, Tools

if TYPE_CHECKING:
    import torch

TEXT = Column(
    "text",
    _("Text"),
    "text",
    _("What the model reads."),
    hints=TEXTS,
)
SEQUENCE_MODEL = ModelKind(  # one answer to a whole text, or to two together
    "AutoModelForSequenceClassification", "tokenizer", "text-classification", "SEQ_CLS", ("fill-mask",)
)
POSITIONS = ("max_position_embeddings", "n_positions")  # what configs call the number of positions
LONGEST = 8192  # tokens that can be asked for
IGNORED = -100  # a label that no loss counts (PyTorch's cross-entropy)


class LengthOptions(Options):
    max_length: int = setting(
        128,
        title=_("Longest text (max length, in tokens)"),
        help=_("What lies behind this many word pieces is cut off. Longer texts need more time and memory."),
        ge=8,
        le=LONGEST,
        same_model=True,
    )


def load_tokenizer(folder: Path, config: Any, trust_remote_code: bool) -> Any:
    """The folder's tokenizer, with something to pad with. Raises StudioError where there is none."""
    from transformers import AutoTokenizer

    try:
        if not any((folder / name).is_file() for name in TOKENIZER_FILES):
            raise OSError("there is none of its files")  # transformers would make up an empty one
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise StudioError(
            _("'{model}' has no tokenizer that can be used.", model=folder.name),
            _("The files that turn text into tokens (tokenizer.json) are missing or of an unknown kind."),
            _("Choose another model, or put the tokenizer's files into its folder."),
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    config.pad_token_id = tokenizer.pad_token_id
    return tokenizer


def longest_text(wish: int, tools: Tools) -> int:
    """The wished length in tokens, within what the model has positions for."""
    return within(wish, tools.processor.model_max_length, *(getattr(tools.config, name, None) for name in POSITIONS))


def within(wish: int, *most: int | None) -> int:
    return max(2, min([wish, *(limit for limit in most if limit)]))


def tokenize(tools: Tools, texts: Sequence[str], **wishes: Any) -> Any:
    """What the tokenizer makes of the texts, each cut to the options' `max_length`."""
    longest = longest_text(tools.options.max_length, tools)
    return tools.processor(list(texts), truncation=True, max_length=longest, **wishes)


@dataclass(frozen=True)
class PadTexts:
    """Items of `input_ids`, perhaps with `token_type_ids` -> one batch, padded to the longest of them:
    (batch, tokens) int64.

    `labels` may be one number an item, or one a token; the latter are padded with `IGNORED`. With a number format of
    their own they may also be a vector an item.
    """

    pad_token_id: int
    side: str = "right"
    labels: "torch.dtype | None" = None  # of the tensor, int64 if not said

    def __call__(self, items: list[Item]) -> "dict[str, torch.Tensor]":
        import torch

        tokens = [item["input_ids"] for item in items]
        batch = {
            "input_ids": padded(tokens, self.pad_token_id, self.side),
            "attention_mask": padded([[1] * len(ids) for ids in tokens], 0, self.side),
        }
        if "token_type_ids" in items[0]:
            batch["token_type_ids"] = padded([item["token_type_ids"] for item in items], 0, self.side)
        if "labels" in items[0]:
            labels = [item["labels"] for item in items]
            each_token = isinstance(labels[0], list) and self.labels is None
            batch["labels"] = (
                padded(labels, IGNORED, self.side) if each_token else torch.tensor(labels, dtype=self.labels)
            )
        return batch


def padded(rows: Sequence[Sequence[int]], value: int, side: str = "right") -> "torch.Tensor":
    """Rows of unlike length -> (rows, longest) int64, filled with `value` at the given side."""
    import torch

    width = max(len(row) for row in rows)
    filled = torch.full((len(rows), width), value, dtype=torch.long)
    for number, row in enumerate(rows):
        place = slice(width - len(row), width) if side == "left" else slice(0, len(row))
        filled[number, place] = torch.as_tensor(row, dtype=torch.long)
    return filled
