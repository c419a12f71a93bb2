"""The block structure of a model, read off its parameter names and shapes alone.

The same function serves the preview (names from the header of a safetensors file, no torch) and the
training (names from the live model).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from studio.models.weights import shapes_in

Shape = tuple[int, ...]
BlockKey = tuple[int, int, int]  # stack (encoder before decoder), stage, block in the stage

_INDEXED = re.compile(r"^(?P<stack>(?:.*?\.)?(?P<word>[^.\d][^.]*))\.(?P<index>\d+)\.(?P<rest>.+)$")
_EMBEDDING = re.compile(
    r"embed|(^|[._])(wte|wpe|shared|stem|conv1|bn1|cls_token|distillation_token|mask_token|register_tokens"
    r"|pos_emb|position\w*|relative_attention_bias|feature_extractor|feature_projection|backbone|input_projection)"
    r"([._]|$)|encoder\.(conv2?|LayerNorm)\.",
    re.I,
)
# words of an outer stack whose entries are stages, with the words of the blocks inside
_STAGED = {
    "stages": ("layers", "blocks"),
    "layers": ("blocks",),
    "layer": ("layer",),
    "albert_layer_groups": ("albert_layers",),
}


@dataclass(frozen=True)
class Structure:
    """Parameters of a model in groups, bottom first: embeddings, blocks, tail (final norm, pooler), head.

    shapes: every parameter's shape by name. The groups hold names and do not overlap.
    fixed: blocks that came with the head and that no strategy trains (a layer that only averages).
    """

    shapes: Mapping[str, Shape]
    embeddings: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    tail: tuple[str, ...]
    head: tuple[str, ...]
    fixed: tuple[str, ...] = ()

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

    The blocks are the entries of the indexed stack of modules that holds the most parameters
    (`encoder.layer.N`, `h.N`), stage by stage where a stack of stages holds them (`stages.N.layers.M`),
    the encoder's before the decoder's where there are two. What feeds the blocks by its name is
    embedding, what is left is tail. Names of `head` inside that stack are `fixed`.
    """
    in_head = frozenset(head)
    body = [name for name in shapes if name not in in_head]
    stacks = _main_stacks(body, shapes)
    blocks: dict[BlockKey, list[str]] = {}
    late: dict[tuple[int, int], list[str]] = {}  # parameters of a stage behind its last block
    embeddings: list[str] = []
    tail: list[str] = []
    for name in body:
        place = _place(name, stacks)
        if place is None:
            (embeddings if _EMBEDDING.search(name) else tail).append(name)
        elif place[2] is None:
            late.setdefault(place[:2], []).append(name)
        else:
            blocks.setdefault((place[0], place[1], place[2]), []).append(name)
    for stage, names in late.items():
        inner = [key for key in blocks if key[:2] == stage]
        blocks.setdefault(max(inner, default=(*stage, 0)), []).extend(names)
    ordered = tuple(tuple(blocks[key]) for key in sorted(blocks))
    fixed = tuple(name for name in shapes if name in in_head and _place(name, stacks) is not None)
    head_names = tuple(name for name in shapes if name in in_head and name not in fixed)
    return Structure(dict(shapes), tuple(embeddings), ordered, tuple(tail), head_names, fixed)


def structure_of(folder: Path, head: Mapping[str, Shape], unused: Iterable[str] = ()) -> Structure:
    """The structure that a model folder will have under a new head (name -> shape), without loading it.

    `unused`: patterns of names in the file that the task's model does not have (another task's head).
    """
    pattern = re.compile("|".join(unused) or r"$^")
    stored = shapes_in(folder)
    kept = {name: shape for name, shape in stored.items() if name not in head and not pattern.search(name)}
    shapes = {**kept, **head}
    return find_structure(shapes, head)


def _main_stacks(names: list[str], shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """The prefix of the stack that holds the most parameters; encoder and decoder where both have one."""
    sizes: Counter[str] = Counter()
    for name in names:
        match = _INDEXED.match(name)
        if match:
            sizes[match["stack"]] += prod(shapes[name])
    if not sizes:
        return ()
    largest = sizes.most_common(1)[0][0]
    twins = {re.sub(r"\b(en|de)coder\b", f"{half}coder", largest) for half in ("en", "de")}
    return tuple(sorted((stack for stack in sizes if stack in twins), key=lambda stack: "decoder" in stack))


def _place(name: str, stacks: tuple[str, ...]) -> tuple[int, int, int | None] | None:
    """Where a parameter's block stands: (0, 3, 0) in `layer.3.x`, (0, 1, 0) in `stages.1.layers.0.x`.

    The last is None for what a stage does behind its blocks; what it does before them (a
    `downsampling_layer`) belongs to its first block. None for a name outside of the stacks.
    """
    match = _INDEXED.match(name)
    if match is None or match["stack"] not in stacks:
        return None
    stack, stage = stacks.index(match["stack"]), int(match["index"])
    inner = re.match(r"(\w+?)\.(\d+)\.", match["rest"])
    if inner and inner[1] in _STAGED.get(match["word"], ()):
        return stack, stage, int(inner[2])
    first = match["rest"].startswith("downsampling_layer")
    return stack, stage, 0 if first else None
