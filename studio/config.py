"""The run file: everything that decides a run, as one model. The screen writes it, the command line reads it."""

from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationInfo, field_validator

from studio.data.corrections import MOST_CORRECTIONS
from studio.data.options import DataOptions
from studio.errors import StudioError
from studio.language import _
from studio.migrations import RUN_FILE
from studio.options import Options, setting
from studio.strategies import STRATEGIES
from studio.strategies.base import Strategy
from studio.tasks import TASKS
from studio.tasks.base import Task
from studio.training import TrainingOptions
from studio.training.needs import unread_by_task
from studio.training.optimizers import OPTIMIZERS
from studio.yaml_text import TooLongError, parsed


class ModelOptions(Options):
    id: str = setting(title=_("Model"), help=_("A Hub id, a local folder, or starter/NAME."))
    revision: str | None = setting(None, title=_("Revision"), help=_("A branch, tag or commit of a Hub model."))


class RunConfig(Options):
    """run.yaml. `options` are the task's own settings, `strategy` holds a name and that strategy's settings."""

    task: str
    model: ModelOptions
    data: DataOptions
    strategy: dict[str, Any] = Field({"name": "full"}, validate_default=True)
    training: TrainingOptions = TrainingOptions()
    options: dict[str, Any] = Field({}, validate_default=True)

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
        except StudioError as error:
            raise ValueError(str(error)) from error
        return {"name": strategy.name, **_complete(strategy.Options, settings, "strategy")}

    @field_validator("options")
    @classmethod
    def _complete_options(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "task" not in info.data:
            return value  # the task's own mistake is reported already
        return _complete(TASKS[info.data["task"]].Options, value, "options")

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
        """The highest one: the chosen one, or what suits strategy and optimizer."""
        recommended = self.chosen_strategy.learning_rate(self.strategy_options)
        return self.training.learning_rate or recommended * OPTIMIZERS[self.training.optimizer].rate

    # --- the file -----------------------------------------------------------------------------

    @classmethod
    def from_text(cls, text: str) -> "RunConfig":
        values = settings_in(text)
        return cls.read({**values, "options": values.get("options") or {}}, _("run file's settings"))

    @classmethod
    def from_file(cls, path: Path) -> "RunConfig":
        """Read run.yaml. A relative `data.source`, `data.files` or model folder is looked for beside the file
        first."""
        return cls.from_text(read_run_file(path)).beside(path.parent)

    def beside(self, folder: Path) -> "RunConfig":
        """The same with relative paths that exist below `folder`, or else below the current one, made absolute."""
        absolute = partial(path_beside, folder)
        return self.model_copy(
            update={
                "data": self.data.model_copy(
                    update={
                        "source": absolute(self.data.source),
                        "files": absolute(self.data.files) if self.data.files else None,
                    }
                ),
                "model": self.model.model_copy(update={"id": absolute(self.model.id)}),
            }
        )

    def settings(self) -> dict[str, Any]:
        """As plain values, without what this task never reads; a mistaken wish for that stays to be seen."""
        values = self.model_dump(mode="json")
        for name in unread_by_task(self.chosen_task.traits):
            if values["training"][name] == TrainingOptions.model_fields[name].default:
                del values["training"][name]
        return values

    def to_text(self) -> str:
        values = RUN_FILE.stamp(self.settings())
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)


def settings_in(text: str) -> dict[str, Any]:
    """What a run file says, as this version writes it. Raises StudioError where it is none."""
    try:
        values = parsed(text)
    except TooLongError as error:
        raise StudioError(
            _("The run file is too long."),
            str(error),
            _("Leave out what is not a setting: of corrected rows it may hold {most:,}.", most=MOST_CORRECTIONS),
        ) from error
    except yaml.YAMLError as error:
        raise StudioError(
            _("The run file is not valid YAML."), str(error), _("Correct the line that it names.")
        ) from error
    if not isinstance(values, dict):
        raise StudioError(
            _("The run file holds no settings."),
            _("A run file is a list of `key: value` lines."),
            _("See the README for one to start from."),
        )
    return RUN_FILE.upgrade(values)


def _complete(model: type[Options], values: dict[str, Any], section: str) -> dict[str, Any]:
    """With the defaults of what is not said; mistakes as a validator tells them."""
    try:
        return model.read(values, within=section).model_dump()
    except StudioError as error:
        raise ValueError(error.explanation.why) from error


def path_beside(folder: Path, value: str) -> str:
    """A relative path that exists below `folder`, or else below the current one, made absolute."""
    for base in (folder, Path.cwd()):
        if not Path(value).is_absolute() and (base / value).exists():
            return str((base / value).resolve())
    return value


def holds_settings(path: Path) -> bool:
    """Whether the file can be read as settings at all, if only by another version."""
    try:
        return isinstance(parsed(read_run_file(path)), dict)
    except (StudioError, yaml.YAMLError):
        return False


def read_run_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(
            _("The run file {file} cannot be read.", file=path), str(error), _("Check the path.")
        ) from error
