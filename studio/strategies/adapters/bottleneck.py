"""Bottleneck adapters: small networks between the layers (Houlsby et al. 2019, arXiv:1902.00751)."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.language import _
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.adapters.base import Layer, layers_in
from studio.strategies.base import LoadingCode, Preview, Strategy
from studio.strategies.families import FAMILIES
from studio.strategies.selection import head_with_adapters

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


class BottleneckOptions(BaseOptions):
    width: int = setting(
        32,
        title=_("Width of the bottleneck"),
        help=_("Numbers in the middle of each adapter; more can learn more."),
        ge=1,
        le=1024,
        advanced=False,
    )
    place: Literal["pfeiffer", "houlsby"] = setting(
        "pfeiffer",
        title=_("Where they go"),
        help=_("pfeiffer puts one at the end of every block; houlsby another one after its attention."),
    )


class BottleneckAdapter(Strategy):
    """One place a block as in Pfeiffer et al. 2020, arXiv:2005.00247, or two as in Houlsby et al."""

    name = "adapter"
    family = FAMILIES["tiny"]
    title = _("Bottleneck adapters")
    plain = _("small networks between the layers")
    sentence = _("A small network after every block learns, and can do what sums of matrices cannot.")
    default_learning_rate = 1e-3
    Options = BottleneckOptions
    own_files = ("bottleneck*",)

    def why_not(self, structure: Structure) -> str | None:
        if not _places(structure, "pfeiffer"):
            return _("These adapters go between the layers of transformers, and this model is of another kind.")
        return None

    def preview(self, structure: Structure, options: Any) -> Preview:
        places = _places(structure, options.place)
        new = sum(2 * layer.outputs * options.width + layer.outputs + options.width for layer in places)
        inside = {layer.name for layer in places}
        states = (
            "adapted" if any(name.rpartition(".")[0] in inside for name in block) else "frozen"
            for block in structure.blocks
        )
        return Preview(
            trainable=new + structure.count(structure.head),
            total=structure.total + new,
            embeddings="frozen",
            blocks=tuple(states),
            head=head_with_adapters(structure),
        )

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        from studio.strategies.adapters.bottleneck_layers import insert

        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in structure.head)
        return insert(model, [layer.name for layer in _places(structure, options.place)], options.width)

    def save(self, model: Any, folder: Path) -> None:
        """The model without the adapters in the standard format; beside it these, and the code of their layers."""
        from studio.strategies.adapters import bottleneck_layers

        whole = model.state_dict()
        plain = {name: whole[name] for name in whole if name not in bottleneck_layers.adapters_of(whole)}
        model.save_pretrained(folder, state_dict=plain)
        bottleneck_layers.save(model, folder)
        shutil.copy2(bottleneck_layers.__file__, folder)

    def load(self, build: "Callable[[Path], PreTrainedModel]", folder: Path, base: Path | None) -> Any:
        from studio.strategies.adapters.bottleneck_layers import load

        return load(build(folder), folder)

    def loading_code(self, model_class: str, base: str) -> LoadingCode | None:
        imports = (
            "import sys",
            'sys.path.append(".")  # bottleneck_layers.py, the networks between the layers',
            "from bottleneck_layers import load",
        )
        return LoadingCode("transformers", imports, (), (f'model = load({model_class}.from_pretrained("."), ".")',))

    def why_not_merge(self) -> str | None:
        return _("The networks between the layers cannot become part of the weights; the standard folder holds both.")


def _places(structure: Structure, place: str) -> list[Layer]:
    """The layers that adapters go behind: the last one of each block that makes narrower (the end of its feed-forward
    part), and for Houlsby the last square one before (the end of its attention)."""
    matrices = {layer.name: layer for layer in layers_in(structure) if layer.kind != "conv2d"}
    found = []
    for block in structure.blocks:
        layers = [matrices[name[:-7]] for name in block if name.endswith(".weight") and name[:-7] in matrices]
        ends = [index for index, layer in enumerate(layers) if layer.inputs > layer.outputs]
        if not ends:
            continue
        squares = [layer for layer in layers[: ends[-1]] if layer.inputs == layer.outputs]
        found += squares[-1:] if place == "houlsby" else []
        found.append(layers[ends[-1]])
    return found
