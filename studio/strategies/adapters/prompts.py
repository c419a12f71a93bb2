"""The prompt family: what is learned goes before the words of a text, and the model itself stays as it is."""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from studio.language import _
from studio.models.kind import ModelKind
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.adapters.base import fixed_blocks, freeze_fixed
from studio.strategies.adapters.wrapped import Wrapped, wrap
from studio.strategies.base import Preview
from studio.strategies.families import FAMILIES
from studio.strategies.selection import head_with_adapters

if TYPE_CHECKING:
    from torch import nn

_TAKES_A_PREFIX = re.compile(r"attention\.self\.(query|key)\.|attn\.c_attn\.|self_attn\.k_proj\.")


class PromptOptions(BaseOptions):
    tokens: int = setting(
        20,
        title=_("Length of the prompt (virtual tokens)"),
        help=_("More can learn more; they count as words of every text."),
        ge=1,
        le=500,
        advanced=False,
    )


class Prompting(Wrapped):
    """What the prompt family shares. A subclass says how much it learns (`size`) and gives peft's config (`config`)."""

    family = FAMILIES["prompts"]
    Options: ClassVar[type[BaseOptions]] = PromptOptions
    reach: ClassVar[str] = "embeddings"  # or "blocks": where what is learned goes in

    def size(self, structure: Structure, options: Any) -> int:
        raise NotImplementedError

    def config(self, options: Any, common: dict[str, Any]) -> Any:
        raise NotImplementedError

    def why_not(self, structure: Structure) -> str | None:
        if any(len(shape) == 4 for shape in structure.shapes.values()):
            return _("A learned prompt goes before the words of a text, and this model reads images.")
        if any("feature_extractor.conv_layers" in name for name in structure.shapes):
            return _("A learned prompt goes before the words of a text, and this model reads none.")
        if any("decoder" in name for name in structure.body) and any("encoder" in name for name in structure.body):
            return _("A model of encoder and decoder does not take a learned prompt for this task.")
        return None if _table(structure) else _("No table of words was found in this model.")

    def why_not_task(self, kind: ModelKind) -> str | None:
        if kind.processor not in ("tokenizer", "processor"):
            return _("A learned prompt goes before the words of a text, and this model reads none.")
        if kind.compares:
            return _("A learned prompt goes before the words of one text, and this model compares several.")
        if self.reach == "embeddings" and kind.peft_type in ("TOKEN_CLS", "QUESTION_ANS"):
            return _(
                "A learned prompt adds words to every text, for which a model that marks words would answer as well."
            )
        return None

    def preview(self, structure: Structure, options: Any) -> Preview:
        new = self.size(structure, options)
        return Preview(
            trainable=new + structure.count(structure.head),
            total=structure.total + new,
            embeddings="adapted" if self.reach == "embeddings" else "frozen",
            blocks=("adapted" if self.reach == "blocks" else "frozen",) * len(structure.blocks),
            head=head_with_adapters(structure),
        )

    def apply(self, model: Any, structure: Structure, options: Any) -> "nn.Module":
        from peft import TaskType

        config: Any = model.config
        common = {
            "task_type": TaskType.CAUSAL_LM if model.can_generate() else TaskType.SEQ_CLS,
            "num_virtual_tokens": options.tokens,
            "token_dim": structure.shapes[_table(structure)][1] if self.reach == "embeddings" else config.hidden_size,
            "num_layers": config.num_hidden_layers,
            "num_attention_heads": config.num_attention_heads,
            "num_transformer_submodules": 1,
            "modules_to_save": _outermost(structure),
        }
        wrapped: Any = wrap(model, self.config(options, common))
        self.begin(wrapped, options)
        return freeze_fixed(wrapped, structure)

    def why_not_merge(self) -> str | None:
        return _("A learned prompt goes before every text: it cannot become part of the weights.")

    def begin(self, wrapped: Any, options: Any) -> None:
        """Set the first values, where they are not just random."""


class PromptTuningOptions(PromptOptions):
    text: str = setting(
        "",
        title=_("Begin with these words"),
        help=_("Such as: Is this review positive or negative? Empty begins with random numbers."),
    )


