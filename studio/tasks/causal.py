"""What tasks of causal language models share: settings, the loss of the next token, drawing of texts, scores."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.language import _, plural
from studio.metrics.tokens import PERPLEXITY, TOKEN_ACCURACY, perplexity, perplexity_interval
from studio.models.kind import ModelKind
from studio.options import setting
from studio.tasks.base import Answer, Batch, Item, Loss, Marks, Row, Scores, Tools, View
from studio.tasks.texts import IGNORED, LONGEST, LengthOptions, longest_text, padded
from studio.tasks.written import BARS, closeness_words

if TYPE_CHECKING:
    import torch

CAUSAL_MODEL = ModelKind("AutoModelForCausalLM", "tokenizer", "text-generation", "CAUSAL_LM")
SETTINGS = "generation"  # in the model's config: how it is asked


class CausalOptions(LengthOptions):
    max_length: int = setting(
        512,
        title=_("Longest text (max length, in tokens)"),
        help=_("So many word pieces are learned at a time. Longer texts need more time and memory."),
        ge=8,
        le=LONGEST,
        same_model=True,
    )
    longest_answer: int = setting(
        128,
        title=_("Longest answer (in tokens)"),
        help=_("What the model writes ends there, if it does not end by itself before."),
        ge=4,
        le=1024,
        same_model=True,
        asked=True,
    )
    temperature: float = setting(
        0.7,
        title=_("Liveliness (temperature)"),
        help=_("0 always takes the likeliest word; 1 draws as the model learned it; more is wilder."),
        ge=0.0,
        le=2.0,
        same_model=True,
        asked=True,
    )
    attempt: int = setting(
        1,
        title=_("Attempt (seed)"),
        help=_("Another number draws another text, the same number the same one again."),
        ge=0,
        le=1_000_000,
        same_model=True,
        asked=True,
    )


def causal_loss(model: Any, batch: Batch) -> Loss:
    """The negative logarithms of the probabilities of all tokens that have a label, each from those before it."""
    outputs = model(input_ids=batch.tensors["input_ids"], attention_mask=batch.tensors["attention_mask"])
    each, counted = token_losses(outputs.logits, batch.tensors["labels"])
    return Loss(each.sum(), counted.sum().to(each.dtype), outputs)


def token_losses(logits: "torch.Tensor", labels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """The loss of each counted token, and which those are: (batch, tokens - 1). A learned prompt stands before the
    tokens in the logits."""
    from torch.nn.functional import cross_entropy

    said, counted = logits[:, -labels.shape[1] : -1], labels[:, 1:] != IGNORED
    return cross_entropy(said[counted].float(), labels[:, 1:][counted], reduction="none"), counted


def told_tokens(outputs: Any, batch: Batch) -> list[dict[str, Any]]:
    """For each item the sum of its losses (nll), over how many tokens, and how many of these come first (right);
    nothing where there are no outputs."""
    if outputs is None or "labels" not in batch.tensors:
        return [{} for _unused in batch.items]
    labels = batch.tensors["labels"]
    each, counted = token_losses(outputs.logits, labels)
    said = outputs.logits[:, -labels.shape[1] : -1]
    first = said[counted].argmax(-1) == labels[:, 1:][counted]
    sizes = counted.sum(1).tolist()
    parts = zip(each.double().split(sizes), first.split(sizes), sizes, strict=True)
    return [{"nll": float(some.sum()), "tokens": size, "right": int(hits.sum())} for some, hits, size in parts]


def learned_item(tokens: Sequence[int], learned: Sequence[bool] | None = None) -> Item:
    """learned: which tokens are; all of them where nothing is said. Nothing stands before the first one to tell it."""
    known = learned or [True] * len(tokens)
    labels = [token if taken and at else IGNORED for at, (token, taken) in enumerate(zip(tokens, known, strict=True))]
    return {"input_ids": list(tokens), "labels": labels}


def room_of(tools: Tools) -> int:
    """How many tokens can be read before an answer."""
    return max(1, longest_text(LONGEST, tools) - tools.options.longest_answer)


def continued(
    tools: Tools,
    model: Any,
    prompts: Sequence[Sequence[int]],
    device: Any,
    ends: Sequence[int] = (),
    tell: Callable[[str], None] | None = None,
) -> list[str]:
    """What the model writes behind each prompt, of which the end is read where it is too long.

    ends: tokens that end an answer besides the model's own. tell: see `Streams`; for one prompt alone.
    """
    room, options = room_of(tools), tools.options
    read = [list(prompt[-room:]) for prompt in prompts]
    wishes: dict[str, Any] = {"logits_processor": [_drawing(options.temperature, options.attempt)]}
    if known := end_tokens(tools, model, ends):
        wishes["eos_token_id"] = known
    if tell:
        wishes["streamer"] = _streamer(tools.processor, tell)
    input_ids = padded(read, tools.processor.pad_token_id, "left").to(device)
    generated = model.generate(
        input_ids=input_ids,
        attention_mask=padded([[1] * len(each) for each in read], 0, "left").to(device),
        max_new_tokens=options.longest_answer,
        min_length=0,
        num_beams=1,
        do_sample=False,
        pad_token_id=tools.processor.pad_token_id,
        **wishes,
    )
    written = generated[:, input_ids.shape[1] :]
    return [text.strip() for text in tools.processor.batch_decode(written, skip_special_tokens=True)]


def end_tokens(tools: Tools, model: Any, more: Sequence[int] = ()) -> list[int]:
    own = model.generation_config.eos_token_id
    known = own if isinstance(own, list) else [own]
    return sorted({int(token) for token in (*known, tools.processor.eos_token_id, *more) if token is not None})


def _drawing(temperature: float, seed: int) -> Callable[[Any, Any], Any]:
    """Draws by adding noise and taking the largest: that is a draw from the softmax (Gumbel 1954; Maddison et al. 2014,
    arXiv:1411.0030). The noise depends on seed and step alone: rows draw alike in any batch, and the generator of
    the training is left alone."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def draw(tokens: Any, scores: Any) -> Any:
        if temperature == 0:
            return scores
        noise = -torch.empty(scores.shape[-1]).exponential_(generator=generator).log()
        return scores.float().log_softmax(-1) / temperature + noise.to(scores.device)

    return draw


