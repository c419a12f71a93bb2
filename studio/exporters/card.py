"""The model card: README.md of an exported model. Its front matter is what the Hub reads."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from studio.config import RunConfig
from studio.data.columns import SPLITS
from studio.data.fields import FIELDS
from studio.errors import StudioError
from studio.events import RunState
from studio.exporters.lengths import longest_text_of
from studio.exporters.sharing import base_model_name, data_name, for_others
from studio.files import read_object
from studio.models.catalog import CATALOG
from studio.models.sources import locate
from studio.store import Run
from studio.strategies.base import LoadingCode
from studio.tasks.results import stored_scores, worth

_SETTINGS = (
    "epochs", "batch_size", "precision", "optimizer", "schedule", "warmup", "weight_decay", "max_grad_norm", "seed",
)  # fmt: skip
_ENDINGS = {"stopped": "Stopped", "early-stopping": "Ended by early stopping"}  # before all epochs were done
_PROCESSORS = {  # the class that loads it, and the pipeline's name for it
    "tokenizer": ("AutoTokenizer", "tokenizer"),
    "image_processor": ("AutoImageProcessor", "image_processor"),
    "feature_extractor": ("AutoFeatureExtractor", "feature_extractor"),
    "processor": ("AutoProcessor", "processor"),
}


def write_card(run: Run, config: RunConfig, labels: tuple[str, ...], loading: LoadingCode | None) -> str:
    """The card's text. loading: what loads the folder beside it; None for a whole model."""
    from huggingface_hub import ModelCardData

    licence = base_licence(config)
    front = ModelCardData(
        base_model=base_model_name(config),
        library_name=loading.library if loading else "transformers",
        license=licence.lower() if licence else None,
        metrics=[config.chosen_task.headline],
        pipeline_tag=config.chosen_task.model.pipeline_tag,
        tags=[config.task, "fine-tuned", config.strategy["name"], *(loading.tags if loading else ())],
    )
    values = read_object(run.model / "config.json") or {}
    longest = longest_text_of(run.model, config)
    cut = f"\n\nTexts are cut after {longest:,} tokens." if longest else ""
    parts = [
        f"---\n{front.to_yaml()}\n---",
        f"# {run.name}",
        _introduction(config, labels),
        f"## How to use it\n\n```python\n{usage(config, loading, values)}\n```{cut}",
        _origin(config, licence),
        _data(run, config),
        _results(run),
        _settings(run, config),
    ]
    return "\n\n".join(parts) + "\n"


def base_licence(config: RunConfig) -> str | None:
    """The pretrained model's licence: from the list of offered models, or its own card on this machine."""
    for card in CATALOG:
        if card.id == config.model.id:
            return card.licence
    folder = locate(config.model.id, config.model.revision)
    return _stated_licence(folder / "README.md") if folder else None


def _stated_licence(readme: Path) -> str | None:
    from huggingface_hub.repocard import metadata_load

    try:
        front = metadata_load(readme) or {}
    except (OSError, ValueError, yaml.YAMLError):
        return None  # a card that cannot be read states nothing
    licence = front.get("license")
    return str(licence) if licence else None


def loading_code(run: Run, config: RunConfig) -> LoadingCode | None:
    """What loads the model that a run saved, as its strategy says."""
    name = config.chosen_task.model.class_name(read_object(run.model / "config.json") or {})
    return config.chosen_strategy.loading_code(name, base_model_name(config))


def usage(config: RunConfig, loading: LoadingCode | None, values: Mapping[str, Any]) -> str:
    """Python that loads the folder it lies in and asks it one question. values: the saved model's config."""
    task = config.chosen_task
    kind, name = task.model, task.model.class_name(values)
    settings, own = task.pipeline_settings(values), task.asking_code(values)
    processor_class, argument = _PROCESSORS[kind.processor]
    fields = [FIELDS[column.kind] for column in task.inputs if column.required]
    imports, definitions = ([part] if part else [] for part in fields[0].reading)
    imports += [own[0]] if own[0] else []
    more = "".join(f", {name}={value!r}" for name, value in settings.items()).replace("'", '"')
    if loading is None and not own[1]:
        imports.append("from transformers import pipeline")
        asking = [f'ask = pipeline("{kind.pipeline_tag}", model="."{more})']
    else:
        lines = loading.lines if loading else (f'model = {name}.from_pretrained(".")',)
        names = (
            *(loading.names if loading else ()),
            processor_class,
            name,
            *(() if own[1] else ("pipeline",)),
        )
        imports += [*(loading.imports if loading else ()), f"from transformers import {', '.join(names)}"]
        asking = [*lines, f'processor = {processor_class}.from_pretrained(".")']
        if own[1]:
            definitions.append(own[1])
            asking.append("model.eval()")
        else:
            asking.append(f'ask = pipeline("{kind.pipeline_tag}", model=model, {argument}=processor{more})')
    asked = task.question([field.example for field in fields])
    parts = ("\n".join(imports), *definitions, "\n".join([*asking, f"ask({asked})"]))
    return ("\n\n\n" if definitions else "\n\n").join(parts)


