"""Loading pretrained and finished models of any task. Runs in workers and inference processes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError, first_line
from studio.language import _
from studio.models.heads import head_names, structure_of_model
from studio.models.kind import ModelKind
from studio.models.meta_model import model_config, unsuitable
from studio.models.settings_files import UnusableSettingsError, check_config, label_names, read_settings
from studio.models.structure import Structure
from studio.models.weights import refuse_incomplete, required_weight_files
from studio.strategies.base import PLAIN, Loading, Strategy
from studio.tasks.base import Answer, Task, Tools
from studio.tasks.classes import label_maps

if TYPE_CHECKING:
    import pandas
    from torch import nn
    from transformers import PreTrainedModel

MOST_MOMENTUM, USUAL_MOMENTUM = 0.5, 0.1  # of batch normalisation: the share of the newest batch in its statistics


def no_table() -> "pandas.DataFrame":
    """Of a model that was loaded without its run."""
    import pandas

    return pandas.DataFrame()


@dataclass(frozen=True)
class Loaded:
    """A pretrained model that carries the task's head. new: names of the parameters that are not pretrained."""

    model: "PreTrainedModel"
    tools: Tools
    new: frozenset[str]


@dataclass(frozen=True)
class Bundle:
    """A model ready to answer. table: reads the rows that its run used. known: answers to what `Task.known` names, by
    these rows."""

    task: Task
    model: Any
    tools: Tools
    device: str = "cpu"
    table: "Callable[[], pandas.DataFrame]" = no_table
    known: dict[str, list[Answer]] = field(default_factory=dict)


def load_pretrained(
    task: Task,
    folder: Path,
    options: Any,
    values: Mapping[str, Any],
    trust_remote_code: bool = False,
    loading: Loading = PLAIN,
) -> Loaded:
    """The model in `folder` under the task's head.

    values: for the model's config, what `Task.configure` found and what the settings change. A head in the
    checkpoint is kept where it has the same labels; else it is newly initialised, from the seed that is set.
    loading: how its weights are held.
    Raises StudioError for a model that cannot carry the head.
    """
    required_weight_files(folder)  # says so where there are only pickled weights, or none
    config = _config(folder, trust_remote_code)
    stored = stored_labels(folder)
    values = in_stored_order(task.fit(folder, config, values), stored)
    for key, value in values.items():
        setattr(config, key, value)
    model, info = _load(task.model, folder, config, trust_remote_code, loading)
    head = head_names(model)
    fresh = set(info["missing_keys"]) | {entry[0] for entry in info["mismatched_keys"]}
    fresh &= {name for name, _unused in model.named_parameters()}
    refuse_incomplete(fresh - head, type(model).__name__, folder)
    labels = tuple(str(label) for label in (values.get("id2label") or {}).values())
    if labels and labels != stored and not fresh & head:
        _reinitialise(model, head)  # as many classes as before, but other ones
    new = head | fresh | task.adapt(model, folder, options)
    processor = load_processor(task.model, folder, model.config, trust_remote_code)
    task.prepare_processor(processor, options)
    return Loaded(model, Tools(processor, model.config, options), frozenset(new))


def load_tuned(
    task: Task,
    folder: Path,
    options: Any,
    strategy: Strategy,
    trust_remote_code: bool = False,
    base: Path | None = None,
    loading: Loading = PLAIN,
) -> Bundle:
    """A model that training by `strategy` saved, ready to answer; an adapter is put on `base`, or the model that it
    names. loading: how the weights are held that `from_pretrained` reads."""

    def build(weights: Path) -> "PreTrainedModel":
        return _load(task.model, weights, _config(folder, trust_remote_code), trust_remote_code, loading)[0]

    model = strategy.load(build, folder, base).eval()
    processor = load_processor(task.model, folder, model.config, trust_remote_code)
    return Bundle(task, model, Tools(processor, model.config, options))


def load_untrained(
    task: Task,
    base: Path,
    tuned: Path,
    initial: Path,
    options: Any,
    trust_remote_code: bool = False,
    loading: Loading = PLAIN,
) -> Bundle:
    """The model as it was before the first step: the pretrained one in `base` with the new weights of `initial`.

    tuned: the finished model's folder, for what its config says of labels. initial: a safetensors file, by
    parameter name.
    """
    loaded = load_pretrained(task, base, options, task.restore(config_of(tuned)), trust_remote_code, loading)
    restore_initial(loaded.model, initial)
    processor = load_processor(task.model, tuned, loaded.model.config, trust_remote_code)
    return Bundle(task, loaded.model.eval(), Tools(processor, loaded.model.config, options))


def load_processor(kind: ModelKind, folder: Path, config: Any, trust_remote_code: bool) -> Any:
    """What prepares the inputs of the model in the folder. Raises StudioError where that is not there."""
    from studio.tasks import images, own_letters, texts

    letters = getattr(config, own_letters.LETTERS, None)
    if letters and own_letters.lacks_letters(folder, config):
        return own_letters.processor_with_letters(folder, letters)
    loaders: dict[str, Callable[[Path, Any, bool], Any]] = {
        "tokenizer": texts.load_tokenizer,
        "image_processor": images.load_image_processor,
        "feature_extractor": partial(_load_by_class, "AutoFeatureExtractor"),
        "processor": partial(_load_by_class, "AutoProcessor"),
    }
    return loaders[kind.processor](folder, config, trust_remote_code)


