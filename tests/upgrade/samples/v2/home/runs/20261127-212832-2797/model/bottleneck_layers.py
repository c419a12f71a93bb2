"""Bottleneck adapters in a transformers model: down to a few numbers, bent, up again, and added.

Needs torch and safetensors alone. A model that was trained so takes a copy of this file along:

    from bottleneck_layers import load
    model = load(AutoModelForSequenceClassification.from_pretrained(folder), folder)
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

SETTINGS, WEIGHTS = "bottleneck.json", "bottleneck.safetensors"  # {"width": numbers in the middle, "layers": names}
CHILD = "bottleneck"


class Bottleneck(nn.Module):
    """x + up(gelu(down(x))); begins as x, since `up` begins at zero."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.down = nn.Linear(size, width)
        self.up = nn.Linear(width, size)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.up(nn.functional.gelu(self.down(x)))


def insert(model: nn.Module, layers: Iterable[str], width: int) -> nn.Module:
    """Put a bottleneck behind each of the named layers, whose outputs are (..., size)."""
    for name in layers:
        layer = model.get_submodule(name)
        bias = getattr(layer, "bias", None)
        weight: Any = layer.weight
        size = len(bias) if bias is not None else weight.shape[0]
        layer.add_module(CHILD, Bottleneck(size, width).to(weight.device, weight.dtype))
        layer.register_forward_hook(lambda module, inputs, output: getattr(module, CHILD)(output))
    return model


def save(model: nn.Module, folder: str | Path) -> None:
    """Write the settings and the adapters' own weights into the folder, by the names that the model's modules have."""
    from safetensors.torch import save_file

    layers, width = inserted(model)
    (Path(folder) / SETTINGS).write_text(json.dumps({"width": width, "layers": layers}), encoding="utf-8")
    save_file(adapters_of(model.state_dict()), Path(folder) / WEIGHTS)


def adapters_of(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.contiguous() for name, tensor in state.items() if f".{CHILD}." in name}


def inserted(model: nn.Module) -> tuple[list[str], int]:
    """The names of the layers with a bottleneck behind them, and its width; empty and 0 where there are none."""
    found = {name: module for name, module in model.named_modules() if isinstance(module, Bottleneck)}
    layers = [name.removesuffix(f".{CHILD}") for name in found]
    return layers, next((module.down.out_features for module in found.values()), 0)


def load(model: nn.Module, folder: str | Path) -> nn.Module:
    """Insert what the folder holds into its model. Raises ValueError where it does not fit."""
    from safetensors.torch import load_file

    settings = json.loads((Path(folder) / SETTINGS).read_text(encoding="utf-8"))
    insert(model, settings["layers"], settings["width"])
    stored = load_file(Path(folder) / WEIGHTS)
    missing, unknown = model.load_state_dict(stored, strict=False)
    lost = [name for name in missing if f".{CHILD}." in name]
    if lost or unknown:
        raise ValueError(f"The adapters in {folder} do not fit the model: {(lost or unknown)[0]}")
    return model.eval()
