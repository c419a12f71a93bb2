"""4 Train: start, watch, pause, resume, stop. The run goes on without this page."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr

from components.charts.curve import curve_html
from components.charts.live_chart import LiveChart
from components.layers import Layer, LayerStrip
from components.notices import heading
from components.run_queue import RunQueue, Waiting
from studio.app.auto_search import auto
from studio.app.drafts import Draft
from studio.app.labels import entered, naming
from studio.app.live import Pace, poll
from studio.app.outlook import layer_titles, rate_note
from studio.app.pages import Page, Section, Services, Wire, joined
from studio.app.runs import config_of, start_run
from studio.app.states import States
from studio.app.sweep_search import search
from studio.config import RunConfig
from studio.errors import StudioError
from studio.events import RESUMABLE, RateTest, RunState, Status
from studio.language import _, number, plural
from studio.runner import worked_seconds
from studio.store import Run

NOTHING_YET = _("Press Start, and watch here how the model makes fewer mistakes (its loss falls).")
BUSY: frozenset[Status] = frozenset({"queued", "starting", "running"})
GOES_ON = _("You can close this page: training goes on, and the curve is complete when you come back.")
SENTENCES: dict[Status, str] = {
    "queued": GOES_ON,  # what it waits for is said by the chart, which is told of it earlier
    "starting": GOES_ON,
    "running": GOES_ON,
    "paused": _("Nothing is lost: Resume goes on from the step at which it paused."),
    "completed": _("Training is done. Try the result, or start a new run with other settings."),
    "stopped": _("It was stopped. The best step so far is kept."),
    "failed": _("It failed; the notice below says what to do."),
    "interrupted": _("It was interrupted; the notice below says how to go on."),
}
RESTING = ("queued", "paused", "completed", "stopped", "failed", "interrupted")  # the chart is asked for less often
STEPS_IN_LINE = {"first": -1_000_000, "up": -1, "down": 1}
AGAIN = _("Train again with these settings")
EARLY = _("Training ended early, because it had stopped improving. The best step is kept; try it.")


def build(services: Services) -> Page:
    head = gr.HTML()
    with gr.Row(elem_classes="split-row"):
        with gr.Column(scale=3, min_width=320):
            chart = LiveChart(
                poll=partial(watch, services, Pace()), nothing=NOTHING_YET, slow=RESTING, elem_id="live-chart"
            )
        with gr.Column(scale=1, min_width=240, elem_classes="side-column"):
            named, label = naming(services)
            buttons = controls(services, label)
            finding = auto(services)
            line = queue(services)
            strip = LayerStrip(elem_id="train-layers", follows=True)
            trial = gr.HTML(elem_id="rate-test")
    searching = search(services)

    def show_curve(draft: Draft) -> list[Any]:
        run = run_of(services, draft)
        status = services.states.of(run).status if run else None
        return [title_html(services, draft), {"run": run.id if run else None, "status": status}]

    def show_state(draft: Draft) -> list[Any]:
        run = run_of(services, draft)
        layers = {"layers": list(layers_of_run(run, services.states)) if run else []}
        return [layers, rate_test_html(services.states.of(run).rate_test if run else None)]

    curve = Section(
        [head, chart], show_curve, [Wire(chart.status, lambda draft: draft, draws=lambda widget: widget not in label)]
    )
    state = Section([strip, trial], show_state, [])
    pieces = joined(curve, named, buttons, finding, line, state, searching)
    needs, watched = partial(missing, services), partial(can_be_watched, services)
    return Page("train", _("Train"), *pieces, needs, watched, way_on=("test", _("Try the result")))


def controls(services: Services, label: Sequence[Any]) -> Section:
    """The buttons. Each keeps its place while a run is at work, and only what does something now can be pressed.

    label: the fields that name the next run.
    """
    start = gr.Button(_("Start training"), variant="primary", elem_id="start")
    again = gr.Button(AGAIN, elem_id="start-again")
    with gr.Row():
        pause = gr.Button(_("Pause"), elem_id="pause", min_width=90)
        resume = gr.Button(_("Resume"), elem_id="resume", min_width=90)
    stop = gr.Button(_("Stop and keep the best"), elem_id="stop")
    add = gr.Button(_("Add another to the queue"), elem_id="add")

    def show(draft: Draft) -> list[Any]:
        run = run_of(services, draft)
        status = services.states.of(run).status if run else None
        if has_model(services, run):
            services.forks.start()
            services.predictor.warm_up()  # the next thing that somebody does is to try it
        busy, rests = status in BUSY, status in RESUMABLE
        words = _("Leave the queue") if status == "queued" else _("Stop and keep the best")
        return [
            gr.update(visible=status is None or busy, interactive=status is None),
            gr.update(visible=status is not None and not busy, value=once_more(draft, run)),
            gr.update(visible=busy or rests, interactive=status in ("starting", "running")),
            gr.update(visible=busy or rests, interactive=rests),
            gr.update(visible=busy or rests, value=words),
            gr.update(visible=busy),
        ]

    def begin(draft: Draft, *said: Any) -> Draft:
        return start_run(services, entered(draft, *said))

    wires = [
        Wire(start.click, begin, label),
        Wire(again.click, begin, label),
        Wire(pause.click, partial(act, services, "pause")),
        Wire(resume.click, partial(act, services, "resume")),
        Wire(stop.click, partial(act, services, "stop")),
        Wire(add.click, lambda draft, *said: begin(draft, *said).change(run=draft.run), label),
    ]
    return Section([start, again, pause, resume, stop, add], show, wires)


def queue(services: Services) -> Section:
    """Who waits, the next one first; one's own runs can be moved and taken out."""
    line = RunQueue(elem_id="queue")

    def show(draft: Draft) -> list[Any]:
        return [{"runs": waiting(services)}]

    return Section([line], show, [Wire(line.select, partial(rearrange, services), event=True)])


