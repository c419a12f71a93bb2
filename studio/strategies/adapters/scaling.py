"""Adapters that scale the outputs of a layer, number by number."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.models.structure import Structure
from studio.strategies.adapters.base import Adapter, Layer, freeze_fixed, modules_to_save
from studio.strategies.adapters.wrapped import Wrapped, wrap
from studio.strategies.base import Preview
from studio.strategies.families import FAMILIES
from studio.strategies.selection import head_with_adapters

if TYPE_CHECKING:
    from torch import nn

_LAYER_NORM = re.compile(r"(^|[._])(layer_?norm|rms_?norm|\w*_norm|norm\d*|ln_\w+)\.(weight|bias)$", re.I)


class Ia3(Adapter):
    """Liu et al. 2022, arXiv:2205.05638: outputs are scaled, and the inputs of layers that make narrower."""

    name = "ia3"
    family = FAMILIES["tiny"]
    title = "IA3"
    plain = _("scaled outputs")
    sentence = _("Learns one number for each output of a layer: hardly any parameters, for small data.")
    default_learning_rate = 1e-2

    def size(self, layer: Layer, options: Any) -> int:
        return layer.inputs if _narrows(layer) else layer.outputs

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import IA3Config

        return IA3Config(feedforward_modules=[layer.name for layer in layers if _narrows(layer)], **common)


def _narrows(layer: Layer) -> bool:
    return layer.kind != "conv2d" and layer.inputs > layer.outputs


class LnTuning(Wrapped):
    """Zhao et al. 2023, arXiv:2312.11420."""

    name = "ln-tuning"
    family = FAMILIES["tiny"]
    title = _("LN tuning")
    plain = _("copies of the normalisation")
    sentence = _("Scales and shifts of normalisation layers learn in a copy, which is all that has to be kept.")
    default_learning_rate = 5e-3

    def why_not(self, structure: Structure) -> str | None:
        if not _norms(structure):
            return _("It has no layer normalisation; 'norm-only' also trains the kind that convolutions use.")
        return None

    def preview(self, structure: Structure, options: Any) -> Preview:
        names = set(_norms(structure))
        new = structure.count(names)

        def state(layer: Sequence[str]) -> str:
            return "adapted" if names.intersection(layer) else "frozen"

        return Preview(
            trainable=new + structure.count(structure.head),
            total=structure.total + new,
            embeddings=state(structure.embeddings),
            blocks=tuple(map(state, structure.blocks)),
            head=head_with_adapters(structure),
        )

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        from peft import LNTuningConfig

        modules = list(dict.fromkeys(name.rpartition(".")[0] for name in _norms(structure)))
        config = LNTuningConfig(target_modules=modules, modules_to_save=modules_to_save(structure))
        return freeze_fixed(wrap(model, config), structure)


def _norms(structure: Structure) -> list[str]:
    """Scales and shifts of layer normalisation. Among convolutions others are by batch, unless their name says so."""
    outside = {*structure.head, *structure.fixed}
    convolutions = any(len(structure.shapes[name]) == 4 for name in structure.body)
    found = [name for name in structure.shapes if name not in outside and _LAYER_NORM.search(name)]
    return [name for name in found if not convolutions or re.search(r"layer_?norm", name, re.I)]
