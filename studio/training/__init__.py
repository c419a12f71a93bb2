"""How a model is trained: every setting, one file a topic, in one flat model.

A new setting is one field in its topic's file; a new topic is one file and one entry in TOPICS.
"""

from dataclasses import dataclass

from studio.language import _
from studio.options import Options
from studio.training.averaging import AveragingOptions
from studio.training.batches import BatchOptions
from studio.training.checks import CheckOptions
from studio.training.computing import ComputingOptions
from studio.training.losses import LossOptions
from studio.training.optimizers import OptimizerOptions
from studio.training.regularisation import RegularisationOptions
from studio.training.schedules import ScheduleOptions


@dataclass(frozen=True)
class Topic:
    """A panel of the form."""

    title: str
    options: type[Options]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.options.model_fields)


TOPICS = (
    Topic(_("Passes and batches"), BatchOptions),
    Topic(_("Steps (optimizer)"), OptimizerOptions),
    Topic(_("Step size over time (schedule)"), ScheduleOptions),
    Topic(_("Against memorising (regularisation)"), RegularisationOptions),
    Topic(_("What counts as wrong (loss)"), LossOptions),
    Topic(_("Averages of the weights"), AveragingOptions),
    Topic(_("Checks and early stopping"), CheckOptions),
    Topic(_("Computing"), ComputingOptions),
)


class TrainingOptions(
    ComputingOptions,
    CheckOptions,
    AveragingOptions,
    LossOptions,
    RegularisationOptions,
    ScheduleOptions,
    OptimizerOptions,
    BatchOptions,
):
    """All topics' settings: what `training` in run.yaml holds. (Bases are listed last first: so fields keep order.)"""
