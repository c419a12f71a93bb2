"""Everything that keeps a run from starting, found before it is queued. Uses no network."""

from collections.abc import Callable
from pathlib import Path

import yaml

from studio.config import RunConfig, path_beside
from studio.data.sources import parse_source
from studio.errors import Explanation, StudioError
from studio.hardware import probe
from studio.language import _, listing, sentences
from studio.model_reader import read_architecture
from studio.models.hub import last_reach
from studio.models.local import ModelInfo, find
from studio.models.sources import why_only_local
from studio.paths import Home
from studio.training.computing import check_processes
from studio.training.needs import unused_settings
from studio.training.optimizers import OPTIMIZERS
from studio.yaml_text import parsed


def read_checked(text: str, folder: Path, home: Home, trust_remote_code: bool = False) -> RunConfig:
    """The run file in `folder`, checked. Raises one StudioError that names every mistake, a missing source of the data
    among those that keep its settings from being read."""
    try:
        config = RunConfig.from_text(text).beside(folder)
    except StudioError as error:
        known = error.explanation
        why = "\n".join((known.why, *(f"'data.source': {each.what}" for each in _of_named_source(text, folder))))
        raise StudioError(known.what, why, known.what_to_do) from error
    check(config, home, trust_remote_code)
    return config


def _of_named_source(text: str, folder: Path) -> list[Explanation]:
    """Of the source that settings name which cannot be used otherwise."""
    try:
        values = parsed(text)
    except yaml.YAMLError:
        return []  # reading it has said what is wrong
    data = values.get("data") if isinstance(values, dict) else None
    source = data.get("source") if isinstance(data, dict) else None
    return _refused(lambda: parse_source(path_beside(folder, source))) if isinstance(source, str) else []


def check(config: RunConfig, home: Home, trust_remote_code: bool = False) -> None:
    """Raise one StudioError that names everything that `find_problems` finds."""
    problems = find_problems(config, home, trust_remote_code)
    if len(problems) == 1:
        raise StudioError(problems[0].what, problems[0].why, problems[0].what_to_do)
    if problems:
        raise StudioError(
            _("The run cannot start yet."), sentences(*map(str, problems)), _("Fix these, then start again.")
        )


def find_problems(config: RunConfig, home: Home, trust_remote_code: bool = False) -> list[Explanation]:
    """Of the model and of the data's source. The rows themselves are checked when they are assembled."""
    return [
        *_of_model(config, home, trust_remote_code),
        *_of_strategy(config),
        *_of_optimizer(config),
        *_refused(lambda: check_processes(config.training, probe())),
        *_of_source(config),
        *_of_columns(config),
    ]


def _of_model(config: RunConfig, home: Home, trust_remote_code: bool) -> list[Explanation]:
    """The model's folder is read here, once; what was found is passed on."""
    model_id = config.model.id
    try:
        info = find(model_id, config.model.revision, home, trust_remote_code)
    except StudioError as error:
        return [error.explanation]
    if info is None:
        return _of_missing_model(model_id, home)
    problems = [
        Explanation(_("The model '{model}' cannot be used.", model=model_id), problem, _("Choose another model."))
        for problem in info.problems
    ]
    if lack := info.lacks(config.chosen_task.model):
        what = _("The model '{model}' does not fit the task.", model=model_id)
        problems.append(Explanation(what, lack, _("Choose another model, or another task.")))
    return problems or [*_of_unused(config, info), *_of_misfit(config, info, home, trust_remote_code)]


def _of_unused(config: RunConfig, info: ModelInfo) -> list[Explanation]:
    """Settings that this task and model do not have: better refused than ignored."""
    task = config.chosen_task
    unused = unused_settings(task.traits, info.config, info.tensors)
    fields = type(config.training).model_fields
    given = [name for name in sorted(unused) if getattr(config.training, name) != fields[name].default]
    return [
        Explanation(
            _("The setting '{setting}' has no effect here.", setting=name),
            _(
                "This task and the model '{model}' have no '{setting}'.",
                setting=fields[name].title,
                model=config.model.id,
            ),
            _("Leave it out, or choose another model."),
        )
        for name in given
    ]


def _of_misfit(config: RunConfig, info: ModelInfo, home: Home, trust_remote_code: bool) -> list[Explanation]:
    """A model that cannot be taught the task, or not in this way; how many classes there will be does not matter."""

    def attempt() -> None:
        task, options = config.chosen_task, config.task_options
        architecture = read_architecture(info, task, options, home, trust_remote_code=trust_remote_code)
        config.chosen_strategy.check(architecture.structure, config.strategy_options, config.chosen_task.model)

    return _refused(attempt)


def _of_missing_model(model_id: str, home: Home) -> list[Explanation]:
    reason = why_only_local(model_id)
    if reason is not None:
        return [reason.explanation]
    known = last_reach(home)
    if known is None or known.reachable:
        return []  # the worker downloads it
    return [
        Explanation(
            _("The model '{model}' is not on this machine.", model=model_id),
            known.reason,
            _("Connect to the internet and try again, or choose a model that is on this machine."),
        )
    ]


def _of_strategy(config: RunConfig) -> list[Explanation]:
    return _refused(config.chosen_strategy.check_here)


def _of_optimizer(config: RunConfig) -> list[Explanation]:
    choice = OPTIMIZERS[config.training.optimizer]
    reason = choice.why_not()
    return (
        [
            Explanation(
                _("{optimizer} cannot be used here.", optimizer=choice.title), reason, _("Choose another optimizer.")
            )
        ]
        if reason
        else []
    )


def _of_source(config: RunConfig) -> list[Explanation]:
    return _refused(lambda: parse_source(config.data.source, config.data.files))


def _refused(attempt: Callable[[], object]) -> list[Explanation]:
    """What `attempt` raises."""
    try:
        attempt()
    except StudioError as error:
        return [error.explanation]
    return []


def _of_columns(config: RunConfig) -> list[Explanation]:
    known = [column.name for column in config.chosen_task.columns]
    unknown = [role for role in config.data.columns if role not in known]
    if not unknown:
        return []
    return [
        Explanation(
            _("The task has no column '{column}'.", column=unknown[0]),
            _("Its columns are {columns}.", columns=listing(known)),
            _("Correct `data.columns` in the run file."),
        )
    ]
