"""What decides a recording: for one model, down to its weights, and for each row, down to its files.

What has the same fingerprint can stand for each other, beyond rounding: a row was perhaps computed beside other rows.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from studio.activation_store import KEY_BYTES
from studio.engine.examples import ROWS_AT_ONCE
from studio.engine.forward import Forward
from studio.engine.frozen import Call, calls_below
from studio.tasks.base import Task

FORMAT = 2  # of what is recorded and how; another number discards earlier recordings
LIBRARIES = ("torch", "transformers")
OF_THE_HEAD = ("id2label", "label2id", "num_labels", "problem_type", "architectures", "_name_or_path", "dtype")


class Fingerprints:
    """Of one model and its examples. Weights and rows are read once."""

    def __init__(self, forward: Forward, precision: str) -> None:
        self._forward = forward
        self._precision = precision
        self._opens = type(forward.task).open is not Task.open
        self._tensors: dict[int, str] = {}
        self._files: dict[str, str] = {}
        self._rows: dict[str, list[bytes]] = {}

    def of_layers(self, path: list[Call], layouts: Sequence[object]) -> str:
        """Of what is recorded at the last call of `path`. layouts: of all tensors that are kept of a row."""
        forward, tools = self._forward, self._forward.prepared.tools
        options = tools.options.model_dump(mode="json") if tools.options is not None else {}
        facts = {
            "format": FORMAT,
            "libraries": versions_of_libraries(),
            "code": sorted(code_of(forward.model)),
            "config": settings_below(tools.config.to_dict()),
            "attention": getattr(tools.config, "_attn_implementation", None),
            "task": forward.task.name,
            "options": options,
            "preparation": self._preparation(),
            "device": forward.device.type,
            "precision": self._precision,
            "boundary": path[-1].name,
            "layouts": [repr(layout) for layout in layouts],
            "weights": [(name, self._tensor(tensor)) for name, tensor in tensors_below(path)],
        }
        return digest(facts)

    def of_rows(self, split: str) -> list[bytes]:
        """One for each row, of `KEY_BYTES` bytes."""
        if split not in self._rows:
            examples = self._forward.prepared.examples[split]
            self._rows[split] = [
                hashlib.blake2b(_json(self._with_contents(item)).encode(), digest_size=KEY_BYTES).digest()
                for start in range(0, len(examples), ROWS_AT_ONCE)
                for item in examples.plain(range(start, min(start + ROWS_AT_ONCE, len(examples))))
            ]
        return self._rows[split]

    def _preparation(self) -> Any:
        """What turns an item into tensors besides what the item says itself."""
        tools = self._forward.prepared.tools
        if not self._opens:
            return None
        settings = tools.processor.to_dict() if hasattr(tools.processor, "to_dict") else None
        examples = next(iter(self._forward.prepared.examples.values()))
        says_its_label = "labels" in examples.plain([0])[0]
        return [settings, None if says_its_label else getattr(tools.config, "id2label", None)]

    def _tensor(self, tensor: torch.Tensor) -> str:
        if id(tensor) not in self._tensors:
            self._tensors[id(tensor)] = digest_of_tensor(tensor)
        return self._tensors[id(tensor)]

    def _with_contents(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """A file by what it holds, wherever it lies."""
        if not self._opens:
            return dict(item)
        return {name: self._content(value) if isinstance(value, str) else value for name, value in item.items()}

    def _content(self, value: str) -> str:
        if value not in self._files:
            path = Path(value)
            is_file = path.is_absolute() and path.is_file()
            self._files[value] = hashlib.blake2b(path.read_bytes()).hexdigest() if is_file else value
        return self._files[value]


def versions_of_libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def settings_below(config: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a model's config that frozen layers can follow: without the head's, and without dropout, for they run in
    eval mode."""
    return {
        name: value
        for name, value in config.items()
        if name not in OF_THE_HEAD and "dropout" not in name and "drop_path" not in name
    }


def code_of(model: nn.Module) -> set[str]:
    """Digests of the source files in which the model's modules are written: some come with the model."""
    names = {type(module).__module__ for module in model.modules()}
    files = {getattr(sys.modules.get(name), "__file__", None) for name in names}
    return {hashlib.blake2b(Path(file).read_bytes()).hexdigest() for file in files if file and Path(file).is_file()}


def tensors_below(path: list[Call]) -> Iterator[tuple[str, torch.Tensor]]:
    """All parameters and buffers but those that only the last call of `path`, or a later one, has."""
    below = {id(call) for outer in calls_below(path) for call in outer.walk()}
    on_the_way = below | set(map(id, path[:-1]))
    needed = {id(tensor) for outer in calls_below(path) for tensor in _tensors_of(outer.module)}
    later = {
        id(tensor) for call in path[0].walk() if id(call) not in on_the_way for tensor in _tensors_of(call.module)
    } - needed
    model = path[0].module
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if id(tensor) not in later:
            yield name, tensor


def _tensors_of(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def digest_of_tensor(tensor: torch.Tensor) -> str:
    """Of its numbers, and of what a weight in few bits needs to be read besides."""
    hashed = hashlib.blake2b(repr((tuple(tensor.shape), tensor.dtype)).encode(), digest_size=32)
    for part in (tensor, *_beside(tensor)):
        values = part.detach().cpu().contiguous().reshape(-1)
        hashed.update(values.view(torch.uint8).numpy().data)
    return hashed.hexdigest()


def _beside(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    attributes = dict(vars(tensor))
    attributes |= getattr(attributes.pop("quant_state", None), "__dict__", {})
    return (value for _name, value in sorted(attributes.items()) if isinstance(value, torch.Tensor))


def digest(facts: object) -> str:
    return hashlib.blake2b(_json(facts).encode(), digest_size=16).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, torch.Tensor) else repr(value)
