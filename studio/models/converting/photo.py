"""EfficientNet-Lite0 from a file of an early PyTorch: the same tensors under timm's names, and the files beside them.

The file is a row of pickles: a number, a version, what machine wrote it, the names of the tensors with the storage that
each lies in, the storages' keys; then for each its length in 64 bits, and its numbers. Of what a pickle may call, only
the three things that such a file needs are there, as stand-ins: nothing of the file runs.
"""

import hashlib
import pickle
import re
import struct
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy

from studio.files import replace_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARCHITECTURE = "tf_efficientnet_lite0"  # of timm
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
CONFIG = {
    "architecture": ARCHITECTURE,
    "architectures": ["TimmWrapperForImageClassification"],
    "model_type": "timm_wrapper",
    "num_classes": 1000,
    "num_features": 1280,
}
PROCESSOR = {
    "image_processor_type": "CLIPImageProcessor",
    **{"do_resize": True, "size": {"shortest_edge": 256}, "resample": 3},
    **{"do_center_crop": True, "crop_size": {"height": 224, "width": 224}},
    **{"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "do_convert_rgb": True},
    **{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]},
}
DEPTHS = (1, 2, 2, 3, 3, 4, 1)  # blocks of each stage
OUTER = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
INNER = {
    **{"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"},
    **{"_project_conv": "conv_pwl", "_bn2": "bn3"},
}
TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


def convert(package: Path, folder: Path) -> None:
    """package: the folder with the file. folder: gets the files of a model, its weights last."""
    from safetensors.numpy import save_file

    replace_json(folder / "config.json", CONFIG)
    replace_json(folder / "preprocessor_config.json", PROCESSOR)
    with (package / FILE).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            raise ValueError(f"{FILE} was changed, or is damaged.")
        file.seek(0)
        tensors = tensors_in(file)
    weights = {timm_name(name): tensor for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def timm_name(name: str) -> str:
    """`_blocks.3._bn1.bias` is `blocks.2.0.bn2.bias`: timm counts blocks stage by stage, and layers from 1."""
    if not (found := re.fullmatch(r"_blocks\.(\d+)\.(_\w+)\.(\w+)", name)):
        layer, _dot, value = name.partition(".")
        return f"{OUTER[layer]}.{value}"
    block, stage = int(found[1]), 0
    while block >= DEPTHS[stage]:
        block, stage = block - DEPTHS[stage], stage + 1
    layer = (FIRST if stage == 0 else INNER)[found[2]]  # the first one narrows without having widened before
    return f"blocks.{stage}.{block}.{layer}.{found[3]}"


class _Reader(pickle.Unpickler):
    """Gives for each tensor (storage's key, offset, shape, strides), and remembers of which type a storage is."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.types: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> Any:
        stand_ins = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, size, strides, *_rest: (
                storage, offset, size, strides,
            ),
            **{("torch", kind): kind for kind in TYPES},
        }  # fmt: skip
        if (module, name) not in stand_ins:
            raise pickle.UnpicklingError(f"{module}.{name} is not expected there")
        return stand_ins[module, name]

    def persistent_load(self, pid: Any) -> str:
        _storage, kind, key, *_rest = pid
        self.types[key] = TYPES[kind]
        return str(key)


def tensors_in(file: BinaryIO) -> "dict[str, NDArray]":
    for _head in range(3):
        _Reader(file).load()
    reader = _Reader(file)
    places = reader.load()
    storages = {}
    for key in _Reader(file).load():
        kind = numpy.dtype(reader.types[key])
        (length,) = struct.unpack("<q", file.read(8))
        storages[key] = numpy.frombuffer(file.read(length * kind.itemsize), kind)
    return {
        name: numpy.lib.stride_tricks.as_strided(
            storages[key][offset:], size, [step * storages[key].itemsize for step in strides]
        ).copy()
        for name, (key, offset, size, strides) in places.items()
    }
