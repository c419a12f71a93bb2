"""The model card: README.md of an exported model. Its front matter is what the Hub reads."""

from pathlib import Path
from typing import Any, Literal

import yaml

from studio.config import RunConfig
from studio.data.fields import FIELDS
from studio.exporters.sharing import base_model_name, data_name, for_others
from studio.files import read_json
from studio.models.catalog import CATALOG
from studio.models.sources import locate
from studio.store import Run

_SETTINGS = ("epochs", "batch_size", "optimizer", "schedule", "warmup", "weight_decay", "max_grad_norm", "seed")
_PROCESSORS = {  # the class that loads it, and the pipeline's name for it
    "tokenizer": ("AutoTokenizer", "tokenizer"),
    "image_processor": ("AutoImageProcessor", "image_processor"),
}


PROMPTS = ("PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING")  # peft's kinds of adapters that no weights can take in
Kind = Literal["whole", "adapter", "prompt", "bottleneck"]


def kind_of(folder: Path) -> Kind:
    """What a finished model's folder holds: a whole model, alone or with networks between its layers, or what peft
    puts on one: adapters that can become part of its weights, or a prompt."""
    if (folder / "bottleneck.json").is_file():
        return "bottleneck"
    adapter = read_json(folder / "adapter_config.json")
    if adapter is None:
        return "whole"
    return "prompt" if adapter.get("peft_type") in PROMPTS else "adapter"


def write_card(run: Run, config: RunConfig, labels: tuple[str, ...], kind: Kind) -> str:
    """The card's text. kind: what the folder beside it holds."""
    adapter = kind in ("adapter", "prompt")
    front = {
        "base_model": base_model_name(config),
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": config.chosen_task.model.pipeline_tag,
        "tags": [config.task, "fine-tuned", config.strategy["name"], *(["base_model:adapter"] if adapter else [])],
        "metrics": [config.chosen_task.headline],
    }
    licence = base_licence(config)
    if licence:
        front["license"] = licence.lower()
    parts = [
        f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---",
        f"# {run.name}",
        _introduction(config, labels),
        f"## How to use it\n\n```python\n{loading_code(config, kind)}\n```",
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
    if not readme.is_file():
        return None
    text = readme.read_text(encoding="utf-8", errors="replace")
    parts = text.split("---", 2)
    if not text.startswith("---") or len(parts) < 3:
        return None
    try:
        front = yaml.safe_load(parts[1])
    except yaml.YAMLError:
        return None  # a card that cannot be read states nothing
    licence = front.get("license") if isinstance(front, dict) else None
    return str(licence) if licence else None


def loading_code(config: RunConfig, kind: Kind) -> str:
    """Python that loads the folder it lies in and asks it one question."""
    kind_of_model = config.chosen_task.model
    processor_class, argument = _PROCESSORS[kind_of_model.processor]
    example = FIELDS[config.chosen_task.inputs[0].kind].example
    if kind == "whole":
        code = f'model = pipeline("{kind_of_model.pipeline_tag}", model=".")\nmodel({example})'
        return f"from transformers import pipeline\n\n{code}"
    model_class = kind_of_model.auto_class
    if kind == "bottleneck":
        imports = ["import sys", 'sys.path.append(".")  # bottleneck_layers.py, the networks between the layers']
        imports += [
            "from bottleneck_layers import load",
            f"from transformers import {processor_class}, {model_class}, pipeline",
        ]
        loading = [f'model = load({model_class}.from_pretrained("."), ".")']
    else:
        imports = ["from peft import PeftModel"]
        imports += [f"from transformers import AutoConfig, {processor_class}, {model_class}, pipeline"]
        loading = [
            'config = AutoConfig.from_pretrained(".")  # the labels',
            f'base = {model_class}.from_pretrained("{base_model_name(config)}", config=config,',
            "    ignore_mismatched_sizes=True)",
            f'model = PeftModel.from_pretrained(base, "."){".merge_and_unload()" if kind == "adapter" else ".eval()"}',
        ]
    asking = [
        f'processor = {processor_class}.from_pretrained(".")',
        f'answer = pipeline("{kind_of_model.pipeline_tag}", model=model, {argument}=processor)',
        f"answer({example})",
    ]
    return "\n".join([*imports, "", *loading, *asking])


def _introduction(config: RunConfig, labels: tuple[str, ...]) -> str:
    return config.chosen_task.summary(labels)


def _origin(config: RunConfig, licence: str | None) -> str:
    stated = licence or "not stated in its files; look at its page before you share this model"
    return f"## Where it comes from\n\n- Pretrained model: {base_model_name(config)}\n- Its licence: {stated}"


def _data(run: Run, config: RunConfig) -> str:
    lines = [f"- Source: {data_name(config)}", "- Licence of the data: not stated; add it before you share this model"]
    plan = run.state().plan
    if plan is not None:
        lines += [f"- {split.capitalize()}: {count:,} examples" for split, count in plan.examples.items()]
    split = config.data.split
    lines.append(f"- Split: seed {split.seed}{', stratified' if split.stratify else ''}")
    return "## Data\n\n" + "\n".join(lines)


def _results(run: Run) -> str:
    state = run.state()
    found = [(name, event.metrics) for name, event in (("Validation", state.best), ("Test", state.test)) if event]
    if not found:
        return "## Results\n\nNot measured."
    names = list(dict.fromkeys(metric for _, metrics in found for metric in metrics))
    head = "| | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1)
    rows = ["| " + " | ".join((split, *(_number(metrics.get(n)) for n in names))) + " |" for split, metrics in found]
    return "## Results\n\n" + "\n".join((head, *rows))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _settings(run: Run, config: RunConfig) -> str:
    training: dict[str, Any] = config.training.model_dump()
    strategy = ", ".join(f"{key} {value}" for key, value in config.strategy.items() if key != "name" and value != "")
    lines = [f"- Way of training: {config.strategy['name']}{f' ({strategy})' if strategy else ''}"]
    plan = run.state().plan
    if plan is not None:
        lines.append(f"- Trained parameters: {plan.trainable_parameters:,} of {plan.total_parameters:,}")
        training["batch_size"] = plan.batch_size
    test = run.state().rate_test
    lines.append(f"- learning_rate: {test.chosen if test else config.learning_rate:g}")
    lines += [f"- {key}: {training[key]}" for key in _SETTINGS]
    note = "" if for_others(config) == config else " Put the data (and the pretrained model's folder) beside it first."
    repeat = f"\n\nThe file `run.yaml` holds every setting. To repeat the run:{note}\n\n```\nstudio train run.yaml\n```"
    return "## Settings\n\n" + "\n".join(lines) + repeat
