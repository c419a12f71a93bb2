"""A run file in which no setting has its default value, so that a setting that gets lost somewhere shows.

The settings are found by walking the models, so one that is added later is in it too.
"""

import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from studio.config import ModelOptions
from studio.data.cleaning import CleaningOptions
from studio.data.options import DataOptions
from studio.data.splitting import SplitOptions
from studio.errors import StudioError
from studio.options import Options
from studio.strategies.base import Strategy
from studio.tasks.base import Task
from studio.training import TrainingOptions
from studio.training.losses import LOSSES
from studio.training.optimizers import OPTIMIZERS
from studio.training.schedules import SCHEDULES

TOGETHER: dict[type[Options], dict[str, Any]] = {
    DataOptions: {"left_out": ["something else"]},
    SplitOptions: {"train": 0.6, "validation": 0.25, "test": 0.15},
    CleaningOptions: {
        "corrections": [{"row": 7, "content": "0123456789abcdef", "label": "something else", "column": "text"}]
    },
}
TEXTS = ("something else", *OPTIMIZERS.names, *SCHEDULES.names, *LOSSES.names)


def other_run(task: Task, strategy: Strategy) -> dict[str, Any]:
    """The content of such a run file, complete."""
    return {
        "task": task.name,
        "model": other_values(ModelOptions),
        "data": other_values(DataOptions),
        "strategy": {"name": strategy.name, **other_values(strategy.Options)},
        "training": other_values(TrainingOptions),
        "options": other_values(task.Options),
    }


def other_values(model: type[Options]) -> dict[str, Any]:
    """A value for each field of `model` that is valid and not its default."""
    return {
        name: TOGETHER.get(model, {}).get(name) or _other(model, name, field)
        for name, field in model.model_fields.items()
    }


def _other(model: type[Options], name: str, field: FieldInfo) -> Any:
    if isinstance(field.annotation, type) and issubclass(field.annotation, Options):
        return other_values(field.annotation)
    for value in _candidates(field):
        if value != field.default and _is_valid(model, name, value):
            return value
    raise AssertionError(f"no other value of {model.__name__}.{name} is known; name one in TOGETHER")


def _is_valid(model: type[Options], name: str, value: Any) -> bool:
    try:
        model.check_partial({name: value})
    except StudioError:
        return False
    return True


def _candidates(field: FieldInfo) -> Iterator[Any]:
    annotation = field.annotation
    kinds = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    for kind in kinds:
        if get_origin(kind) is Literal:
            yield from get_args(kind)
        elif kind is bool:
            yield from (True, False)
        elif kind is int:
            yield from (field.default + step for step in (1, -1, 2) if isinstance(field.default, int))
            yield 11
        elif kind is float:
            yield from (0.45, 0.55, 1.5)
        elif kind is str:
            yield from TEXTS
        elif kind == dict[str, str]:
            yield {"something": "else"}
