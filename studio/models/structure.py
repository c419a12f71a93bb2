"""The block structure of a model, read off its parameter names and shapes alone.

The same function serves the preview (names from the header of a safetensors file, no torch) and the
training (names from the live model).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

Shape = tuple[int, ...]
_INDEXED = re.compile(r"^(?P<stack>.*?)\.(?P<index>\d+)\.(?P<rest>.+)$")
_EMBEDDING = re.compile(r"(^|[._])(embed|embeddings|embed_tokens|wte|wpe|conv_stem|stem|embedder|patch_embed)", re.I)


@dataclass(frozen=True)
class Structure:
    """Parameters of a model in four groups, bottom first: embeddings, blocks, tail (final norm, pooler), head.

    shapes: every parameter's shape by name. The groups hold names and do not overlap.
    """

    shapes: Mapping[str, Shape]
    embeddings: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    tail: tuple[str, ...]
    head: tuple[str, ...]

    def count(self, names: Iterable[str]) -> int:
        return sum(prod(self.shapes[name]) for name in names)

    @property
    def total(self) -> int:
        return self.count(self.shapes)

    @property
    def body(self) -> tuple[str, ...]:
        return tuple(name for block in self.blocks for name in block)


def find_structure(shapes: Mapping[str, Shape], head: Iterable[str]) -> Structure:
    """Group `shapes` (name -> shape, buffers left out); `head` names the parameters of the task's head.

    The blocks are the entries of the longest indexed stack of modules (`encoder.layer.N.`, `h.N.`,
    `stages.N.layers.M.` flattened in order). What comes before by name is embedding, what is left is tail.
    """
    in_head = frozenset(head)
    body = [name for name in shapes if name not in in_head]
    stack = _main_stack(body, shapes)
    blocks: dict[tuple[int, ...], list[str]] = {}
    embeddings, tail = [], []
    for name in body:
        key = _block_key(name, stack)
        if key is not None:
            blocks.setdefault(key, []).append(name)
        elif _EMBEDDING.search(name):
            embeddings.append(name)
        else:
            tail.append(name)
    ordered = tuple(tuple(blocks[key]) for key in sorted(blocks))
    head_names = tuple(name for name in shapes if name in in_head)
    return Structure(dict(shapes), tuple(embeddings), ordered, tuple(tail), head_names)


def _main_stack(names: list[str], shapes: Mapping[str, Shape]) -> str | None:
    """The prefix of the indexed stack that holds the most parameters."""
    sizes: Counter[str] = Counter()
    for name in names:
        match = _INDEXED.match(name)
        if match:
            sizes[match["stack"]] += prod(shapes[name])
    return sizes.most_common(1)[0][0] if sizes else None


def _block_key(name: str, stack: str | None) -> tuple[int, ...] | None:
    """The position of a parameter's block: (3,) in `layer.3.x`, (1, 0) in `stages.1.layers.0.x`."""
    match = _INDEXED.match(name)
    if match is None or match["stack"] != stack:
        return None
    inner = re.match(r"^(?:layers|blocks|layer)\.(\d+)\.", match["rest"])
    return (int(match["index"]), int(inner[1])) if inner else (int(match["index"]), 0)
