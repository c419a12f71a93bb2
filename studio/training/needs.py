"""What a setting needs to be read at all, and whether a task and a model have it, by config.json."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from studio.hardware import Machine
from studio.training import TrainingOptions

CONFIG_KEYS: dict[str, tuple[str, ...]] = {
    "dropout": (
        *("hidden_dropout_prob", "hidden_dropout", "dropout", "dropout_rate"),
        *("resid_pdrop", "embd_pdrop", "embedding_dropout", "mlp_dropout"),
    ),
    "attention_dropout": ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop"),
    "stochastic_depth": ("drop_path_rate", "drop_connect_rate"),
}  # by the setting that overrides them; their names in the configs of transformers' families
BATCH_NORM = "batch_norm"


def unused_settings(traits: Collection[str], config: Mapping[str, Any], stored: Iterable[str]) -> frozenset[str]:
    """The training settings that nothing reads.

    traits: the task's. config: the model's config.json. stored: names of its tensors.
    """
    there = {name for name, keys in CONFIG_KEYS.items() if any(key in config for key in keys)}
    there |= set(traits)
    there |= {BATCH_NORM} if any("running_mean" in name for name in stored) else set()
    return frozenset(name for name, need in _needs().items() if need not in there)


def unread_by_task(traits: Collection[str]) -> frozenset[str]:
    """The training settings that a task with these traits never reads, whatever the model."""
    return unused_settings({*traits, *CONFIG_KEYS, BATCH_NORM}, {}, ())


def _needs() -> dict[str, str]:
    """What each setting needs, of those that need something."""
    fields = TrainingOptions.model_fields.items()
    wanted = {name: extra.get("needs") for name, field in fields if isinstance(extra := field.json_schema_extra, dict)}
    return {name: str(need) for name, need in wanted.items() if need}


def unused_here(training: TrainingOptions, machine: Machine) -> frozenset[str]:
    """The training settings that mean nothing on this machine, as long as nobody has set them."""
    has_choice = len(machine.gpus) > 1 or training.processes > 1
    return frozenset() if has_choice else frozenset({"processes"})


def config_changes(training: TrainingOptions, config: Mapping[str, Any]) -> dict[str, float]:
    """The values of config.json that the settings override."""
    return {
        key: value
        for name, keys in CONFIG_KEYS.items()
        if (value := getattr(training, name)) is not None
        for key in keys
        if key in config
    }