def _load_by_class(name: str, folder: Path, config: Any, trust_remote_code: bool) -> Any:
    """name: of a class of transformers."""
    import transformers

    try:
        return getattr(transformers, name).from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise StudioError(
            _("'{model}' does not say how its inputs must be prepared.", model=folder.name),
            _("{reader} of transformers cannot read it: {error}", reader=name, error=first_line(error)),
            _("Choose another model, or put the file preprocessor_config.json into its folder."),
        ) from error


def in_stored_order(values: Mapping[str, Any], stored: tuple[str, ...]) -> dict[str, Any]:
    """`values` with their labels in the order of a checkpoint's own where these are the same: then its head is kept."""
    labels = [str(label) for label in (values.get("id2label") or {}).values()]
    if labels and sorted(labels) == sorted(stored):
        return {**values, **label_maps(stored)}
    return dict(values)


def _config(folder: Path, trust_remote_code: bool) -> Any:
    config_of(folder)  # says so where it is missing
    return model_config(folder, trust_remote_code)


def structure_of_folder(kind: ModelKind, folder: Path, trust_remote_code: bool) -> Structure:
    """The structure of the model in a folder, or of one that its config describes."""
    return structure_ahead(kind, _config(folder, trust_remote_code), trust_remote_code)


def structure_ahead(kind: ModelKind, config: Any, trust_remote_code: bool) -> Structure:
    """The structure of the model that a config describes, without memory for its weights."""
    import torch

    with torch.device("meta"):
        model = kind.class_for(config).from_config(
            config, trust_remote_code=trust_remote_code, **kind.arguments(config)
        )
    return structure_of_model(model, head_names(model))


def _load(
    kind: ModelKind, folder: Path, config: Any, trust_remote_code: bool, loading: Loading = PLAIN
) -> "tuple[PreTrainedModel, dict[str, Any]]":
    import torch
    from safetensors import SafetensorError

    arguments: dict[str, Any] = {"dtype": getattr(torch, loading.dtype), **kind.arguments(config)}
    if loading.quantisation is not None:
        arguments["quantization_config"] = loading.quantisation(structure_ahead(kind, config, trust_remote_code))
    try:
        model, info = kind.class_for(config).from_pretrained(
            folder,
            config=config,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            trust_remote_code=trust_remote_code,
            **arguments,
        )
    except ValueError as error:
        raise unsuitable(folder, config, error) from error
    except (OSError, SafetensorError) as error:
        raise StudioError(
            _("The weights of '{model}' cannot be read.", model=folder.name),
            first_line(error),
            _("Fetch or copy the model again."),
        ) from error
    _count_over_batches(model)
    _forget_how_it_was_loaded(model)
    return model, info


def _forget_how_it_was_loaded(model: Any) -> None:
    """What is saved goes on the pretrained model, however that is loaded then; and no map of devices stands in the way
    of moving the model as a whole."""
    for place, name in ((model.config, "quantization_config"), (model, "hf_device_map")):
        if hasattr(place, name):
            delattr(place, name)


def _count_over_batches(model: "nn.Module") -> None:
    """MobileNetV1 and V2 of transformers hand TensorFlow's 0.997, the share of the known, to PyTorch, where momentum is
    the share of the new: statistics would be those of the last batch alone. PyTorch's own share takes its place.
    """
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (module.momentum or 0) > MOST_MOMENTUM:
            module.momentum = USUAL_MOMENTUM


def _reinitialise(model: "PreTrainedModel", names: Iterable[str]) -> None:
    """Give the output layer fresh weights; hidden layers of the head keep what they know."""
    import torch

    outputs = model.config.num_labels
    for name, parameter in model.named_parameters():
        if name in names and parameter.shape[0] == outputs:
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=getattr(model.config, "initializer_range", None) or 0.02)
            else:
                torch.nn.init.zeros_(parameter)


def restore_initial(model: "PreTrainedModel", initial: Path) -> None:
    """Put the new weights, as they began, into a freshly loaded model. Raises StudioError where they do not fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights = load_file(initial)
        _unused_2, unknown = model.load_state_dict(weights, strict=False)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise StudioError(
            _("The model before training cannot be shown."),
            _("The run's first weights do not fit: {error}", error=first_line(error)),
            _("The tuned model can be used all the same."),
        ) from error
    if unknown:
        raise StudioError(
            _("The model before training cannot be shown."), _("It has no weights named {name}.", name=unknown[0])
        )


def stored_labels(folder: Path) -> tuple[str, ...]:
    """The labels in a model folder's config.json, in the order of the outputs."""
    names = label_names(config_of(folder))
    try:
        return tuple(str(names[index]) for index in sorted(names, key=int))
    except ValueError:
        return ()  # of no model that transformers saved


def config_of(folder: Path) -> dict[str, Any]:
    """A model folder's config.json. Raises StudioError where it is missing or damaged."""
    try:
        values = read_settings(folder / "config.json")
        check_config(values or {})
    except UnusableSettingsError as error:
        what = _("The config.json of '{model}' cannot be used.", model=folder.name)
        raise StudioError(what, str(error), _("Fetch it again.")) from error
    if values is None:
        raise StudioError(
            _("'{model}' is not a model folder.", model=folder.name),
            _("It holds no config.json."),
            _("Choose a folder that `save_pretrained` of transformers wrote, or a model from the list."),
        )
    return values