# --- the run that is shown ------------------------------------------------------------------------


def run_of(services: Services, draft: Draft) -> Run | None:
    return services.store.find(draft.run) if draft.run else None


def has_model(services: Services, run: Run | None) -> bool:
    return run is not None and services.states.of(run).has_model


def missing(services: Services, draft: Draft) -> str:
    run = run_of(services, draft)
    if has_model(services, run):
        return ""
    at_work = run is not None and services.states.of(run).status in BUSY
    return _("It can be tried once the training has ended.") if at_work else _("Train a model first.")


def once_more(draft: Draft, run: Run | None) -> str:
    """What a new run is beside the one that is shown: the same once more, or what has been chosen since."""
    try:
        is_another = run is not None and draft.run_config() != config_of(run)
    except StudioError:
        is_another = False  # not everything is chosen yet; pressed, it says what is missing
    return _("Train with the new settings") if is_another else AGAIN


def can_be_watched(services: Services, draft: Draft) -> bool:
    """Although its data is not known here: before its worker has read it, or deleted since."""
    return run_of(services, draft) is not None


def act(services: Services, action: str, draft: Draft) -> Draft:
    """Ask the supervisor to pause, resume or stop the run."""
    run = run_of(services, draft)
    if run is not None:
        services.check_owner(run)
        with services.workspaces.current.starting:
            if action == "resume" and services.quota:
                services.quota.check_turn(services.home, services.supervisor)
            getattr(services.supervisor, action)(run)
        if services.store.find(run.id) is None:  # it left the queue without ever having started
            return draft.change(run=None)
    return draft


def rearrange(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    """Open a run that waits, move it among one's own, or take it out."""
    run, to = services.store.find(str(event["key"])), str(event["to"])
    if run is None:
        return draft
    if to == "open":
        return draft.change(run=run.id)
    own = [each.id for each in services.supervisor.queue() if services.may_change(each)]
    if run.id not in own:  # it began meanwhile: who takes it out of the queue does not stop it
        return draft
    if to == "out":
        return act(services, "stop", draft.change(run=run.id)).change(run=draft.run if draft.run != run.id else None)
    if to in STEPS_IN_LINE:
        services.supervisor.move(run, own.index(run.id) + STEPS_IN_LINE[to])
    return draft


# --- drawing ------------------------------------------------------------------------------------


def watch(services: Services, pace: Pace, run_id: str, offset: int) -> dict[str, Any]:
    """What is new of the run, whether the queue beside it is another one, and when to ask again."""
    usual = partial(services.states.usual.of, index=services.index)
    message = poll(services.store, services.states, run_id, offset, usual)
    line = services.supervisor.line()
    return {**message, "line": line, "done": message["done"] and not line, "wait": pace.wait()}


def title_html(services: Services, draft: Draft) -> str:
    run = run_of(services, draft)
    if run is None:
        return heading(_("Ready to train"), GOES_ON)
    state = services.states.of(run)
    if state.status == "stopped" and services.quota and worked_seconds(state) >= services.quota.minutes * 60:
        longest = plural(
            "A guest's run may train for {n:,} minute. Its best step is kept.",
            "A guest's run may train for {n:,} minutes. Its best step is kept.",
            services.quota.minutes,
        )
        return heading(run.name, longest)
    return heading(run.name, EARLY if ended_early(state) else SENTENCES[state.status])


def ended_early(state: RunState) -> bool:
    return state.finished is not None and state.finished.reason == "early-stopping"


def waiting(services: Services) -> list[Waiting]:
    runs = services.supervisor.queue()
    if not runs:
        return []
    at_work = services.supervisor.active()
    own = [run for run in at_work if services.may_change(run)]
    first = (
        _("Begins when '{run}' has ended.", run=own[0].name)
        if len(at_work) == len(own) == 1
        else _("Begins when there is room.")
    )
    notes = [first, *(_("Place {place} in line.", place=place) for place in range(2, len(runs) + 1))]
    return [
        {"key": run.id, "title": run.name, "note": note}
        if services.may_change(run)
        else {"title": _("Another person's run"), "note": note}
        for run, note in zip(runs, notes, strict=True)
    ]


def rate_test_html(test: RateTest | None) -> str:
    """How the loss went in the trial steps, and what came of it."""
    if test is None:
        return ""
    ends = (number(test.rates[0], ".1g"), number(test.rates[-1], ".1g"))
    taken = _("Chosen: {rate:.2g}.", rate=test.chosen)
    return curve_html(test.losses, _("Loss at growing learning rates"), *ends, taken)


def layers_of_run(run: Run, states: States) -> list[Layer]:
    """What each layer of the run's model does at the moment, and how fast it learns; empty before that is known."""
    layers, test = states.of(run).layers, states.of(run).rate_test
    if layers is None:
        return []
    try:
        rate = test.chosen if test else RunConfig.from_file(run.config_file).learning_rate
    except StudioError:
        return []  # a strategy or setting that this version does not know; the curve can be looked at all the same
    titles = layer_titles(len(layers.states) - 2)
    return [
        {"title": title, "state": state, "note": rate_note(rate * factor) if factor else ""}
        for title, state, factor in zip(titles, layers.states, layers.rates, strict=True)
    ]
