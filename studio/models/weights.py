"""Names and shapes of a model's parameters, from the headers of its safetensors files: no torch, no weights read."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.hardware import MEGABYTE
from studio.language import _, plural
from studio.models.download import pickles_only
from studio.models.folders import WEIGHTS, file_names, has_only_pickles, weight_files
from studio.models.settings_files import UnusableSettingsError, parse_settings

LONGEST_HEADER = 10 * MEGABYTE  # some hundred times that of a large model
MOST_TENSORS = 200_000
MAY_LACK = ("pooler", "masked_spec_embed")  # the latter stands where wav2vec2 learns with parts left out
DIMENSIONS, LONGEST_NAME = 8, 500
BITS = {
    "F4": 4,
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "U16": 16,
    "I16": 16,
    "F16": 16,
    "BF16": 16,
    "U32": 32,
    "I32": 32,
    "F32": 32,
    "U64": 64,
    "I64": 64,
    "F64": 64,
    "C64": 64,
}  # fmt: skip  of a number; other formats of safetensors are narrower
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
    found: dict[str, Tensor] = {}
    for file in files:
        found |= _tensors(file)
        if len(found) > MOST_TENSORS:
            raise _damaged(file, _("It names more than {most:,} tensors.", most=MOST_TENSORS))
    return found


def parameters_among(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the parameters; running statistics and index tables are left out."""
    return {name: tensor.shape for name, tensor in tensors.items() if not _is_buffer(name, tensor.shape)}


def refuse_incomplete(missing: Iterable[str], model_class: str, folder: Path) -> None:
    """Weights of a model's body that its files lack would stay random; only what `MAY_LACK` names may. Raises
    StudioError."""
    lost = sorted(name for name in missing if not any(part in name for part in MAY_LACK))
    if lost:
        raise StudioError(
            _("The weights of '{model}' are incomplete.", model=folder.name),
            plural(
                "{n:,} tensor of {model_class} is not in its files: {tensor}.",
                "{n:,} tensors of {model_class} are not in its files, such as {tensor}.",
                len(lost),
                model_class=model_class,
                tensor=lost[0],
            ),
            _("Fetch the model again, or choose another one."),
        )


def required_weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder. Raises StudioError where there are none, or not all."""
    files = weight_files(folder)
    if files:
        return files
    if has_only_pickles(file_names(folder)):
        raise pickles_only(folder.name)
    raise StudioError(
        _("The weights of '{model}' are missing.", model=folder.name),
        _("There is no {file}, or one of the weights files is missing.", file=WEIGHTS),
        _("Choose the folder that holds config.json and the safetensors files, or another model."),
    )


def _tensors(file: Path) -> dict[str, Tensor]:
    """A safetensors file begins with the header's length (8 bytes, little-endian) and the header as JSON.

    https://github.com/huggingface/safetensors#format
    """
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            start = stream.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > size - 8:
                raise UnusableSettingsError(_("Its header is cut off: the file is shorter than it says."))
            if length > LONGEST_HEADER:
                raise UnusableSettingsError(
                    _("Its header is longer than {megabytes} MB.", megabytes=LONGEST_HEADER // MEGABYTE)
                )
            header = parse_settings(stream.read(length), _("header"))
    except UnusableSettingsError as error:
        raise _damaged(file, str(error)) from error
    except OSError as error:
        raise _damaged(file, f"{error.strerror or error}.") from error
    return {
        name: _tensor(file, name, entry, size - 8 - length) for name, entry in header.items() if name != "__metadata__"
    }


def _tensor(file: Path, name: str, entry: Any, room: int) -> Tensor:
    """room: bytes behind the header. What is said of a tensor has to fit into them."""
    values = entry if isinstance(entry, dict) else {}
    dtype, shape, place = values.get("dtype"), _sizes(values.get("shape")), _sizes(values.get("data_offsets"))
    named = len(name) <= LONGEST_NAME and name.isprintable() and isinstance(dtype, str)
    if not named or shape is None or place is None or not _fits(str(dtype), shape, place, room):
        raise _damaged(
            file, _("What its header says of '{tensor}' does not fit the file.", tensor=ascii(name[:80])[1:-1])
        )
    return Tensor(str(dtype), shape)


def _sizes(values: Any) -> tuple[int, ...] | None:
    whole = isinstance(values, list) and all(type(each) is int and 0 <= each <= 2**53 for each in values)
    return tuple(values) if whole else None


def _fits(dtype: str, shape: tuple[int, ...], place: tuple[int, ...], room: int) -> bool:
    if len(shape) > DIMENSIONS or len(place) != 2 or not place[0] <= place[1] <= room:
        return False
    return prod(shape) * BITS.get(dtype, 4) <= 8 * (place[1] - place[0])


def _damaged(file: Path, why: str) -> StudioError:
    return StudioError(
        _("The weights file {file} cannot be read.", file=file.name), why, _("Fetch or copy the model again.")
    )


def _is_buffer(name: str, shape: Sequence[int]) -> bool:
    """Running statistics, index tables and causal masks are stored beside parameters but never trained.

    `attn.bias` is GPT-2's causal mask (four dimensions); elsewhere the same name is a real bias.
    """
    if name.endswith("attn.bias"):
        return len(shape) == 4
    return _BUFFER.search(name) is not None
