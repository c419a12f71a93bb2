"""Names and shapes of a model's parameters, from the headers of its safetensors files: no torch, no weights read."""

import json
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.models.folders import WEIGHTS, file_names, has_only_pickles, weight_files

_MAX_HEADER = 100 * 1024 * 1024  # the format's own bound
_BUFFER = re.compile(
    r"(^|\.)(running_mean|running_var|num_batches_tracked|position_ids|token_type_ids|relative_position_index"
    r"|inv_freq|masked_bias|attn\.bias|attn_mask)$"
)


@dataclass(frozen=True)
class Tensor:
    """What a file says of a tensor that it holds. dtype: in the words of safetensors, such as F32 or BF16."""

    dtype: str
    shape: tuple[int, ...]


def tensors_in(files: Iterable[Path]) -> dict[str, Tensor]:
    """Name -> what is said of it, for every tensor that these safetensors files store, buffers included.

    Raises StudioError where a file is damaged.
    """
    return {
        name: Tensor(entry["dtype"], tuple(entry["shape"]))
        for file in files
        for name, entry in _header(file).items()
        if name != "__metadata__"
    }


def parameters_among(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the parameters; running statistics and index tables are left out."""
    return {name: tensor.shape for name, tensor in tensors.items() if not _is_buffer(name, tensor.shape)}


def refuse_incomplete(missing: Iterable[str], model_class: str, folder: Path) -> None:
    """Weights of a model's body that its files lack would stay random; only a pooler may. Raises StudioError."""
    lost = sorted(name for name in missing if "pooler" not in name)
    if lost:
        raise StudioError(
            f"The weights of '{folder.name}' are incomplete.",
            f"{len(lost)} tensors of {model_class} are not in its files, such as {lost[0]}.",
            "Fetch the model again, or choose another one.",
        )


def required_weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder. Raises StudioError where there are none, or not all."""
    files = weight_files(folder)
    if files:
        return files
    if has_only_pickles(file_names(folder)):
        raise StudioError(
            f"The weights of '{folder.name}' cannot be used.",
            "They are stored only in a format that can run code when it is opened (pickle).",
            "Choose a model that offers safetensors files.",
        )
    raise StudioError(
        f"The weights of '{folder.name}' are missing.",
        f"There is no {WEIGHTS}, or one of the weights files is missing.",
        "Choose the folder that holds config.json and the safetensors files, or another model.",
    )


def _header(file: Path) -> Mapping[str, Any]:
    """A safetensors file begins with the header's length (8 bytes, little-endian) and the header as JSON.

    https://github.com/huggingface/safetensors#format
    """
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > _MAX_HEADER:
                raise ValueError("its header is too long")
            return json.loads(stream.read(length))
    except (OSError, ValueError, struct.error) as error:
        raise StudioError(
            f"The weights file {file.name} cannot be read.", str(error), "Fetch or copy the model again."
        ) from error


def _is_buffer(name: str, shape: Sequence[int]) -> bool:
    """Running statistics, index tables and causal masks are stored beside parameters but never trained.

    `attn.bias` is GPT-2's causal mask (four dimensions); elsewhere the same name is a real bias.
    """
    if name.endswith("attn.bias"):
        return len(shape) == 4
    return _BUFFER.search(name) is not None