def _streamer(processor: Any, tell: Callable[[str], None]) -> Any:
    from transformers.generation.streamers import BaseStreamer

    class Telling(BaseStreamer):
        tokens: list[int] | None = None

        def put(self, value: Any) -> None:
            """The prompt comes first."""
            if self.tokens is None:
                self.tokens = []
                return
            self.tokens += value.reshape(-1).tolist()
            tell(processor.decode(self.tokens, skip_special_tokens=True).strip())

        def end(self) -> None: ...

    return Telling()


def kept_settings(tools: Tools, model: Any, ends: Sequence[int] = ()) -> dict[str, Any]:
    """How the finished model is asked, for its config."""
    options = tools.options
    return {
        "room": room_of(tools),
        "longest_answer": options.longest_answer,
        "temperature": options.temperature,
        "ends": end_tokens(tools, model, ends),
    }


def asking(config: Mapping[str, Any], tokens: Sequence[str]) -> tuple[str, str]:
    """Python that asks the saved model. tokens: lines that make `tokens` of `text`."""
    how = config[SETTINGS]
    draws = f"do_sample=True, temperature={how['temperature']}, top_k=0" if how["temperature"] else "do_sample=False"
    lines = (
        "def ask(text):",
        *(f"    {line}" for line in tokens),
        f"    inputs = torch.tensor([tokens[-{how['room']}:]])",
        "    with torch.no_grad():",
        "        generated = model.generate(",
        "            input_ids=inputs, attention_mask=torch.ones_like(inputs), min_length=0, num_beams=1,",
        f"            max_new_tokens={how['longest_answer']}, {draws},",
        f"            eos_token_id={how['ends']}, pad_token_id=processor.pad_token_id,",
        "        )",
        "    return processor.decode(generated[0, inputs.shape[1] :], skip_special_tokens=True).strip()",
    )
    return "import torch", "\n".join(lines)


class TokenScorer:
    """From what `told_tokens` told of the answers."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int]] = []
        self._right = 0
        self._bars: Counter[int] = Counter()

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        return [self._add(answer.details) for answer in answers]

    def _add(self, told: Mapping[str, Any]) -> Marks:
        if not told.get("tokens"):
            return ()
        self._rows.append((told["nll"], told["tokens"]))
        self._right += told["right"]
        place = min(BARS - 1, told["right"] * BARS // told["tokens"])
        self._bars[place] += 1
        return (closeness_words(place),)

    def scores(self) -> Scores:
        if not self._rows:
            return Scores({})
        losses, tokens = (sum(column) for column in zip(*self._rows, strict=True))
        metrics = {PERPLEXITY.name: perplexity(losses / tokens), TOKEN_ACCURACY.name: self._right / tokens}
        bars = [
            {"title": closeness_words(at), "value": self._bars[at], "mark": closeness_words(at)} for at in range(BARS)
        ]
        counted = plural("{n:,} text", "{n:,} texts", len(self._rows))
        view = View("histogram", _("How many of 100 pieces of words are put first, text by text"), {"bars": bars})
        return Scores(metrics, (view,), {PERPLEXITY.name: perplexity_interval(counted, self._rows)})


def metrics_of_loss(loss: float) -> dict[str, float]:
    return {PERPLEXITY.name: perplexity(loss)}


def token_verdict(scores: Mapping[str, Any]) -> str:
    return _(
        "Of each next piece of a word it is as unsure as if it chose among {value} (perplexity).",
        value=PERPLEXITY.text(scores["metrics"][PERPLEXITY.name]),
    )
