"""Which parameters of a built model are its head, found by comparing it with its architecture without one.

Needs a built model, on any device, and builds others beside it on the meta device, where they take no memory: in
workers, inference processes and the process that describes models. Nothing here knows an architecture by name.
"""

import contextlib
import copy
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from studio.models.structure import Shape, Structure, find_structure

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


def structure_of_model(model: "PreTrainedModel", head: Iterable[str]) -> Structure:
    """The groups of a model's parameters. head: `head_names`, and what else did not come with the pretrained model."""
    names = frozenset(head)
    return find_structure(shapes_of(model), names, output_names(model) - names, tied_names(model))


def head_names(model: "PreTrainedModel") -> set[str]:
    """What the task's model has beyond its base model, and whatever has a size of its own for every class.

    The output layer of a language model is no head: it was pretrained with the rest, and is often the input layer
    over again (tied).
    """
    return (_beyond_base(model) | set(growth_per_label(model))) - output_names(model)


def growth_per_label(model: "PreTrainedModel") -> dict[str, Shape]:
    """Name -> how much larger each dimension becomes with one class more; only of parameters that grow."""
    config = copy.deepcopy(model.config)
    config.num_labels = (config.num_labels or 0) + 1
    larger = shapes_of(build_without_memory(type(model), config))
    grown = {
        name: tuple(after - before for after, before in zip(larger[name], shape, strict=True))
        for name, shape in shapes_of(model).items()
        if name in larger and len(larger[name]) == len(shape)
    }
    return {name: growth for name, growth in grown.items() if any(growth)}


def label_layers(model: Any) -> "list[nn.Linear]":
    """The layers that have one output for each label, or the one output that each of several texts gets; under peft the
    copies that it trains and saves."""
    from torch import nn

    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    plain = build_without_memory(type(base), copy.deepcopy(base.config))
    shapes = shapes_of(plain)
    rating = [name for name in head_names(plain) if shapes[name][0] == 1]
    grown = {name.rpartition(".")[0] for name in growth_per_label(plain) or rating}
    found = []
    for name, module in model.named_modules():
        place = re.sub(r"\.modules_to_save\.[^.]+", "", name)
        if isinstance(module, nn.Linear) and any(f".{place}".endswith(f".{layer}") for layer in grown):
            found.append(module)
    return found


def output_names(model: "PreTrainedModel") -> set[str]:
    """The parameters of a language model's own output layer, where they are not its input layer's."""
    layer = model.get_output_embeddings()
    if layer is None:
        return set()
    inside = {id(parameter) for parameter in layer.parameters()}
    embeddings = {id(parameter) for parameter in model.get_input_embeddings().parameters()}
    return {name for name, parameter in model.named_parameters() if id(parameter) in inside - embeddings}


def tied_names(model: "nn.Module") -> dict[str, str]:
    """Other name of a parameter -> the first one, which `named_parameters` gives."""
    first = {id(parameter): name for name, parameter in model.named_parameters()}
    every = model.named_parameters(remove_duplicate=False)
    return {name: first[id(parameter)] for name, parameter in every if first[id(parameter)] != name}


def shapes_of(model: "nn.Module") -> dict[str, Shape]:
    """Each parameter's, as the pretrained model has it."""
    return {name: shape_of(model, name) for name, _ in model.named_parameters()}


def shape_of(model: "nn.Module", name: str) -> tuple[int, ...]:
    """Of a parameter, as the pretrained model has it: four bits are packed, and what GPT-2 stores as (in, out) was
    turned round."""
    parameter = model.get_parameter(name)
    packed = getattr(parameter, "quant_state", None)
    shape = tuple(parameter.shape if packed is None else packed.shape)
    before = getattr(model.get_submodule(name.rpartition(".")[0]), "source_cls", None)
    is_turned = before is not None and before.__name__ == "Conv1D" and len(shape) == 2
    return shape[::-1] if is_turned else shape


def build_without_memory(model_class: Any, config: Any) -> "PreTrainedModel":
    """A model whose parameters have shapes and no numbers (torch's meta device)."""
    import torch
    from transformers.initialization import meta_device_safe_creation_ops, no_init_weights

    with _quietly(), no_init_weights(), torch.device("meta"), meta_device_safe_creation_ops():
        model: PreTrainedModel = model_class(config)
    model.tie_weights()  # else with the initialisation
    return model


def load_without_memory(
    model_class: Any, config: Any, state: dict[str, Any], dtype: Any, **arguments: Any
) -> "tuple[PreTrainedModel, dict[str, Any]]":
    """As `from_pretrained` loads, with its report on missing and mismatched names. state: tensors without memory.
    arguments: of the class."""
    with _quietly():
        return model_class.from_pretrained(
            None,
            config=config,
            state_dict=state,
            device_map="meta",
            dtype=dtype,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **arguments,
        )


def _beyond_base(model: "PreTrainedModel") -> set[str]:
    """Names that the same architecture without a head does not have."""
    from transformers import AutoModel

    names = set(shapes_of(model))
    base = model.base_model
    inside = set(shapes_of(base)) if base is not model else set()
    prefix = f"{model.base_model_prefix}." if inside else ""
    outside = {name for name in names if name.removeprefix(prefix) not in inside} if inside else set()
    if type(model.config) not in AutoModel._model_mapping:
        return outside
    found = AutoModel._model_mapping[type(model.config)]
    known: set[str] = set()
    for base_class in found if isinstance(found, tuple) else (found,):  # Funnel has one with and one without a decoder
        bare = build_without_memory(base_class, copy.deepcopy(model.config))
        known |= set(shapes_of(bare)) | set(tied_names(bare))
    if not known & {name.removeprefix(prefix) for name in names}:
        return outside  # called otherwise there, so that nothing can be compared
    return outside | {name for name in names if name.removeprefix(prefix) not in known}


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without transformers' warnings and bars about weights that are missing: here they are what is asked for."""
    from transformers.utils import logging

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()
