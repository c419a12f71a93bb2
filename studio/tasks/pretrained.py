"""Loading pretrained and finished models with a classification head. Runs in workers and inference processes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.models.heads import head_names
from studio.models.weights import refuse_incomplete, required_weight_files
from studio.tasks.classification import config_of, in_stored_order, one_of

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

ADAPTER = "adapter_config.json"
BOTTLENECK = "bottleneck.json"
MOST_MOMENTUM, USUAL_MOMENTUM = 0.5, 0.1  # of batch normalisation: the share of the newest batch in its statistics


def load_with_head(
    auto_class: Any,
    folder: Path,
    names: tuple[str, ...],
    trust_remote_code: bool,
    changes: Mapping[str, Any] | None = None,
) -> "tuple[PreTrainedModel, tuple[str, ...], frozenset[str]]":
    """(model, labels in the order of its outputs, names of the head's parameters).

    A head in the checkpoint is kept where it has the same labels; else it begins anew, on the seed that
    is set. `changes` go into the model's config. Raises StudioError for a model that cannot carry the head.
    """
    required_weight_files(folder)  # says so where there are only pickled weights, or none
    config = _config(folder, trust_remote_code)
    stored_labels = config.id2label if config_of(folder).get("id2label") else {}
    labels = in_stored_order(names, stored_labels)
    for key, value in {**(changes or {}), **one_of(labels)}.items():
        setattr(config, key, value)
    model, info = _load(auto_class, folder, config, trust_remote_code)
    renamed = labels != tuple(str(stored_labels[index]) for index in sorted(stored_labels))
    head = head_names(model)
    fresh = set(info["missing_keys"]) | {entry[0] for entry in info["mismatched_keys"]}
    fresh &= {name for name, _ in model.named_parameters()}
    refuse_incomplete(fresh - head, type(model).__name__, folder)
    if renamed and not fresh & head:
        _begin_anew(model, head)  # as many classes as before, but other ones
    return model, labels, frozenset(head | fresh)


def _config(folder: Path, trust_remote_code: bool) -> Any:
    from transformers import AutoConfig

    config_of(folder)
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (ValueError, OSError, KeyError) as error:
        raise StudioError(
            f"The kind of model in '{folder.name}' is not known here.", _first_line(error), "Choose another model."
        ) from error
    config.architectures = config.architectures or []  # transformers reads it where a kind has two heads (DeiT)
    return config


def _load(
    auto_class: Any, folder: Path, config: Any, trust_remote_code: bool
) -> "tuple[PreTrainedModel, dict[str, Any]]":
    import torch
    from safetensors import SafetensorError

    try:
        model, info = auto_class.from_pretrained(
            folder,
            config=config,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            dtype=torch.float32,
            trust_remote_code=trust_remote_code,
        )
    except ValueError as error:
        raise StudioError(
            f"'{folder.name}' ({config.model_type}) cannot be taught this task.",
            _first_line(error),
            "Choose a model from the list for this task.",
        ) from error
    except (OSError, SafetensorError) as error:
        raise StudioError(
            f"The weights of '{folder.name}' cannot be read.", _first_line(error), "Fetch or copy the model again."
        ) from error
    _count_over_batches(model)
    return model, info


def _count_over_batches(model: "nn.Module") -> None:
    """MobileNetV1 and V2 of transformers hand TensorFlow's 0.997, the share of the known, to PyTorch, where momentum is
    the share of the new: statistics would be those of the last batch alone. PyTorch's own share takes its place.
    """
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (module.momentum or 0) > MOST_MOMENTUM:
            module.momentum = USUAL_MOMENTUM


def _begin_anew(model: "PreTrainedModel", names: Iterable[str]) -> None:
    """Give the output layer fresh weights; hidden layers of the head keep what they know."""
    import torch

    outputs = model.config.num_labels
    for name, parameter in model.named_parameters():
        if name in names and parameter.shape[0] == outputs:
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=getattr(model.config, "initializer_range", None) or 0.02)
            else:
                torch.nn.init.zeros_(parameter)


def load_finished(auto_class: Any, folder: Path, trust_remote_code: bool, base: Path | None) -> Any:
    """A model that training saved, in eval mode; an adapter is put on its base model, `base` or the one it names."""
    if not (folder / ADAPTER).is_file():
        model, _ = _load(auto_class, folder, _config(folder, trust_remote_code), trust_remote_code)
        return with_bottlenecks(model, folder) if (folder / BOTTLENECK).is_file() else model.eval()
    from peft import PeftConfig, PeftModel

    from studio.strategies.adapters.base import answer_for_convolutions, hide_ties_of_detectors
    from studio.strategies.adapters.orthogonal import without_extension

    base = base or _base_folder(str(PeftConfig.from_pretrained(str(folder)).base_model_name_or_path), folder)
    model, _ = _load(auto_class, base, _config(folder, trust_remote_code), trust_remote_code)
    with without_extension():
        return answer_for_convolutions(PeftModel.from_pretrained(hide_ties_of_detectors(model), folder)).eval()


def with_bottlenecks(model: Any, folder: Path) -> Any:
    """The model with the small networks between its layers that the folder holds (strategy `adapter`)."""
    from studio.strategies.adapters.bottleneck_layers import load

    return load(model, folder)


def _base_folder(name: str, adapter: Path) -> Path:
    from studio.models.sources import locate

    folder = locate(name)
    if folder is None:
        raise StudioError(
            f"The pretrained model '{Path(name).name}' is no longer on this machine.",
            f"The adapter in '{adapter.name}' only works on top of it.",
            "Bring it back to where it was, or download it again on the Model page.",
        )
    return folder


def restore_initial(model: "PreTrainedModel", initial: Path) -> None:
    """Put the new weights, as they began, into a freshly loaded model. Raises StudioError where they do not fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights = load_file(initial)
        _, unknown = model.load_state_dict(weights, strict=False)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise StudioError(
            "The model before training cannot be shown.",
            f"The run's first weights do not fit: {_first_line(error)}",
            "The tuned model can be used all the same.",
        ) from error
    if unknown:
        raise StudioError("The model before training cannot be shown.", f"It has no weights named {unknown[0]}.")


def stored_labels(folder: Path) -> tuple[str, ...]:
    """The labels in a model folder's config.json, in the order of the outputs."""
    names: Mapping[str, str] = config_of(folder).get("id2label") or {}
    return tuple(str(names[index]) for index in sorted(names, key=int))


def labels_of(config: Any) -> tuple[str, ...]:
    names: Mapping[int, str] = config.id2label
    return tuple(str(names[index]) for index in sorted(names))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300]