def _introduction(config: RunConfig, labels: tuple[str, ...]) -> str:
    return config.chosen_task.summary(labels)


def _origin(config: RunConfig, licence: str | None) -> str:
    stated = licence or "not stated in its files; look at its page before you share this model"
    return f"## Where it comes from\n\n- Pretrained model: {base_model_name(config)}\n- Its licence: {stated}"


def _data(run: Run, config: RunConfig) -> str:
    lines = [f"- Source: {data_name(config)}", "- Licence of the data: not stated; add it before you share this model"]
    plan = run.state().plan
    if plan is not None:
        counts = {split: plan.examples[split] for split in SPLITS if split in plan.examples}
        lines += [f"- {split.capitalize()}: {count:,} examples" for split, count in counts.items()]
    split = config.data.split
    drawn = f"drawn with seed {split.seed}{', stratified' if split.stratify else ''}"
    lines.append(f"- Split: {'as the data says, where it says so; else ' if split.keep else ''}{drawn}")
    return "## Data\n\n" + "\n".join(lines)


def _results(run: Run) -> str:
    state = run.state()
    found = [(name, event.metrics) for name, event in (("Validation", state.best), ("Test", state.test)) if event]
    if not found:
        return "## Results\n\nNot measured."
    names = list(dict.fromkeys(metric for _, metrics in found for metric in metrics))
    head = "| | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1)
    rows = ["| " + " | ".join((split, *(_number(metrics.get(n)) for n in names))) + " |" for split, metrics in found]
    said = [f"- {_escaped(sentence)}" for sentence in _worth(run)]
    return "\n\n".join(["## Results", "\n".join((head, *rows)), *(["\n".join(said)] if said else [])])


def _worth(run: Run) -> list[str]:
    """A damaged record of the scores keeps no model from being exported."""
    try:
        return worth(stored_scores(run))
    except StudioError as error:
        return [f"How far chance may have moved these numbers is not known: {error.explanation.what}"]


def _escaped(sentence: str) -> str:
    """With the names of classes in it as they are, whatever Markdown makes of them."""
    return re.sub(r"([\\`*_\[\]<>&|~$#])", r"\\\1", sentence)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _ending(state: RunState) -> list[str]:
    if state.plan is None or state.finished is None or state.finished.reason not in _ENDINGS:
        return []
    last = max(state.step, *(event.step for event in state.validation), state.finished.best_step)
    return [f"- {_ENDINGS[state.finished.reason]} at step {last:,} of {state.plan.total_steps:,}"]


def _settings(run: Run, config: RunConfig) -> str:
    training: dict[str, Any] = config.training.model_dump()
    strategy = ", ".join(f"{key} {value}" for key, value in config.strategy.items() if key != "name" and value != "")
    lines = [f"- Method: {config.strategy['name']}{f' ({strategy})' if strategy else ''}"]
    plan = run.state().plan
    if plan is not None:
        lines.append(f"- Trained parameters: {plan.trainable_parameters:,} of {plan.total_parameters:,}")
        training |= {"batch_size": plan.batch_size, "precision": plan.precision or training["precision"]}
    test = run.state().rate_test
    lines.append(f"- learning_rate: {test.chosen if test else config.learning_rate:g}")
    lines += [f"- {key}: {training[key]}" for key in _SETTINGS]
    lines += _ending(run.state())
    note = "" if for_others(config) == config else ", put the data (and the pretrained model's folder) beside it, then"
    repeat = f"\n\nThe file `run.yaml` holds every setting. To repeat the run{note}:\n\n```\nstudio train run.yaml\n```"
    return "## Settings\n\n" + "\n".join(lines) + repeat
