"""What tasks share in which an encoder reads a text and a decoder writes another one: settings, encoding, generation.

T5 begins its inputs with a prefix that says what to do; Marian translates one pair of languages; mBART, M2M100 and NLLB
are told the languages by their codes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.options import setting
from studio.tasks.base import Answer, Batch, Item, Loss, Row, Tools
from studio.tasks.texts import IGNORED, LengthOptions, longest_text, padded, tokenize, within

AUTO = "auto"
SETTINGS = "generation"  # in the model's config: how it is asked
PREFIXED = ("t5",)  # kinds of models that were trained with prefixes


class WritingOptions(LengthOptions):
    longest_answer: int = setting(
        128,
        title=_("Longest answer (in tokens)"),
        help=_("What is learned is cut there, and answers end there."),
        ge=4,
        le=1024,
        same_model=True,
        asked=True,
    )
    beams: int = setting(
        1,
        title=_("Wordings followed at a time (beams)"),
        help=_("1 takes the likeliest word each time; 4 often finds a better text, and takes four times as long."),
        ge=1,
        le=16,
        same_model=True,
        asked=True,
    )
    prefix: str = setting(
        AUTO,
        title=_("Words before every text (prefix)"),
        help=_("Says to T5 what to do; auto takes what T5 was trained with, and nothing for other models."),
        same_model=True,
    )


def seq2seq_model(tag: str) -> ModelKind:
    """tag: the Hub's name for the task."""
    return ModelKind("AutoModelForSeq2SeqLM", "tokenizer", tag, "SEQ_2_SEQ_LM", ("text2text-generation",))


def set_languages(processor: Any, source: str, target: str) -> None:
    """Tell a tokenizer of many languages which it reads and writes. Raises StudioError for one that it lacks."""
    if not hasattr(processor, "src_lang"):
        return
    for name, code in (("src_lang", source), ("tgt_lang", target)):
        if _code_id(processor, code) is None:
            raise StudioError(
                _("This model has no language '{code}'.", code=code)
                if code
                else _("This model translates between many languages, and nothing says between which."),
                _("It knows them by codes such as {examples}.", examples=_examples(processor)),
                _("Write the codes of both languages into the task's settings."),
            )
        setattr(processor, name, code)


def _code_id(processor: Any, code: str) -> int | None:
    known = processor.get_vocab()
    return next((known[token] for token in (code, f"__{code}__") if code and token in known), None)


def _examples(processor: Any) -> str:
    codes = sorted(str(token).strip("_") for token in processor.all_special_tokens if "_" in str(token))
    return ", ".join(codes[:6]) or "en_XX"


def how_to_write(tools: Tools, target: str) -> dict[str, int]:
    """The token with which a text in the target language begins, as `generate` takes it."""
    code = _code_id(tools.processor, target) if hasattr(tools.processor, "src_lang") else None
    if code is None:
        return {}
    written = tools.processor(text_target="a")["input_ids"]
    return {"forced_bos_token_id": code} if written[0] == code else {"decoder_start_token_id": code}


def prefix_of(config: Any, wished: str, usual: str) -> str:
    """usual: of T5 for this task."""
    if wished != AUTO:
        return wished
    return usual if config.model_type in PREFIXED else ""


def encode_texts(tools: Tools, prefix: str, rows: Sequence[Row]) -> list[Item]:
    """Token ids of the source, and as labels those of the target where it is known."""
    items: list[Item] = [
        {"input_ids": ids} for ids in tokenize(tools, [prefix + row["source"] for row in rows])["input_ids"]
    ]
    if rows and "target" in rows[0]:
        longest = within(tools.options.longest_answer, tools.processor.model_max_length)
        targets = [row["target"] for row in rows]
        found = tools.processor(text_target=targets, truncation=True, max_length=longest)["input_ids"]
        for item, labels in zip(items, found, strict=True):
            item["labels"] = labels
    return items


class PadWriting:
    """Items -> one batch: input_ids and attention_mask (batch, tokens), labels padded with `IGNORED`."""

    def __init__(self, pad_token_id: int) -> None:
        self._pad = pad_token_id

    def __call__(self, items: list[Item]) -> dict[str, Any]:
        tokens = [item["input_ids"] for item in items]
        batch = {
            "input_ids": padded(tokens, self._pad),
            "attention_mask": padded([[1] * len(ids) for ids in tokens], 0),
        }
        if "labels" in items[0]:
            batch["labels"] = padded([item["labels"] for item in items], IGNORED)
        return batch


def token_loss(model: Any, batch: Batch) -> Loss:
    """The model's own, over the tokens of the targets."""
    outputs = model(**batch.tensors)
    return Loss.of_mean(outputs.loss, int((batch.tensors["labels"] != IGNORED).sum()), outputs)


def written(tools: Tools, model: Any, batch: Batch, begin: Mapping[str, int]) -> list[Answer]:
    """What the model writes. begin: of `how_to_write`."""
    options = tools.options
    generated = model.generate(
        input_ids=batch.tensors["input_ids"],
        attention_mask=batch.tensors["attention_mask"],
        max_new_tokens=options.longest_answer,
        num_beams=options.beams,
        min_length=0,
        do_sample=False,
        **begin,
    )
    return [Answer(text.strip()) for text in tools.processor.batch_decode(generated, skip_special_tokens=True)]


def kept_settings(tools: Tools, prefix: str, begin: Mapping[str, int]) -> dict[str, Any]:
    """How the finished model is asked, for its config."""
    options = tools.options
    return {
        "prefix": prefix,
        "max_length": longest_text(options.max_length, tools),
        "longest_answer": options.longest_answer,
        "beams": options.beams,
        "begin": dict(begin),
    }


def writing_code(config: Mapping[str, Any]) -> tuple[str, str]:
    """Python that asks the saved model as `written` does."""
    how = config[SETTINGS]
    begin = "".join(f", {name}={value}" for name, value in how["begin"].items())
    given = f"{how['prefix']!r} + text" if how["prefix"] else "text"
    lines = (
        "def ask(text):",
        f'    inputs = processor({given}, truncation=True, max_length={how["max_length"]}, return_tensors="pt")',
        "    with torch.no_grad():",
        "        generated = model.generate(",
        '            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], min_length=0,',
        f"            max_new_tokens={how['longest_answer']}, num_beams={how['beams']}, do_sample=False{begin},",
        "        )",
        "    return processor.decode(generated[0], skip_special_tokens=True).strip()",
    )
    return "import torch", "\n".join(lines)