class PromptTuning(Prompting):
    """Lester et al. 2021, arXiv:2104.08691."""

    name = "prompt-tuning"
    title = _("Prompt tuning")
    plain = _("a learned prompt")
    sentence = _("Learns words that do not exist and puts them before every text; best with large models.")
    default_learning_rate = 1e-2
    Options = PromptTuningOptions

    def size(self, structure: Structure, options: Any) -> int:
        return int(options.tokens * structure.shapes[_table(structure)][1])

    def config(self, options: Any, common: dict[str, Any]) -> Any:
        from peft import PromptTuningConfig

        return PromptTuningConfig(**common)

    def begin(self, wrapped: Any, options: Any) -> None:
        if not options.text.strip():
            return
        import torch
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(wrapped.config._name_or_path)
        found = tokenizer(options.text, add_special_tokens=False)["input_ids"]
        ids = [found[position % len(found)] for position in range(options.tokens)]
        with torch.no_grad():
            words = wrapped.get_input_embeddings().weight[torch.tensor(ids)]
            wrapped.prompt_encoder["default"].embedding.weight.copy_(words)


class PTuningOptions(PromptOptions):
    hidden: int = setting(
        128,
        title=_("Width of the prompt's own network"),
        help=_("The prompt is not learned itself but by a small network that makes it."),
        ge=1,
        le=4096,
    )


class PTuning(Prompting):
    """Liu et al. 2021, arXiv:2103.10385."""

    name = "p-tuning"
    title = _("P-tuning")
    plain = _("a prompt made by a network")
    sentence = _("A small network makes the learned prompt, which trains more steadily than the prompt itself.")
    default_learning_rate = 5e-3
    Options = PTuningOptions

    def size(self, structure: Structure, options: Any) -> int:
        """The prompt's own numbers, and three layers with biases: in, across, out."""
        width, hidden = structure.shapes[_table(structure)][1], options.hidden
        layers = (width * hidden + hidden) + (hidden * hidden + hidden) + (hidden * width + width)
        return int(options.tokens * width + layers)

    def config(self, options: Any, common: dict[str, Any]) -> Any:
        from peft import PromptEncoderConfig

        return PromptEncoderConfig(encoder_hidden_size=options.hidden, **common)


class PrefixTuning(Prompting):
    """Li and Liang 2021, arXiv:2101.00190, without the network that makes the prefix."""

    name = "prefix-tuning"
    title = _("Prefix tuning")
    plain = _("a learned prefix in every layer")
    sentence = _("Every layer gets learned words of its own to look back at; stronger than one prompt.")
    default_learning_rate = 1e-2
    reach = "blocks"

    def why_not(self, structure: Structure) -> str | None:
        reason = super().why_not(structure)
        if reason is None and not any(_TAKES_A_PREFIX.search(name) for name in structure.body):
            return _("The layers of this model do not look back at anything but the text.")
        return reason

    def size(self, structure: Structure, options: Any) -> int:
        """A key and a value in every layer, those that came with the head included."""
        widths = [_key_width(structure, block) for block in structure.blocks]
        return int(2 * options.tokens * (sum(widths) + len(fixed_blocks(structure)) * max(widths)))

    def config(self, options: Any, common: dict[str, Any]) -> Any:
        from peft import PrefixTuningConfig

        return PrefixTuningConfig(**common)


def _table(structure: Structure) -> str:
    """The name of the table of words: the embeddings' longest, or ""."""
    tables = [name for name in structure.embeddings if len(structure.shapes[name]) == 2]
    return max(tables, key=lambda name: structure.shapes[name][0], default="")


def _key_width(structure: Structure, block: tuple[str, ...]) -> int:
    """Numbers in the key of one word: that of the keys' own matrix, or a third of the one for all three."""
    for name in block:
        shape = structure.shapes[name]
        if len(shape) == 2 and re.search(r"\.(key|k_proj)\.weight$", name):
            return shape[0]
        if len(shape) == 2 and name.endswith(".c_attn.weight"):
            return shape[1] // 3
    return 0


def _outermost(structure: Structure) -> list[str]:
    """peft looks for the head of a sequence classifier by the name of its outermost module."""
    body = {name.split(".")[0] for name in (*structure.embeddings, *structure.body, *structure.tail)}
    tops = ((name.split(".")[0], name.rpartition(".")[0]) for name in structure.head)
    heads = (top if top not in body else module for top, module in tops)
    return list(dict.fromkeys([*heads, *fixed_blocks(structure)]))
