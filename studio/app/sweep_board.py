"""How a search for the best settings stands: the best trial so far, how it came about, and all of them in a table."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.charts.bars import bars_html
from components.charts.best_so_far import best_so_far_html
from components.charts.parallel import Axis, Trace, parallel_html
from components.charts.slices import Slice, slices_html
from components.notices import heading, notice
from components.sweep_board import board_button, trials_table
from components.words import escape
from studio.app.live import Pace, duration
from studio.app.pages import told
from studio.app.sweep_settings import Varying, can_vary
from studio.app.times import describe_seconds
from studio.errors import StudioError
from studio.language import _, in_percent, listing, number, plural, sentences
from studio.metrics.base import Metric
from studio.run_index import RunIndex
from studio.store import Store
from studio.sweeps.candidates import CANDIDATE, WAYS, title_of
from studio.sweeps.choosing import Chosen, chosen
from studio.sweeps.folder import Sweep, SweepStatus
from studio.sweeps.space import Choices, Dimension, Space
from studio.sweeps.standing import best_so_far, metric_of, ranked
from studio.sweeps.trials import TrialLog, TrialRecord

REMEMBERED = 50  # sweeps whose trials are kept in memory
MOST_ROWS = 200
SHOWN = 8  # trials in the table before the rest is folded away
ENDS = {"completed": _("Finished"), "pruned": _("Ended early"), "failed": _("Failed"), None: _("Training")}


@dataclass
class Known:
    """What is kept of a sweep between two looks. settings: those of its dimensions that a title is known of."""

    sweep: Sweep
    log: TrialLog
    metric: Metric
    space: Space
    planned: int
    settings: Mapping[str, Varying]
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, sweep: Sweep) -> "Known":
        space, options = sweep.read()
        metric = metric_of(sweep)
        return cls(
            sweep, TrialLog(sweep.trials_file), metric, space, options.trials, can_vary(space.config(space.first()))
        )

    def title(self, path: str) -> str:
        if path == CANDIDATE:
            return _("Way of training")
        return self.settings[path].title if path in self.settings else path

    def written(self, path: str, value: Any) -> str:
        if path == CANDIDATE:
            return title_of(str(value))
        known = self.settings.get(path)
        if known is not None and (title := known.written(value)) is not None:
            return title
        if isinstance(value, Mapping):
            return str(value.get("name") or dict(value))
        return number(value, ".3g") if isinstance(value, float) else str(value)

    def settings_of(self, trial: TrialRecord) -> str:
        return listing(
            _("{setting}: {value}", setting=self.title(path), value=self.written(path, value))
            for path, value in trial.parameters.items()
        )


class Boards:
    """Draws boards; of each sweep only what was added since the last look is read. Thread-safe."""

    def __init__(self) -> None:
        self._pace, self._lock = Pace(), threading.Lock()
        self._known: OrderedDict[str, Known] = OrderedDict()

    def poll(self, sweep: Sweep | None, store: Store, index: RunIndex, seen: str) -> dict[str, Any]:
        """As `components.sweep_board` asks for it."""
        if sweep is None:
            return {"seen": "none", "status": "", "html": "", "done": True}
        status = sweep.status  # looked at first: what the driver wrote last is read below
        try:
            known = self._of(sweep)
            with known.lock:
                trials = [trial for trial in known.log.read() if known.space.holds(trial.parameters)]
        except StudioError as error:
            return {"seen": "unread", "status": status, "html": told(error), "done": True}
        live = {trial.number: best_now(trial, store, index, known.metric) for trial in trials if trial.end is None}
        importance = sweep.importance()
        now = str((status, len(trials), [trial.number for trial in trials if trial.end is None], live, importance))
        message = {"seen": now, "status": status, "wait": self._pace.wait() + 1, "done": status != "running"}
        return message if now == seen else {**message, "html": board_html(known, status, trials, live, importance)}

    def _of(self, sweep: Sweep) -> Known:
        with self._lock:
            key = str(sweep.folder)
            if key not in self._known:
                self._known[key] = Known.of(sweep)
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return self._known[key]


def best_now(trial: TrialRecord, store: Store, index: RunIndex, metric: Metric) -> float | None:
    """The best check so far of a trial that trains."""
    run = store.find(trial.run) if trial.run else None
    summary = index.summary(run) if run else None
    best = summary.state.best if summary else None
    return best.metrics.get(metric.name) if best else None


def board_html(
    known: Known,
    status: SweepStatus,
    trials: Sequence[TrialRecord],
    live: Mapping[int, float | None],
    importance: Mapping[str, float],
) -> str:
    order = ranked(trials, known.metric)
    valued = [trial for trial in trials if trial.value is not None]
    kept = chosen(trials, known.metric, known.space.auto)
    parts = [now_html(known, status, trials), *([leader_html(known, kept)] if kept else [])]
    if len(valued) > 1 and known.space.auto is None:
        values = [trial.value or 0.0 for trial in valued]
        title = _("Best so far: {metric}", metric=known.metric.title)
        curve = best_so_far_html(values, best_so_far(trials, known.metric), title, known.metric.text)
        parts.append(
            f'<div class="ui-sweep-pair"><div>{curve}</div><div>{importance_html(known, importance)}</div></div>'
        )
        parts += [_section(_("Each setting and the result"), slices(known, valued, order[0]))]
        together = parallel(known, valued, order[0])
        parts += [_folded("parallel", _("All settings together"), together)] if together else []
    if order:
        parts.append(table_html(known, order, live))
    return "".join(parts)


def now_html(known: Known, status: SweepStatus, trials: Sequence[TrialRecord]) -> str:
    ended = sum(trial.end is not None for trial in trials)
    sentence = _("Trials that have ended: {done:,} of {n:,}.", done=ended, n=known.planned)
    if status == "interrupted":
        stopped = notice("warning", _("The search was interrupted."), sentence, _("Press Go on: nothing is lost."))
        return f'<div data-spoken="">{stopped}</div>'
    said = known.sweep.why_ended if status == "ended" else _("The search goes on if you close this page.")
    return f'<p class="ui-sweep-now" data-spoken=""><b>{escape(sentence)}</b> <span>{escape(said)}</span></p>'


def leader_html(known: Known, kept: Chosen) -> str:
    best = kept.trial
    score = _("{metric}: {score}", metric=known.metric.title, score=known.metric.text(best.value or 0.0))
    buttons = board_button(best.run, _("Open the best")) + board_button(best.run, _("Compare"), event="compare")
    why = f"<span>{escape(kept.why)}</span>" if kept.why else ""
    return (
        f'<div class="ui-sweep-leader"><div><b>{escape(score)}</b><span>{escape(known.settings_of(best))}</span>'
        f"{why}</div>"
        f"<div>{buttons}</div></div>"
    )


def importance_html(known: Known, importance: Mapping[str, float]) -> str:
    """How much each setting matters, and in one sentence what that means."""
    title = heading(_("What matters"), level=4)
    if not importance:
        waiting = _("After a few trials it is shown here which setting makes the difference.")
        return f"{title}<p class='hint'>{escape(waiting)}</p>"
    most = max(importance, key=lambda path: importance[path])
    sentence = _(
        "{setting} explains {share} of the differences between the trials.",
        setting=known.title(most),
        share=in_percent(importance[most]),
    )
    rows = [{"label": known.title(path), "value": share} for path, share in importance.items()]
    return f"{title}<p class='hint'>{escape(sentence)}</p>{bars_html(rows, _('Share'))}"


def place_on(dimension: Dimension) -> Callable[[Any], float]:
    """Where a value lies between the ends of its axis, from 0 to 1."""
    if isinstance(dimension, Choices):
        values = list(dimension.values)
        return lambda value: (values.index(value) + 0.5) / len(values) if value in values else 0.5
    scale: Callable[[float], float] = math.log if dimension.log else float
    low, high = scale(dimension.low), scale(dimension.high)
    return lambda value: (scale(value) - low) / (high - low) if high > low else 0.5


def worth_of(known: Known, valued: Sequence[TrialRecord]) -> Callable[[float], float]:
    """0 for the worst value, 1 for the best."""
    values = [trial.value or 0.0 for trial in valued]
    worst, best = (min(values), max(values)) if known.metric.higher_is_better else (max(values), min(values))
    return lambda value: (value - worst) / (best - worst) if best != worst else 1.0


def ends_of(known: Known, path: str) -> tuple[str, str]:
    dimension = known.space.dimensions[path]
    ends = dimension.values if isinstance(dimension, Choices) else (dimension.low, dimension.high)
    return known.written(path, ends[0]), known.written(path, ends[-1])


def words_of(known: Known, trial: TrialRecord) -> str:
    score = known.metric.text(trial.value or 0.0)
    return _("Trial {n}: {score} ({settings})", n=trial.number + 1, score=score, settings=known.settings_of(trial))


def slices(known: Known, valued: Sequence[TrialRecord], best: TrialRecord) -> str:
    worth, drawn = worth_of(known, valued), list[Slice]()
    for path, dimension in known.space.dimensions.items():
        place, (begin, end) = place_on(dimension), ends_of(known, path)
        points = [
            {
                "x": place(trial.parameters[path]),
                "y": worth(trial.value or 0.0),
                "words": words_of(known, trial),
                "is_best": trial is best,
                "is_whole": trial.end == "completed",
            }
            for trial in valued
            if path in trial.parameters
        ]
        drawn.append({"title": known.title(path), "begin": begin, "end": end, "points": points})  # type: ignore[typeddict-item]
    return slices_html(drawn, known.metric.title)


def parallel(known: Known, valued: Sequence[TrialRecord], best: TrialRecord) -> str:
    worth, places = worth_of(known, valued), {path: place_on(each) for path, each in known.space.dimensions.items()}
    if len(places) < 2:
        return ""
    values = sorted((trial.value or 0.0 for trial in valued), key=worth)
    axes: list[Axis] = [
        {"title": known.title(path), "low": ends_of(known, path)[0], "high": ends_of(known, path)[1]} for path in places
    ]
    text = known.metric.text
    axes.append({"title": known.metric.title, "low": text(values[0]), "high": text(values[-1])})
    traces: list[Trace] = [
        {
            "places": [*(place(trial.parameters[path]) for path, place in places.items()), worth(trial.value or 0.0)],
            "worth": worth(trial.value or 0.0) if trial is not best else 1.0,
            "words": words_of(known, trial),
        }
        for trial in valued
        if trial.parameters.keys() >= places.keys()
    ]
    return parallel_html(axes, traces)


def table_html(known: Known, order: Sequence[TrialRecord], live: Mapping[int, float | None]) -> str:
    paths = list(known.space.dimensions)
    columns = [_("Rank"), known.metric.title, *map(known.title, paths), *why_title(known), _("Status"), _("Time")]

    def row(at: int, trial: TrialRecord) -> list[str]:
        value = trial.value if trial.end is not None else live.get(trial.number)
        said = ENDS[trial.end]
        return [
            number(at) if trial.value is not None else "-",
            known.metric.text(value) if value is not None else "",
            *(known.written(path, trial.parameters[path]) if path in trial.parameters else "" for path in paths),
            *why_tried(known, trial),
            _("{status}: {reason}", status=said, reason=trial.reason) if trial.reason else said,
            duration(trial.seconds) if trial.seconds else "",
        ]

    def table(trials: Sequence[TrialRecord], first: int, caption: str) -> str:
        buttons = [
            board_button(trial.run, _("Open"), _("Open trial {n}", n=trial.number + 1)) if trial.run else ""
            for trial in trials
        ]
        return trials_table(columns, [row(at, trial) for at, trial in enumerate(trials, first)], buttons, caption)

    shown, rest = order[:SHOWN], order[SHOWN:MOST_ROWS]
    folded = plural("Show {n:,} more", "Show {n:,} more", len(rest))
    more = _folded("trials", folded, table(rest, SHOWN + 1, _("Further trials"))) if rest else ""
    return table(shown, 1, _("Trials")) + more


def why_title(known: Known) -> list[str]:
    return [] if known.space.auto is None else [_("Why it is tried")]


def why_tried(known: Known, trial: TrialRecord) -> list[str]:
    """In a sentence, and how long it was expected to take when it began."""
    if known.space.auto is None:
        return []
    way = str(trial.parameters.get(CANDIDATE, ""))
    sentence = WAYS[way].sentence if way in WAYS else ""
    expected = _("It was expected to take {time}.", time=describe_seconds(trial.forecast)) if trial.forecast else ""
    return [sentences(*filter(None, (sentence, expected)))]


def _section(title: str, body: str) -> str:
    return f"<div>{heading(title, level=4)}{body}</div>" if body else ""


def _folded(part: str, title: str, body: str) -> str:
    return f'<details class="ui-sweep-more" data-part="{part}"><summary>{escape(title)}</summary>{body}</details>'
