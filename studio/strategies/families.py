"""Families of strategies: what kind of thing learns, and when a kind is the right one."""

from dataclasses import dataclass

from studio.language import _
from studio.registry import Registry

SLOW = _("Time is short: it takes longer than LoRA.")  # in benchmarks/results; why many members are to be avoided


@dataclass(frozen=True)
class Family:
    """sentence: what its members have in common. use, avoid: when to choose one, and when not. The member that is
    registered first is the best known one."""

    name: str
    title: str
    sentence: str
    use: str
    avoid: str


FAMILIES: Registry[Family] = Registry(
    _("family"),
    Family(
        "frozen",
        _("Frozen layers"),
        _("Most of the model stays as it is; only what lies on top learns."),
        _("Few examples, a quick first result, data like what the model already knows."),
        _("Data of another kind than the model was made for."),
    ),
    Family(
        "full",
        _("Full fine-tuning"),
        _("Every weight of the model learns from your data."),
        _("A thousand examples or more, and the best result counts."),
        _("Few examples, or a model that hardly fits into memory."),
    ),
    Family(
        "stepwise",
        _("Unfreezing step by step"),
        _("The head learns first; more of the model joins later."),
        _("Some hundred examples: less of what the model knows is lost."),
        _("A run of very few steps, in which the last layers would join too late."),
    ),
    Family(
        "low-rank",
        _("Small adapters"),
        _("The model stays as it is; small matrices beside its layers learn."),
        _("Large models, little memory, many variants of one model: an adapter is a file of a few MB."),
        _("A tiny model, which is trained as a whole just as quickly."),
    ),
    Family(
        "orthogonal",
        _("Rotating adapters"),
        _("What goes into or out of a layer is turned, so that its weights keep how they relate to each other."),
        _("Little of what the model knows may be lost."),
        _("The best result counts and LoRA is possible."),
    ),
    Family(
        "tiny",
        _("Tiny adapters"),
        _("A few numbers in every layer learn, or small networks between the layers."),
        _("The smallest files, and small data."),
        _("The best result counts and LoRA is possible."),
    ),
    Family(
        "selective",
        _("A few weights of the model itself"),
        _("Nothing is added: a thousandth of the model's own weights learns."),
        _("Small data, little memory, and a plain model as the result."),
        _("A task that is far from what the model knows."),
    ),
    Family(
        "prompts",
        _("Learned prompts"),
        _("Words that do not exist are learned and go before every text."),
        _("Very large language models that many tasks share."),
        _("Small models: they stay behind LoRA there."),
    ),
    Family(
        "scratch",
        _("For comparison"),
        _("The model begins from nothing."),
        _("To see what pretraining is worth; huge data of an unusual kind."),
        _("Ordinary data: far less accurate."),
    ),
)
