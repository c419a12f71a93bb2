"""From choices to a run, and what a run looks like in a list."""

from collections import Counter
from collections.abc import Mapping
from itertools import chain, count
from typing import Any

from components.words import spoken
from studio.app.drafts import Draft, Label
from studio.app.foreign import check_named, is_foreign_model
from studio.app.model_cards import title_of
from studio.app.nested import leaves
from studio.app.outlook import needed, subject
from studio.app.pages import Services
from studio.config import RunConfig
from studio.errors import StudioError
from studio.language import _
from studio.pace import expected
from studio.preflight import check
from studio.presets import PRESETS
from studio.run_index import Query
from studio.run_summary import source_name
from studio.store import Run
from studio.strategies import STRATEGIES

TONES = {
    "completed": "good",
    "stopped": "warning",
    "failed": "bad",
    "interrupted": "bad",
    "running": "accent",
    "starting": "accent",
    "queued": "info",
    "paused": "warning",
}

MOST_OFFERED = 200  # runs in a list to choose from: the browser gets them all


def start_run(services: Services, draft: Draft) -> Draft:
    """Write the run file of these choices and queue the run. StudioError names everything that stands in the way."""
    with services.workspaces.current.starting:  # several pages of one person count together
        return _start_run(services, draft)


def _start_run(services: Services, draft: Draft) -> Draft:
    config = draft.run_config()
    if services.quota:
        services.quota.check_room(services.home)
        services.quota.check_turn(services.home, services.supervisor)
    check_named(config, services.home)
    check(config, services.home, services.settings.trust_remote_code)
    label, planned = draft.label, expected_time(services, draft, config)
    run = services.store.create(
        config.to_text(),
        label.name or own_name(services, spoken(run_name(draft))),
        data=draft.title,
        dataset=draft.dataset,
        preset=draft.preset,
        expected=planned,
        tags=list(label.tags) or None,
        notes=label.notes or None,
    )
    try:
        services.supervisor.enqueue(run)
    except OSError:  # such as a full disk: whoever presses again gets one run and not two
        services.store.take_back(run)
        raise
    return draft.change(run=run.id, label=Label(tags=label.tags))  # the next one has a name of its own


def with_settings(services: Services, draft: Draft, run: Run) -> Draft:
    """The draft with all choices of a run, so that every step shows them; of another's run without what is theirs: its
    data, and a model that only they may name."""
    config = config_of(run)
    if config is None:
        raise StudioError(
            _("The settings cannot be used."),
            _("Another version wrote them, or the file is damaged."),
            _("Start a new run instead."),
        )
    meta = run.meta
    if not services.may_change(run):
        theirs = {"data", *(["model"] if is_foreign_model(config.model.id) else [])}
        values = config.model_dump(mode="json", exclude=theirs)
        return draft.change(config=values, title="", dataset=None, preset=meta.get("preset"), mark=None)
    return draft.change(
        config=config.model_dump(mode="json"),
        title=meta.get("data") or source_name(config),
        dataset=run.dataset,
        preset=meta.get("preset"),
        mark=None,
    )


def expected_time(services: Services, draft: Draft, config: RunConfig) -> dict[str, float | str] | None:
    """How long the run should take, to learn from it once it has ended; None where that is not known at once."""
    try:
        if services.architectures.current(draft) is None:
            return None
        return expected(needed(services, subject(services, draft), config, services.machine), services.machine)
    except StudioError:
        return None  # what keeps a run from starting has been found before


def run_name(draft: Draft) -> str:
    """What the run is called until somebody renames it."""
    how = method_words(str(draft.strategy.get("name", "")), draft.preset or "")
    return _("{data} · {model} · {method}", data=draft.title or _("Data"), model=title_of(str(draft.model)), method=how)


def own_name(services: Services, name: str) -> str:
    """The name, or the first of "NAME (2)", "NAME (3)" and so on that none of these runs has."""
    like_it = services.index.page(0, MOST_OFFERED, Query(search=name)).runs
    taken = {run.name for run, _summary in like_it}
    numbered = (f"{name} ({number})" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in taken)


def method_words(strategy: str, preset: str) -> str:
    """How a run trains: the strategy's title, with the preset that chose its settings. A name that this version does
    not know stays as it is."""
    title = STRATEGIES[strategy].title if strategy in STRATEGIES else strategy
    return _("{method} ({preset})", method=title, preset=PRESETS[preset].title) if preset in PRESETS else title


def choices_with_model(services: Services, shown: Run | None) -> list[tuple[str, str]]:
    """The newest runs that have a model, and the one that is `shown`, as (what is read, id)."""
    names = {summary.id: summary.choices.name for summary in services.index.with_model(MOST_OFFERED)}
    if shown is not None:
        names.setdefault(shown.id, shown.name)
    return [(f"{name} · {run_id[:13]}", run_id) for run_id, name in names.items()]


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Names by run id, with the id behind those that several of these runs have."""
    counts = Counter(names.values())
    return {run_id: name if counts[name] == 1 else f"{name} · {run_id}" for run_id, name in names.items()}


def config_of(run: Run) -> RunConfig | None:
    """The run's file, or None where this version cannot read it any more."""
    try:
        return RunConfig.from_file(run.config_file)
    except StudioError:
        return None


def flat_settings(config: RunConfig) -> dict[str, Any]:
    """{"training.epochs": 3, ...}: every setting of a run that is read and has a value, by its dotted name."""
    settings = leaves(config.settings())
    return {path: value for path, value in settings.items() if value not in (None, {})}
