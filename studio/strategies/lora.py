"""Low-rank adapters through peft: small matrices beside the frozen weights (Hu et al. 2021, arXiv:2106.09685)."""

import re
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.models.structure import Shape, Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.base import Preview, Strategy

if TYPE_CHECKING:
    from torch import nn

_NOT_A_LAYER = re.compile(r"norm|embed|relative|(^|\.)ln_", re.I)  # tables of two dimensions that no layer multiplies


class LoraOptions(BaseOptions):
    r: int = setting(
        8,
        title="Size of the adapters (rank r)",
        help="A larger rank can learn more and trains more parameters.",
        ge=1,
        le=512,
        advanced=False,
    )
    alpha: int = setting(
        16,
        title="Strength of the adapters (alpha)",
        help="Adapters are scaled by alpha / r; twice the rank is the usual choice.",
        ge=1,
        le=1024,
    )
    dropout: float = setting(
        0.05,
        title="Adapter dropout",
        help="Share of an adapter's inputs left out at random, against memorising.",
        ge=0,
        lt=1,
    )
    target_modules: str = setting(
        "auto",
        title="Layers to adapt (target modules)",
        help="auto adapts every weight matrix in the blocks; or endings of layer names, such as: query, value.",
    )


class Lora(Strategy):
    name = "lora"
    title = "Small adapters (LoRA)"
    sentence = "The model stays as it is and small adapters in it learn: nearly as good, with far less memory."
    default_learning_rate = 1e-3
    Options = LoraOptions

    def why_not(self, structure: Structure) -> str | None:
        if not automatic_targets(structure):
            return "Adapters go beside weight matrices, and the blocks of this model consist of convolutions."
        return None

    def learning_rate(self, options: Any) -> float:
        return self.default_learning_rate

    def preview(self, structure: Structure, options: Any) -> Preview:
        targets = frozenset(find_targets(structure, options.target_modules))
        states = ["adapted" if targets.intersection(map(_module, block)) else "frozen" for block in structure.blocks]
        adapters = sum(adapter_size(structure.shapes[f"{module}.weight"], options.r) for module in targets)
        adapted = any(_module(name) in targets for name in structure.embeddings)
        return Preview(
            trainable=adapters + structure.count(structure.head),
            total=structure.total + adapters,
            embeddings="adapted" if adapted else "frozen",
            blocks=tuple(states),
        )

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        """Wrap with peft. The head, and what came with it untrained, is saved inside the adapter."""
        from peft import LoraConfig, TaskType, get_peft_model

        sequence = type(model).__name__.endswith("ForSequenceClassification")
        config = LoraConfig(
            task_type=TaskType.SEQ_CLS if sequence else None,
            r=options.r,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout,
            target_modules=find_targets(structure, options.target_modules),
            modules_to_save=modules_to_save(structure),
        )
        wrapped = get_peft_model(model, config)
        for name, parameter in wrapped.named_parameters():
            if plain_name(name) in structure.fixed:
                parameter.requires_grad_(False)
        return wrapped


def find_targets(structure: Structure, wish: str) -> list[str]:
    """Names of the layers to adapt. `wish`: auto, or endings of their names with commas between."""
    if wish.strip() == "auto":
        found = automatic_targets(structure)
        if found:
            return found
        raise StudioError(
            "LoRA does not fit this model.", Lora().why_not(structure) or "", "Choose another way of training."
        )
    every = [_module(name) for name in structure.shapes if _adaptable(name, structure.shapes[name])]
    inside = [name for name in every if f"{name}.weight" not in {*structure.head, *structure.fixed}]
    endings = [ending.strip() for ending in wish.split(",") if ending.strip()]
    lost = [ending for ending in endings if not any(_ends(name, ending) for name in inside)]
    if lost or not endings:
        known = sorted({name.rsplit(".", 1)[-1] for name in inside})
        raise StudioError(
            f"No layer of this model is called {', '.join(lost) or 'so'}.",
            f"Its layers end in: {', '.join(known)}.",
            "Use some of these with commas between, or auto.",
        )
    return [name for name in inside if any(_ends(name, ending) for ending in endings)]


def automatic_targets(structure: Structure) -> list[str]:
    """Every linear layer in the blocks (Dettmers et al. 2023, arXiv:2305.14314, found all of them to matter)."""
    return [_module(name) for name in structure.body if _adaptable(name, structure.shapes[name])]


def adapter_size(shape: Shape, r: int) -> int:
    """Numbers in the two matrices beside a weight of shape (out, in)."""
    return r * sum(shape)


def modules_to_save(structure: Structure) -> list[str]:
    """The modules that hold the head's and the fixed parameters.

    A module at the top that only the head uses is saved whole (`classifier`); new weights inside the
    body (a pooler) by the module that holds them; a fixed block by its own name.
    """
    body = {name.split(".")[0] for name in (*structure.embeddings, *structure.body, *structure.tail)}
    top = [name.split(".")[0] for name in structure.head]
    heads = [first if first not in body else _module(name) for first, name in zip(top, structure.head, strict=True)]
    blocks = [match[1] for name in structure.fixed if (match := re.match(r"(.*?\.\d+)\.", name))]
    return list(dict.fromkeys(heads + blocks))


def _adaptable(name: str, shape: Shape) -> bool:
    return name.endswith(".weight") and len(shape) == 2 and not _NOT_A_LAYER.search(name)


def _ends(name: str, ending: str) -> bool:
    return name == ending or name.endswith(f".{ending}")


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def plain_name(name: str) -> str:
    """A parameter's name in a model that peft wrapped -> its name before."""
    return (
        name.removeprefix("base_model.model.").replace("modules_to_save.default.", "").replace("original_module.", "")
    )
