"""Running a model from the boundary on: frozen layers answer with empty tensors, the boundary gets recorded ones."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from studio.engine.frozen import Call, TensorShape, calls_below
from studio.errors import StudioError
from studio.language import _

Dimension = int | str  # a number, "batch" or "sequence"


class CannotRecord(StudioError):
    """This model's activations cannot be recorded; the reason, for the log."""


class NothingToGain(CannotRecord):
    """It could be done, and would not make training faster."""


class Dimensions:
    """Tells which dimensions of a tensor follow the batch, found by comparing two batches of unlike size."""

    def __init__(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        first, second = tensors_in(first), tensors_in(second)
        self.batches = (next(iter(first.values())).shape[0], next(iter(second.values())).shape[0])
        varying = {
            pair
            for name in first
            for pair in zip(first[name].shape, second[name].shape, strict=True)
            if pair != self.batches and pair[0] != pair[1]
        }
        if len(varying) > 1:
            raise CannotRecord(_("Several dimensions of the input vary from batch to batch."))
        self.sequences = next(iter(varying), None)

    def of(self, first: Sequence[int], second: Sequence[int]) -> tuple[Dimension, ...]:
        if len(first) != len(second):
            raise CannotRecord(_("A layer's output changes its number of dimensions."))
        return tuple(self._of_one(pair) for pair in zip(first, second, strict=True))

    def _of_one(self, pair: tuple[int, int]) -> Dimension:
        if pair == self.batches:
            return "batch"
        if pair[0] == pair[1]:
            return pair[0]
        if pair == self.sequences:
            return "sequence"
        raise CannotRecord(_("A layer's output varies from batch to batch in an unknown way."))


def tensors_in(batch: dict[str, Any]) -> dict[str, torch.Tensor]:
    """What of a batch is a tensor: labels may be lists."""
    return {name: value for name, value in batch.items() if isinstance(value, torch.Tensor)}


class Replay:
    """Replaces the input of `path`'s last call, wherever else it is given, and empties what runs below it, while
    `running`."""

    def __init__(self, path: list[Call], other: Call, dimensions: Dimensions) -> None:
        """other: the trace of a second batch, whose size differs."""
        self.boundary = path[-1].module
        below = [call for outer in calls_below(path) for call in _frozen_layers(outer)]
        turns = Counter(call.name for call in path[0].walk())
        first_turn = next(call for call in path[0].walk() if call.name == path[-1].name)
        if any(turns[call.name] > 1 for call in below) or first_turn is not path[-1]:
            raise CannotRecord(_("A frozen layer runs more than once for each example."))
        others = {call.name: call for call in other.walk()}
        self.work = sum(call.work for call in below)
        self._outputs = [(call.module, _compare(call.output, others[call.name].output, dimensions)) for call in below]
        self._later = later_modules(path)
        self.leaves: list[int] = []  # which of the boundary's inputs are replaced; set by whoever recorded them

    @contextmanager
    def running(self, batch: int, sequence: int | None, inputs: Sequence[torch.Tensor]) -> Iterator[None]:
        """Inside, a forward pass of the model costs only what lies above the boundary."""
        sizes = {"batch": batch, "sequence": sequence or 0}

        replaced: list[tuple[Any, torch.Tensor]] = []

        def replace(module: nn.Module, args: Any, kwargs: Any) -> Any:
            handles.pop().remove()  # the boundary's first turn is meant; a dropout layer may have more
            leaves, structure = tree_flatten((args, kwargs))
            for index, tensor in zip(self.leaves, inputs, strict=True):
                replaced.append((leaves[index], tensor))
                leaves[index] = tensor
            return tree_unflatten(leaves, structure)

        def replace_again(module: nn.Module, args: Any, kwargs: Any) -> Any:
            def recorded(leaf: Any) -> Any:
                return next((tensor for empty, tensor in replaced if leaf is empty), leaf)

            return tree_map(recorded, (args, kwargs))

        handles = [module.register_forward_pre_hook(replace_again, with_kwargs=True) for module in self._later]
        handles.append(self.boundary.register_forward_pre_hook(replace, with_kwargs=True))
        forwards = [(module, vars(module).get("forward")) for module, _output in self._outputs]
        for module, output in self._outputs:
            module.forward = _answer(output, sizes)
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            for module, own in forwards:
                del module.forward
                if own is not None:
                    module.forward = own


def later_modules(path: list[Call]) -> list[nn.Module]:
    """What runs after the last call of `path` ends, and may be given the same tensors (the encoder's last states, which
    every block of a decoder gets)."""
    calls = [
        call
        for ancestor, descendant in pairwise(path)
        for call in ancestor.children[ancestor.children.index(descendant) + 1 :]
    ]
    return list({id(call.module): call.module for call in calls if call.module is not path[-1].module}.values())


class BoundaryReached(Exception):
    """Ends a forward pass when all that is wanted has been seen."""


def boundary_inputs(boundary: nn.Module, forward: Callable[[], Any]) -> list[Any]:
    """The arguments that `boundary` gets during `forward()`, flattened. Eval mode is the caller's business."""
    seen: list[Any] = []

    def look(module: nn.Module, args: Any, kwargs: Any) -> None:
        seen.extend(tree_flatten((args, kwargs))[0])
        raise BoundaryReached

    handle = boundary.register_forward_pre_hook(look, with_kwargs=True)
    try:
        with torch.no_grad():
            forward()
    except BoundaryReached:
        return seen
    finally:
        handle.remove()
    raise CannotRecord(_("The first trained layer did not run."))


def _frozen_layers(call: Call) -> list[Call]:
    """The outermost frozen layers in a call below the boundary; what has no parameters costs nothing and stays."""
    if call.is_frozen_layer:
        return [call]
    return [layer for child in call.children for layer in _frozen_layers(child)]


def _compare(first: Any, second: Any, dimensions: Dimensions) -> Any:
    """The structure of a layer's output with TensorShapes whose sizes may be "batch" or "sequence"."""
    leaves, structure = tree_flatten(first)
    others, _structure = tree_flatten(second)
    if len(leaves) != len(others):
        raise CannotRecord(_("A layer's output changes its structure."))
    merged = [
        TensorShape(dimensions.of(leaf.shape, other.shape), leaf.dtype, leaf.device)  # type: ignore[arg-type]
        if isinstance(leaf, TensorShape)
        else leaf
        for leaf, other in zip(leaves, others, strict=True)
    ]
    return tree_unflatten(merged, structure)


def _answer(output: Any, sizes: dict[str, int]) -> Callable[..., Any]:
    def empty(value: Any) -> Any:
        if not isinstance(value, TensorShape):
            return value
        shape = [sizes[size] if isinstance(size, str) else size for size in value.shape]
        return torch.zeros((), dtype=value.dtype, device=value.device).expand(shape)

    return lambda *args, **kwargs: tree_map(empty, output)
