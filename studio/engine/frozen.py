"""Where the frozen layers of a model end: a traced forward pass, cut before the first layer that trains.

A layer is below the boundary when it runs before anything that trains: what it says about an example is the
same in every epoch, so it can be computed once (`cache`), and it runs without dropout.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves, tree_map


@dataclass(frozen=True)
class TensorShape:
    """A tensor without its values."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


@dataclass(eq=False)
class Call:
    """One module's turn in a forward pass, with the calls that it made. output: TensorShapes for tensors."""

    name: str
    module: nn.Module
    children: list["Call"] = field(default_factory=list)
    output: Any = None
    work: float = 0.0  # multiplications in linear and convolution layers, those of children included

    def walk(self) -> Iterator["Call"]:
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def trains(self) -> bool:
        return any(parameter.requires_grad for parameter in self.module.parameters())

    @property
    def is_frozen_layer(self) -> bool:
        return not self.trains and next(self.module.parameters(), None) is not None


def trace(model: nn.Module, forward: Callable[[], Any]) -> Call:
    """The tree of calls that `forward()`, a call of `model`, makes. Runs in eval mode without gradients."""
    root = Call("", model)
    stack = [root]

    def before(name: str) -> Callable[..., None]:
        def enter(module: nn.Module, args: Any) -> None:
            call = Call(name, module)
            stack[-1].children.append(call)
            stack.append(call)

        return enter

    def after(module: nn.Module, args: Any, output: Any) -> None:
        call = stack.pop()
        call.output = tree_map(_shape_of, output)
        call.work = _work(module, output) + sum(child.work for child in call.children)

    handles = []
    for name, module in model.named_modules():
        if module is not model:
            handles.append(module.register_forward_pre_hook(before(name)))
            handles.append(module.register_forward_hook(after))
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            forward()
    finally:
        for handle in handles:
            handle.remove()
        model.train(was_training)
    root.work = sum(child.work for child in root.children)
    return root


def find_boundaries(root: Call) -> list[list[Call]]:
    """Candidates for the first call above the frozen layers, each with its ancestors before it, best first.

    Frozen layers come before it. A layer without parameters between the last frozen and the first trained
    one (dropout before a head) is a candidate too: it belongs to what trains. Empty if nothing is frozen below,
    or if something trains that no call behind the boundary owns (a bare parameter of an outer module).
    """
    return [path for path in _candidates(root) if not _trained_elsewhere(root, path)]


def same_path(root: Call, path: list[Call]) -> list[Call]:
    """The calls of another trace at the places of `path`."""
    found = [root]
    for outer, inner in pairwise(path):
        found.append(found[-1].children[outer.children.index(inner)])
    return found


def candidate_boundaries(root: Call, path: list[Call]) -> list[list[Call]]:
    """`path`, and the same continued into the first call inside its last one, and so on.

    A module may take only a part of what it is given (a pooler the first token): then its first call gets less.
    """
    paths = [path]
    while paths[-1][-1].children:
        paths.append([*paths[-1], paths[-1][-1].children[0]])
    return [longer for longer in paths if not _trained_elsewhere(root, longer)]


def _trained_elsewhere(root: Call, path: list[Call]) -> bool:
    outer = set(map(id, path[:-1])) | {id(call) for below in calls_below(path) for call in below.walk()}
    inside = {id(p) for call in root.walk() if id(call) not in outer for p in call.module.parameters()}
    return any(p.requires_grad and id(p) not in inside for p in root.module.parameters())


def _candidates(call: Call) -> list[list[Call]]:
    first = next((index for index, child in enumerate(call.children) if child.trains), None)
    if first is None:
        return []
    trained = call.children[first]
    deeper = _candidates(trained) if not _trains_entirely(trained) else []
    if deeper:
        return [[call, *path] for path in deeper]
    last_frozen = max((index for index in range(first) if call.children[index].is_frozen_layer), default=None)
    if last_frozen is None:
        return []
    return [[call, candidate] for candidate in call.children[last_frozen + 1 : first + 1]]


def _trains_entirely(call: Call) -> bool:
    return all(parameter.requires_grad for parameter in call.module.parameters())


def calls_below(path: list[Call]) -> list[Call]:
    """The outermost calls that end before the last call of `path` begins."""
    below: list[Call] = []
    for ancestor, descendant in pairwise(path):
        below += ancestor.children[: ancestor.children.index(descendant)]
    return below


def number_formats(root: Call) -> set[torch.dtype]:
    """Of everything that is computed on the way: under autocast, what enters a layer may be of a finer one."""
    outputs = tree_leaves([call.output for call in root.walk()])
    return {output.dtype for output in outputs if isinstance(output, TensorShape)}


def modules_without_dropout(model: nn.Module, boundaries: list[list[Call]]) -> list[nn.Module]:
    """What stays in eval mode while the rest trains: all below the boundary, and frozen batch normalisation."""
    below = [call.module for call in calls_below(boundaries[0])] if boundaries else []
    statistics = [
        module
        for module in model.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not any(p.requires_grad for p in module.parameters())
    ]
    return below + statistics


def _shape_of(value: Any) -> Any:
    return TensorShape(tuple(value.shape), value.dtype, value.device) if isinstance(value, torch.Tensor) else value


def _work(module: nn.Module, output: Any) -> float:
    weight = getattr(module, "weight", None)
    if not isinstance(weight, torch.Tensor) or weight.ndim < 2 or isinstance(module, nn.Embedding):
        return 0.0
    return weight.numel() * output.numel() / weight.shape[0] if isinstance(output, torch.Tensor) else 0.0
