"""What tasks share in which a model looks at an image and writes: GIT and BLIP, with a question in front or without.

Both write on from what stands in front: a mark of the beginning, and the question's tokens. What is learned are the
tokens of the answer and the mark of its end.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.image_files import load_image
from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.options import Options, setting
from studio.tasks.base import Answer, Batch, Item, Loss, Row, Tools
from studio.tasks.texts import IGNORED, padded

if TYPE_CHECKING:
    import torch

SETTINGS = "generation"  # in the model's config: how it is asked
SEEING = ("git", "blip")  # kinds of models
LONGEST_QUESTION = 64  # tokens


class SeeingOptions(Options):
    longest_answer: int = setting(
        40,
        title=_("Longest answer (in tokens)"),
        help=_("What is learned is cut there, and answers end there."),
        ge=4,
        le=256,
        same_model=True,
        asked=True,
    )


def seeing_model(tag: str) -> ModelKind:
    """tag: the Hub's name for the task."""
    return ModelKind("AutoModelForImageTextToText", "processor", "image-text-to-text", None, (tag,))


def require_seeing(model: Any, folder: Path) -> None:
    """Raises StudioError for a kind of model that is asked in another way."""
    if model.config.model_type not in SEEING:
        raise StudioError(
            _("'{model}' cannot be taught this here.", model=folder.name),
            _("It is a {kind}; this task teaches GIT and BLIP.", kind=model.config.model_type),
            _("Choose one of these, such as microsoft/git-base."),
        )


def marks_of(config: Any) -> tuple[int, int]:
    """The tokens of the beginning and of the end, as the model's own `generate` takes them."""
    if config.model_type == "blip":
        return int(config.text_config.bos_token_id), int(config.text_config.sep_token_id)
    return int(config.bos_token_id), int(config.eos_token_id)


def lengths_of(tools: Tools) -> tuple[int, int]:
    """How many tokens a question and an answer may have, within what the model has positions for."""
    positions = int(getattr(tools.config, "text_config", tools.config).max_position_embeddings) - 2
    answer = min(tools.options.longest_answer, positions // 2)
    return min(LONGEST_QUESTION, positions - answer), answer


def encode_seen(tools: Tools, rows: Sequence[Row]) -> list[Item]:
    """`image` (a path), `prompt` (token ids in front), and as `answer` those that are learned, where they are known."""
    tokenizer, (start, end) = tools.processor.tokenizer, marks_of(tools.config)

    def ids(text: str, most: int) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False, truncation=True, max_length=most)["input_ids"]
        return found

    longest_question, longest_answer = lengths_of(tools)
    items = []
    for row in rows:
        item: Item = {
            "image": str(row["image"]),
            "prompt": [start, *ids(str(row.get("question", "")), longest_question)],
        }
        if "target" in row:
            item["answer"] = [*ids(row["target"], longest_answer - 1), end]
        items.append(item)
    return items


def open_seen(tools: Tools, item: Item) -> Item:
    image = load_image(Path(item["image"]))
    pixels: torch.Tensor = tools.processor.image_processor(image, return_tensors="pt")["pixel_values"][0]
    return {**item, "pixel_values": pixels}


def stack_seen(items: list[Item]) -> dict[str, Any]:
    """Opened items -> one batch: pixel_values, and with answers input_ids, attention_mask and labels (batch, tokens),
    of which those of the prompt and of the padding are `IGNORED`."""
    import torch

    batch: dict[str, Any] = {"pixel_values": torch.stack([item["pixel_values"] for item in items])}
    if "answer" in items[0]:
        texts = [[*item["prompt"], *item["answer"]] for item in items]
        batch["input_ids"] = padded(texts, 0)
        batch["attention_mask"] = padded([[1] * len(ids) for ids in texts], 0)
        batch["labels"] = padded([[IGNORED] * len(item["prompt"]) + item["answer"] for item in items], IGNORED)
    return batch


def seen_loss(model: Any, batch: Batch) -> Loss:
    """Cross-entropy of the answers' tokens, each from what stands before it. GIT's outputs begin with the image's."""
    from torch.nn import functional

    labels = batch.tensors["labels"]
    outputs = model(**{name: value for name, value in batch.tensors.items() if name != "labels"})
    logits, right = outputs.logits[:, -labels.shape[1] : -1].float(), labels[:, 1:]
    total = functional.cross_entropy(logits.transpose(1, 2), right, ignore_index=IGNORED, reduction="sum")
    return Loss(total, (right != IGNORED).sum().to(total.dtype), outputs)


def seen_answers(tools: Tools, model: Any, batch: Batch) -> list[Answer]:
    """What the model writes. Questions of one length are asked together: so none is padded, and an answer does not
    depend on what else is in its batch."""
    import torch

    lengths: dict[int, list[int]] = {}
    for place, item in enumerate(batch.items):
        lengths.setdefault(len(item["prompt"]), []).append(place)
    answers: dict[int, str] = {}
    pixels = batch.tensors["pixel_values"]
    end = marks_of(tools.config)[1]
    for length, places in lengths.items():
        prompts = [batch.items[place]["prompt"] for place in places]
        asked = [[*prompt, end] for prompt in prompts] if tools.config.model_type == "blip" else prompts
        generated = model.generate(
            pixel_values=pixels[places],
            input_ids=torch.tensor(asked, device=pixels.device),
            max_new_tokens=lengths_of(tools)[1],
            do_sample=False,
            num_beams=1,
        )
        texts = tools.processor.tokenizer.batch_decode(generated[:, length:], skip_special_tokens=True)
        answers.update(zip(places, texts, strict=True))
    return [Answer(answers[place].strip()) for place in range(len(batch.items))]


def keep_settings(tools: Tools) -> None:
    """How the finished model is asked, for its config."""
    question, answer = lengths_of(tools)
    setattr(tools.config, SETTINGS, {"longest_question": question, "longest_answer": answer})


def seeing_code(config: Mapping[str, Any]) -> tuple[str, str]:
    """Python that asks the saved model as `seen_answers` does."""
    how = config[SETTINGS]
    is_blip = config.get("model_type") == "blip"
    texts = config.get("text_config") or {}
    start = texts.get("bos_token_id", 30522) if is_blip else config.get("bos_token_id", 101)
    end = f", {texts.get('sep_token_id', 102)}" if is_blip else ""
    lines = (
        'def ask(image, question=""):',
        '    pixels = processor.image_processor(image, return_tensors="pt")["pixel_values"]',
        "    ids = processor.tokenizer(question, add_special_tokens=False, truncation=True, "
        f'max_length={how["longest_question"]})["input_ids"]',
        "    with torch.no_grad():",
        "        generated = model.generate(",
        f"            pixel_values=pixels, input_ids=torch.tensor([[{start}, *ids{end}]]),",
        f"            max_new_tokens={how['longest_answer']}, do_sample=False, num_beams=1,",
        "        )",
        "    return processor.tokenizer.decode(generated[0, len(ids) + 1 :], skip_special_tokens=True).strip()",
    )
    return "import torch", "\n".join(lines)
