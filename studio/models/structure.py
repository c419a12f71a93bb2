"""The block structure of a model: its parameters in groups, read off their names, shapes and order.

The names come from a built model (`studio.models.heads.structure_of_model`), on the meta device for the preview,
or with its weights for the training; so both see the same groups.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

Shape = tuple[int, ...]
BlockKey = tuple[int, int, int]  # stack (encoder before decoder), stage, block in the stage

SUBSTANTIAL = 0.05  # of all numbers in stacks: a stack that holds less is a part of what surrounds it
_INDEXED = re.compile(r"^(?P<stack>(?:.*?\.)?(?P<word>[^.\d][^.]*))\.(?P<index>\d+)\.(?P<rest>.+)$")
_EMBEDDING = re.compile(
    r"embed|(^|[._])(wte|wpe|shared|stem|conv1|bn1|cls_token|distillation_token|mask_token|register_tokens"
    r"|pos_emb|position\w*|relative_attention_bias|feature_extractor|feature_projection|input_proj(ection)?)"
    r"([._]|$)|encoder\.(conv2?|LayerNorm)\.",
    re.I,
)
_TOP = re.compile(r"norm|pool", re.I)  # what stands above the last stack of several
_FINAL = re.compile(r"final|post_?layer", re.I)  # what comes last wherever it is registered (OPT)
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
    head: what answers the task. Empty for a language model, whose output layer came with it: it is the input layer
        over again (tied), or belongs to the tail.
    fixed: blocks that came with the head and that no strategy trains (a layer that only averages).
    tied: other names of parameters, each with the name in `shapes` that it stands for.
    """

    shapes: Mapping[str, Shape]
    embeddings: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    tail: tuple[str, ...]
    head: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    tied: Mapping[str, str] = field(default_factory=dict)

    def count(self, names: Iterable[str]) -> int:
        return sum(prod(self.shapes[name]) for name in names)

    @property
    def total(self) -> int:
        return self.count(self.shapes)

    @property
    def body(self) -> tuple[str, ...]:
        return tuple(name for block in self.blocks for name in block)


def find_structure(
    shapes: Mapping[str, Shape],
    head: Iterable[str],
    output: Iterable[str] = (),
    tied: Mapping[str, str] | None = None,
) -> Structure:
    """Group `shapes`: name -> shape in the order in which the model registers them, buffers left out.

    head: names of the parameters of the task's head. output: names of a language model's own output layer.
    The blocks are the entries of the indexed stacks of modules that hold much (`encoder.layer.N`, `h.N`), stage by
    stage where a stack of stages holds them (`stages.N.layers.M`), one stack after another where there are several
    (a backbone's, the encoder's, the decoder's). What feeds them by its name, or comes before the first, is embedding.
    What lies between two stacks goes with the last block of the lower one, what comes last is tail. Names of `head`
    inside a stack are `fixed`.
    """
    in_head, last = frozenset(head), frozenset(output)
    body = [name for name in shapes if name not in in_head]
    stacks = _main_stacks(body, shapes)
    blocks: dict[BlockKey, list[str]] = {}
    late: dict[tuple[int, ...], list[str]] = {}  # by (stack,) or (stack, stage): what comes behind the blocks
    groups: dict[str, list[str]] = {"embeddings": [], "tail": []}
    begun = 0  # stacks of which a parameter was met
    for name in body:
        place = _place(name, stacks)
        if place is None:
            where = "tail" if name in last else _surroundings(name, stacks, begun)
            groups[where].append(name) if isinstance(where, str) else late.setdefault((where,), []).append(name)
            continue
        begun = max(begun, place[0] + 1)
        if place[2] is None:
            late.setdefault(place[:2], []).append(name)
        else:
            blocks.setdefault((place[0], place[1], place[2]), []).append(name)
    for prefix, names in sorted(late.items(), key=lambda entry: -len(entry[0])):
        inner = [key for key in blocks if key[: len(prefix)] == prefix]
        alone = (prefix[0], prefix[-1], 0)  # a stage without blocks inside is a block itself
        blocks.setdefault(max(inner, default=alone), []).extend(names)
    ordered = tuple(tuple(blocks[key]) for key in sorted(blocks))
    fixed = tuple(name for name in shapes if name in in_head and _place(name, stacks) is not None)
    head_names = tuple(name for name in shapes if name in in_head and name not in fixed)
    embeddings, tail = (tuple(names) for names in groups.values())
    return Structure(dict(shapes), embeddings, ordered, tail, head_names, fixed, dict(tied or {}))


def _main_stacks(names: list[str], shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """The prefixes of the stacks that hold much of the model, in the order of their first parameters."""
    sizes: Counter[str] = Counter()
    for name in names:
        match = _INDEXED.match(name)
        if match and not _EMBEDDING.search(f"{match['stack']}."):
            sizes[match["stack"]] += prod(shapes[name])
    return tuple(stack for stack, size in sizes.items() if size >= SUBSTANTIAL * sizes.total())


def _surroundings(name: str, stacks: tuple[str, ...], begun: int) -> str | int:
    """Where a parameter outside of the stacks belongs: to a group, or, as a number, to the top of that stack.

    begun: how many stacks have begun before it. An indexed name is judged by its stack's name alone.
    """
    match = _INDEXED.match(name)
    if _EMBEDDING.search(f"{match['stack']}." if match else name):
        return "embeddings"
    if not begun:
        return "embeddings" if stacks and not _FINAL.search(name) else "tail"
    if begun < len(stacks):
        return begun - 1
    if begun == 1:
        return "tail"
    above = stacks[-1].rpartition(".")[0]
    if above and not name.startswith(f"{above}."):
        return "tail" if "pool" in name else begun - 2  # feeds the last stack, as DETR's proposals do
    return "tail" if _TOP.search(name) else "embeddings"


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
