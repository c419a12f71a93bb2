"""The run file: everything that decides a run, as one model. The screen writes it, the command line reads it."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationInfo, field_validator

from studio.data.options import DataOptions
from studio.errors import StudioError
from studio.optimizers import OPTIMIZERS
from studio.options import Options, setting
from studio.schedules import SCHEDULES
from studio.strategies import STRATEGIES
from studio.strategies.base import Strategy
from studio.tasks import TASKS
from studio.tasks.base import Task


class ModelOptions(Options):
    id: str = setting(title="Model", help="A Hub id, a local folder, or starter/NAME.")
    revision: str | None = setting(None, title="Revision", help="A branch, tag or commit of a Hub model.")


class TrainingOptions(Options):
    """How the chosen part of the model is trained."""

    epochs: int = setting(
        3,
        title="Passes over the data (epochs)",
        help="How often the model sees every example. More learns more, until it starts to memorise.",
        ge=1,
        le=1000,
        advanced=False,
    )
    batch_size: int | Literal["auto"] = setting(
        "auto",
        title="Examples per step (batch size)",
        help="How many examples are looked at before the weights move. Lower it when memory runs out; auto fits it "
        "to the data and this machine.",
    )
    learning_rate: float | None = setting(
        None,
        title="Step size (learning rate)",
        help="How far the weights move each step. Empty means the value recommended for the strategy.",
        gt=0,
        le=10,
    )
    optimizer: str = setting("adamw", title="Optimizer", help="The rule that turns errors into weight changes.")
    momentum: float = setting(
        0.9,
        title="Momentum",
        help="How much of the last step carries over into the next.",
        ge=0,
        lt=1,
        shown_if={"optimizer": "sgd"},
    )
    schedule: str = setting(
        "linear", title="Step size over time (schedule)", help="How the learning rate changes as training goes on."
    )
    warmup: float = setting(
        0.1, title="Warm-up", help="Share of the steps over which the learning rate rises from zero.", ge=0, le=0.9
    )
    weight_decay: float = setting(
        0.01, title="Weight decay", help="Pulls weights towards zero, against memorising.", ge=0, le=1
    )
    max_grad_norm: float = setting(
        1.0, title="Gradient clipping", help="Longest step direction allowed; 0 switches it off.", ge=0, le=1000
    )
    early_stopping: int = setting(
        0,
        title="Stop when it no longer improves (patience)",
        help="Number of checks without improvement on the validation part after which training ends; 0 never stops "
        "early. The best step is kept either way.",
        ge=0,
        le=1000,
    )
    evaluations_per_epoch: int = setting(
        1, title="Checks per pass", help="How often the validation part is scored in each epoch.", ge=1, le=100
    )
    checkpoint_seconds: float = setting(
        60, title="Save progress every (seconds)", help="After a crash at most this much work is lost.", ge=0, le=86400
    )
    cache_activations: bool = setting(
        True,
        title="Compute frozen layers once",
        help="Keeps what frozen layers say about each example on disk, which makes training many times as fast.",
    )
    device: Literal["auto", "cpu", "cuda", "mps", "xpu"] = setting(
        "auto", title="Device", help="Where to train; auto takes the fastest there is."
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto", title="Number format (precision)", help="auto measures which is fastest on this machine."
    )
    seed: int = setting(
        7,
        title="Shuffle number (seed)",
        help="The same number on the same machine gives the same result.",
        ge=0,
        le=2**31 - 1,
    )

    @field_validator("batch_size")
    @classmethod
    def _positive(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= 4096:
            raise ValueError("choose a number from 1 to 4096, or auto")
        return value

    @field_validator("optimizer", "schedule")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        known = OPTIMIZERS if info.field_name == "optimizer" else SCHEDULES
        try:
            return known[value].name
        except StudioError as error:
            raise ValueError(str(error)) from error


class RunConfig(Options):
    """run.yaml. `options` are the task's own settings, `strategy` holds a name and that strategy's settings."""

    task: str
    model: ModelOptions
    data: DataOptions
    strategy: dict[str, Any] = {"name": "full"}
    training: TrainingOptions = TrainingOptions()
    options: dict[str, Any] = {}

    @field_validator("task")
    @classmethod
    def _known_task(cls, value: str) -> str:
        try:
            return TASKS[value].name
        except StudioError as error:
            raise ValueError(str(error)) from error

    @field_validator("strategy")
    @classmethod
    def _complete_strategy(cls, value: dict[str, Any]) -> dict[str, Any]:
        settings = dict(value)
        try:
            strategy = STRATEGIES[settings.pop("name", "full")]
            return {"name": strategy.name, **strategy.Options.read(settings, f"{strategy.name} settings").model_dump()}
        except StudioError as error:
            raise ValueError(str(error)) from error

    @field_validator("options")
    @classmethod
    def _complete_options(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "task" not in info.data:
            return value  # the task's own mistake is reported already
        try:
            return TASKS[info.data["task"]].Options.read(value, "task settings").model_dump()
        except StudioError as error:
            raise ValueError(str(error)) from error

    # --- the registries' entries that the names stand for -------------------------------------

    @property
    def chosen_task(self) -> Task:
        return TASKS[self.task]

    @property
    def task_options(self) -> Options:
        return self.chosen_task.Options.read(self.options)

    @property
    def chosen_strategy(self) -> Strategy:
        return STRATEGIES[self.strategy["name"]]

    @property
    def strategy_options(self) -> Options:
        return self.chosen_strategy.Options.read({k: v for k, v in self.strategy.items() if k != "name"})

    @property
    def learning_rate(self) -> float:
        return self.training.learning_rate or self.chosen_strategy.learning_rate(self.strategy_options)

    # --- the file -----------------------------------------------------------------------------

    @classmethod
    def from_text(cls, text: str) -> "RunConfig":
        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise StudioError(
                "The run file is not valid YAML.", str(error), "Correct the line that it names."
            ) from error
        if not isinstance(values, dict):
            raise StudioError(
                "The run file holds no settings.",
                "A run file is a list of `key: value` lines.",
                "See the README for one to start from.",
            )
        return cls.read({**values, "options": values.get("options") or {}}, "run file's settings")

    @classmethod
    def from_file(cls, path: Path) -> "RunConfig":
        """Read run.yaml. A relative `data.source` or model folder is looked for beside the file first."""
        return cls.from_text(read_run_file(path)).beside(path.parent)

    def beside(self, folder: Path) -> "RunConfig":
        """The same with relative paths that exist below `folder`, or else below the current one, made absolute."""

        def absolute(value: str) -> str:
            for base in (folder, Path.cwd()):
                if not Path(value).is_absolute() and (base / value).exists():
                    return str((base / value).resolve())
            return value

        return self.model_copy(
            update={
                "data": self.data.model_copy(update={"source": absolute(self.data.source)}),
                "model": self.model.model_copy(update={"id": absolute(self.model.id)}),
            }
        )

    def to_text(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)


def read_run_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"The run file {path} cannot be read.", str(error), "Check the path.") from error
