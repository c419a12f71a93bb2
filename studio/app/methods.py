"""Every method in families, what each takes here, and what was measured of it: a section of the Strategy page."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypedDict

from components.charts.tradeoff import Point, tradeoff_html
from components.choice_table import ChoiceCell, ChoiceColumn, ChoiceGroup, ChoiceRow, ChoiceTableValue
from studio.app.drafts import Draft
from studio.app.glossary import methods_explained
from studio.app.outlook import Subject, expected_span, needed, share_of
from studio.app.pages import Services, hint
from studio.app.times import describe_span
from studio.config import RunConfig
from studio.hardware import GIGABYTE
from studio.language import _, day, in_percent, sentences
from studio.strategies import STRATEGIES
from studio.strategies.base import Strategy
from studio.strategies.families import FAMILIES, Family
from studio.strategies.measured import Measurement, measurement
from studio.tasks import TASKS

OUTSIDE = "scratch"  # so far below the others that it is told and not drawn


def methods(services: Services, draft: Draft, about: Subject) -> ChoiceTableValue:
    """The value of the table: under the present settings, with another strategy each."""
    config = (draft if draft.strategy else draft.configure({"strategy.name": STRATEGIES.names[0]})).run_config()
    known = measurement(config.task)
    columns = [
        ChoiceColumn(key="share", title=_("Trains")),
        ChoiceColumn(key="time", title=_("Time here")),
        ChoiceColumn(key="memory", title=_("Memory")),
    ]
    if known:
        columns.append(ChoiceColumn(key="score", title=_("Measured accuracy")))
    words = described()
    groups = [
        ChoiceGroup(
            title=family.title,
            text=words[family]["text"],
            notes=words[family]["notes"],
            rows=[_row(services, about, config, strategy, known, words[strategy]) for strategy in members(family)],
        )
        for family in FAMILIES
    ]
    label, title = _("Methods (strategies)"), _("Method")
    return ChoiceTableValue(
        label=label, title=title, columns=columns, groups=groups, selected=draft.strategy.get("name")
    )


def members(family: Family) -> Iterator[Strategy]:
    return (strategy for strategy in STRATEGIES if strategy.family is family)


class Words(TypedDict):
    words: str
    text: str
    notes: Sequence[str]


def described() -> dict[Family | Strategy, Words]:
    """What is said of each family and strategy, as HTML text: terms explain themselves where they are first seen."""
    seen: list[Family | Strategy] = [*FAMILIES, *(next(members(family)) for family in FAMILIES)]
    order = [*seen, *(strategy for strategy in STRATEGIES if strategy not in seen)]  # these are folded away
    sentences = [[getattr(each, "plain", ""), each.sentence, *notes(each)] for each in order]
    explained = iter(methods_explained([sentence for said in sentences for sentence in said]))
    drawn = [list(islice(explained, len(said))) for said in sentences]
    return {
        each: Words(words=words, text=text, notes=notes)
        for each, (words, text, *notes) in zip(order, drawn, strict=True)
    }


def notes(about: Family | Strategy) -> list[str]:
    """When to choose it, and when not."""
    use = [_("Use it for: {use}", use=about.use)] if about.use else []
    return [*use, *([_("Not for: {avoid}", avoid=about.avoid)] if about.avoid else [])]


def _row(
    services: Services, about: Subject, config: RunConfig, strategy: Strategy, known: Measurement | None, words: Words
) -> ChoiceRow:
    row = ChoiceRow(key=strategy.name, title=strategy.title, **words)
    score = known.methods.get(strategy.name) if known else None
    measured = {"score": ChoiceCell(text=in_percent(score.score, digits=1), sort=score.score)} if score else {}
    reason = strategy.why_not_task(TASKS[config.task].model) or strategy.why_not(about.structure)
    if reason := reason or strategy.why_not_here():
        return ChoiceRow(**row, disabled=reason, cells=measured)
    chosen = config.strategy["name"] == strategy.name
    options = config.strategy_options if chosen else strategy.Options()
    tried = config if chosen else config.model_copy(update={"strategy": {"name": strategy.name, **dict(options)}})
    share = share_of(strategy.preview(about.structure, options), about.structure)
    estimate = needed(services, about, tried, services.machine)
    time = expected_span(about, tried, estimate)
    cells = {
        "share": ChoiceCell(text=in_percent(share, digits=1), sort=share),
        "time": ChoiceCell(text=describe_span(time), sort=time.seconds),
        "memory": ChoiceCell(
            text=_("{gigabytes:.1f} GB", gigabytes=estimate.memory_bytes / GIGABYTE), sort=estimate.memory_bytes
        ),
        **measured,
    }
    return ChoiceRow(**row, cells=cells)


def picture(draft: Draft) -> str:
    """Accuracy against the share that trains, where it was measured for the task; a sentence where it was not."""
    known = measurement(str(draft.task))
    if known is None:
        return hint(_("How accurate each method gets was not measured for this task, so there is no chart of it."))
    leaders = {next(members(family)).name for family in FAMILIES}
    points = [
        Point(
            title=strategy.title,
            x=score.share,
            y=score.score,
            error=score.error,
            x_words=in_percent(score.share, digits=1),
            y_words=in_percent(score.score, digits=1),
            is_named=strategy.name in leaders,
            is_chosen=strategy.name == draft.strategy.get("name"),
        )
        for strategy in STRATEGIES
        if strategy.name != OUTSIDE and (score := known.methods.get(strategy.name))
    ]
    measured_on = _(
        "Measured with {model} on {data}: {examples:,} training examples, mean of {seeds} runs, {date}.",
        model=known.model,
        data=known.data,
        examples=known.examples,
        seeds=known.seeds,
        date=day(known.date),
    )
    outside = known.methods.get(OUTSIDE)
    below = (
        _("{method} reached {share}.", method=STRATEGIES[OUTSIDE].title, share=in_percent(outside.score))
        if outside
        else ""
    )
    title = _("Accuracy and how much of the model trains, method by method")
    note = sentences(measured_on, below, _("On your data it may be different."))
    return tradeoff_html(points, title, _("share of the model that trains"), _("accuracy on the test split"), note)
