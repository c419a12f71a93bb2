"""How long the training of a demo takes on this machine: as long as it took the last time, or as the forecast says."""

from collections.abc import Sequence

from studio.app.demo_list import Demo
from studio.app.nested import merged
from studio.app.pages import Services
from studio.app.times import describe_seconds, describe_span, past_runs
from studio.config import RunConfig
from studio.data.columns import SPLITS
from studio.errors import StudioError
from studio.forecast import forecast, length_of
from studio.language import _, languages, said
from studio.models import local
from studio.models.estimates import Estimate
from studio.models.local import ModelInfo
from studio.models.structure import Structure, find_structure
from studio.models.weights import parameters_among
from studio.pace import span
from studio.presets import PRESETS
from studio.run_summary import RunSummary
from studio.tasks import TASKS

WRITER = "decoder."  # within the names of its parameters
HEAD = {"classifier.weight": (2, 1)}  # stands for what the task adds to the model, a handful of numbers


def time_words(services: Services, demo: Demo, runs: Sequence[RunSummary]) -> str:
    """A few words for the demo's card; "" where nothing can be said, as without its model. runs: the newest ones."""
    try:
        info = local.describe(demo.model, home=services.home)
    except StudioError:
        return ""
    writes = "generates" in TASKS[demo.sample.task].traits  # else a model that could is taken without its writing part
    tensors = {name: shape for name, shape in parameters_among(info.tensors).items() if writes or WRITER not in name}
    structure = find_structure({**tensors, **HEAD}, HEAD)
    config = planned(demo, structure)
    taken = seconds_taken(demo, config, runs)
    if taken is not None:
        return _("Last time: {time}", time=describe_seconds(taken))
    plan = expected(services, demo, config, structure, info)
    here = span(plan, config.model.id, config.chosen_strategy.name, past_runs(services, runs))
    return _("Trains in {time}", time=describe_span(here))


def planned(demo: Demo, structure: Structure) -> RunConfig:
    """The run file that the demo fills in."""
    return RunConfig.read(merged(PRESETS[demo.preset].settings(structure, demo.sample.rows), demo.config), demo.name)


def seconds_taken(demo: Demo, config: RunConfig, runs: Sequence[RunSummary]) -> float | None:
    """By the newest run of the sample that came to its own end, with the demo's model and strategy."""
    titles = {said(demo.sample.title, language) for language in languages()}
    for run in runs:
        chosen, end = run.choices, run.state.finished
        is_it = chosen.data in titles and (chosen.model, chosen.strategy) == (config.model.id, config.strategy["name"])
        if is_it and end is not None and end.reason != "stopped":
            return run.state.seconds
    return None


def expected(services: Services, demo: Demo, config: RunConfig, structure: Structure, info: ModelInfo) -> Estimate:
    """By the forecast, from the headers of the model's files and what is known of the sample: no row is read for it."""
    options, sample, split = config.task_options, demo.sample, config.data.split
    rows = {name: round(sample.rows * getattr(split, name)) for name in SPLITS}
    length = length_of(TASKS[sample.task], options, sample.letters, info)
    return forecast(config, structure, info.config, rows, length, services.machine, services.home)
