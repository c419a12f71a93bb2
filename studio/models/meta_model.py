"""Building a task's model without memory: on torch's meta device, where a parameter has a shape and no numbers.

Runs where torch may be imported: in workers, and in the process that `studio.model_reader` starts. What a folder's
weights lack, and what has another shape there, is found by transformers' own loading, which renames and merges what
the files of older versions hold.
"""

import copy
import json
from collections import Counter
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError, first_line
from studio.language import _
from studio.models.architecture import LABELS, Architecture
from studio.models.heads import growth_per_label, head_names, load_without_memory, structure_of_model
from studio.models.kind import ModelKind
from studio.models.weights import Tensor, refuse_incomplete

if TYPE_CHECKING:
    from transformers import PreTrainedModel

DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}  # of safetensors, in torch's words


def build_architecture(
    folder: Path,
    stored_config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    kind: ModelKind,
    values: Mapping[str, Any],
    adapt: "Callable[[PreTrainedModel], frozenset[str]]",
    trust_remote_code: bool = False,
) -> Architecture:
    """The architecture that training gets of `folder`.

    stored_config: what its config.json holds. tensors: what its weights hold; empty for a config without weights.
    values: the task's, for the model's config. adapt: changes the model in place, as the task does, and names the
    parameters that it added. Raises StudioError for a model that cannot be taught this task.
    """
    config = model_config(folder, trust_remote_code, stored_config)
    for key, value in values.items():
        if key not in LABELS:
            setattr(config, key, value)
    model, lacking = _load(folder, config, kind, tensors, trust_remote_code)
    growth = growth_per_label(model)
    labels = model.config.num_labels or 0
    completed = json.loads(model.config.to_json_string(use_diff=False))
    head = head_names(model)
    refuse_incomplete(lacking - head, type(model).__name__, folder)
    structure = structure_of_model(model, adapt(model) | head | lacking)
    return Architecture(
        structure=structure,
        model_class=type(model).__name__,
        dtype=_dtype(tensors) or str(stored_config.get("dtype") or stored_config.get("torch_dtype") or "float32"),
        labels=labels,
        growth=growth,
        checkpoints_gradients=model.supports_gradient_checkpointing,
        config={key: value for key, value in completed.items() if key not in LABELS},
    )


def model_config(folder: Path, trust_remote_code: bool, stored: Mapping[str, Any] | None = None) -> Any:
    """transformers' config object of a model folder. Raises StudioError for a kind of model that it does not know.

    stored: what its config.json holds, or held. transformers reads the folder itself where that alone does not decide
    the class: for code of the model's own, and where layer types make another kind of one (Ministral).
    """
    from transformers import CONFIG_MAPPING, AutoConfig

    kind = str(stored.get("model_type", "")) if stored else ""
    try:
        if stored and kind in CONFIG_MAPPING and not {"auto_map", "layer_types"} & set(stored):
            config: Any = CONFIG_MAPPING[kind].from_dict(copy.deepcopy(dict(stored)), name_or_path=str(folder))
        else:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (ValueError, OSError, KeyError) as error:
        raise StudioError(
            _("The kind of model in '{folder}' is not known here.", folder=folder.name),
            first_line(error),
            _("Choose another model."),
        ) from error
    if arguments := getattr(config, "model_args", None):
        arguments.pop("num_classes", None)  # timm writes it there as well, and transformers then hands it on twice
    config.architectures = config.architectures or []  # transformers reads it where a kind has two heads (DeiT)
    return config


def unsuitable(folder: Path, config: Any, error: ValueError) -> StudioError:
    """What to say where transformers has no model of this kind for a task."""
    return StudioError(
        _("'{model}' ({kind}) cannot be taught this task.", model=folder.name, kind=config.model_type),
        first_line(error),
        _("Choose a model from the list for this task."),
    )


def _load(
    folder: Path, config: Any, kind: ModelKind, tensors: Mapping[str, Tensor], trust_remote_code: bool
) -> "tuple[PreTrainedModel, frozenset[str]]":
    """The model, and the parameters that the weights lack or have in another shape; none for a config alone."""
    import torch

    auto_class, without = kind.class_for(config), kind.arguments(config)
    try:
        with torch.device("meta"):
            bare = auto_class.from_config(copy.deepcopy(config), trust_remote_code=trust_remote_code, **without)
        state = {name: torch.empty(tensor.shape, device="meta") for name, tensor in tensors.items()}
        model, report = load_without_memory(type(bare), bare.config, state, torch.float32, **without)
    except ValueError as error:
        raise unsuitable(folder, config, error) from error
    except ImportError as error:
        raise StudioError(
            _(
                "'{model}' ({kind}) needs a package that is not installed.",
                model=folder.name,
                kind=config.model_type,
            ),
            first_line(error),
            _("Install the package, or choose another model."),
        ) from error
    lacking = set(report["missing_keys"]) | {entry[0] for entry in report["mismatched_keys"]}
    known = set(dict(model.named_parameters()))
    return model, frozenset(lacking & known if tensors else ())


def _dtype(tensors: Mapping[str, Tensor]) -> str:
    """The number format of most numbers in the files, in torch's words; "" where there is none."""
    numbers: Counter[str] = Counter()
    for tensor in tensors.values():
        numbers[tensor.dtype] += prod(tensor.shape)
    return DTYPES.get(numbers.most_common(1)[0][0], "") if numbers else ""
