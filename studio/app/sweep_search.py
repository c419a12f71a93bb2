"""Searching for the best settings: many short runs beside each other. A section of the Train page, folded."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any

import gradio as gr

from components.forms import Form
from components.message import Message
from components.sweep_board import SweepBoard
from components.words import drawn, spoken
from studio.app.drafts import Draft, Search
from studio.app.foreign import check_named
from studio.app.outlook import outlook, subject
from studio.app.pages import Place, Section, Services, Wire, hint
from studio.app.runs import with_settings
from studio.app.sweep_board import Boards
from studio.app.sweep_settings import Varying, can_vary, choose, enter, form_value, sweep_text, varying
from studio.config import RunConfig
from studio.errors import StudioError
from studio.language import _, plural
from studio.preflight import check
from studio.sweeps.driver import start_driver
from studio.sweeps.folder import Sweep, Sweeps, read_sweep
from studio.sweeps.standing import metric_of, ranked

MOST_OFFERED = 100  # searches in the list, and looked through for one's own
COMPARED = 5
TITLE = _("Search for the best settings")
WHAT_IT_DOES = _(
    "Many runs are trained one after another, each with other settings, and the best one is kept on top. The settings "
    "below are a good beginning: press the button, or change what varies."
)


def search(services: Services) -> Section:
    boards = Boards()

    def poll(sweep_id: str, seen: str) -> dict[str, Any]:
        return boards.poll(Sweeps(services.home).find(sweep_id), services.store, services.index, seen)

    with gr.Accordion(TITLE, open=False, elem_id="sweep") as box:
        gr.HTML(drawn(hint, WHAT_IT_DOES))
        with gr.Column() as chosen:
            which = gr.Dropdown(
                label=_("Settings that vary"), multiselect=True, interactive=True, filterable=True, elem_id="sweep-vary"
            )
            form = Form(elem_id="sweep-form")
        with gr.Row(elem_classes="button-row"):
            start = gr.Button(_("Start the search"), elem_id="sweep-start", min_width=160)
            stop = gr.Button(_("Stop the search"), visible=False, elem_id="sweep-stop", min_width=160)
            go_on = gr.Button(_("Go on"), visible=False, elem_id="sweep-go-on", min_width=120)
        said = Message(elem_id="sweep-said")
        older = gr.Dropdown(label=_("Searches"), interactive=True, visible=False, elem_id="sweep-older")
        board = SweepBoard(poll, elem_id="sweep-board")
    outputs = [box, chosen, which, form, start, stop, go_on, older, board]
    place = Place(said)

    def show(draft: Draft) -> list[Any]:
        config, known = settings_of(services, draft)
        found = offered(services, draft)
        sweep = shown_sweep(services, draft, found)
        status = sweep.status if sweep else ""
        box_now = gr.update(visible=config is not None or sweep is not None)
        if status == "running":
            box_now["open"] = True
        if config is None:
            return [box_now, *[gr.skip()] * (len(outputs) - 1)]
        return [
            box_now,
            gr.update(visible=status != "running"),
            gr.update(choices=[(each.title, path) for path, each in known.items()], value=[*varying(draft, known)]),
            form_value(draft, known),
            gr.update(visible=status != "running"),
            gr.update(visible=status == "running"),
            gr.update(visible=sweep is not None and sweep.can_go_on),
            gr.update(choices=found, value=sweep.id if sweep else None, visible=len(found) > (sweep is not None)),
            {"sweep": sweep.id if sweep else None, "status": status},
        ]

    mine = outputs.__contains__
    wires = [
        Wire(which.input, partial(change, services, choose), [which], draws=mine),
        Wire(form.input, partial(change, services, enter), event=True, draws=mine),
        Wire(start.click, partial(begin, services), draws=mine, place=place),
        Wire(stop.click, partial(end, services), draws=mine, place=place),
        Wire(go_on.click, partial(resume, services), draws=mine, place=place),
        Wire(older.input, pick, [older], draws=mine),
        Wire(board.status, lambda draft: draft, draws=mine),
        Wire(board.select, partial(open_trial, services), event=True),
        Wire(board.compare, partial(compare, services), event=True, go="runs"),
    ]
    return Section(outputs, show, wires)


# --- what is shown -------------------------------------------------------------------------------


def settings_of(services: Services, draft: Draft) -> tuple[RunConfig | None, dict[str, Varying]]:
    """The run file of the choices and which of its settings can vary; None before everything is chosen."""
    try:
        config = draft.run_config()
    except StudioError:
        return None, {}  # the pages before say what is missing
    unused: frozenset[str] = frozenset()
    with suppress(StudioError):  # the data or the model are not known yet: then everything is offered
        if services.architectures.current(draft) is not None:
            unused = outlook(services, subject(services, draft), config).unused_settings
    return config, can_vary(config, unused)


def offered(services: Services, draft: Draft) -> list[tuple[str, str]]:
    """The searches of the draft and of the command line, the newest first, as (what is read, id)."""
    newest = islice(Sweeps(services.home), MOST_OFFERED)
    return [
        (f"{sweep.name} · {sweep.id[:13]}", sweep.id) for sweep in newest if sweep.meta.get("draft") in (draft.id, "")
    ]


def shown_sweep(services: Services, draft: Draft, found: Sequence[tuple[str, str]]) -> Sweep | None:
    """The one that was chosen, else the newest of the draft's own."""
    sweeps = Sweeps(services.home)
    chosen = sweeps.find(draft.searching.sweep)
    if chosen is not None:
        return chosen
    own = (
        sweep for _words, sweep_id in found if (sweep := sweeps.find(sweep_id)) and sweep.meta.get("draft") == draft.id
    )
    return next(own, None)


def is_searching(services: Services, draft: Draft) -> bool:
    sweep = shown_sweep(services, draft, offered(services, draft))
    return sweep is not None and sweep.status == "running"


def current(services: Services, draft: Draft) -> Sweep:
    sweep = shown_sweep(services, draft, offered(services, draft))
    if sweep is None:
        raise StudioError(_("No search is chosen."), _("It may have been deleted."), _("Start one."))
    return sweep


# --- changing the draft, and the search ----------------------------------------------------------


def change(services: Services, how: Any, draft: Draft, what: Any) -> Draft:
    config, known = settings_of(services, draft)
    return how(draft, known, what) if config is not None else draft


def pick(draft: Draft, sweep_id: str | None) -> Draft:
    return draft.change(searching=Search(**{**dict(draft.searching), "sweep": sweep_id or ""}))


def begin(services: Services, draft: Draft) -> Draft:
    """Write the run file of the search, and start the process that works on it."""
    with services.workspaces.current.starting:
        config, (_known, known) = draft.run_config(), settings_of(services, draft)
        text = sweep_text(draft, config, known)
        space, options = read_sweep(text)
        check_may_begin(services, options.together)
        if has_begun(services, draft):
            return pick(draft, "")  # another tab has begun it at the same moment
        check_named(config, services.home)
        check(space.config(space.first()), services.home, services.settings.trust_remote_code)
        name = spoken(_("Search {n}", n=sum(1 for _each in Sweeps(services.home)) + 1))
        sweep = create(services, draft, text, name)
        start_driver(sweep, services.settings.environment)
    return pick(draft, "")


def has_begun(services: Services, draft: Draft) -> bool:
    """Whether a search of this draft is at work."""
    return any(each.status == "running" and each.meta.get("draft") == draft.id for each in Sweeps(services.home))


def create(services: Services, draft: Draft, text: str, name: str) -> Sweep:
    """The folder of a search of the draft's choices."""
    quota = services.quota
    return Sweeps(services.home).create(
        text,
        name,
        draft=draft.id,
        most_bytes=quota.megabytes * 1024**2 if quota else None,
        data=draft.title,
        dataset=draft.dataset,
    )


def check_may_begin(services: Services, together: int) -> None:
    """The trials of a guest count as their runs. Raises StudioError."""
    quota = services.quota
    if quota is None:
        return
    quota.check_room(services.home)
    quota.check_turn(services.home, services.supervisor)
    if together > quota.runs or any(sweep.status == "running" for sweep in Sweeps(services.home)):
        raise StudioError(
            _("The search cannot begin."),
            plural(
                "A guest may have {n:,} run that waits or trains.",
                "A guest may have {n:,} runs that wait or train.",
                quota.runs,
            ),
            _("Let one search end first, and let fewer trials train at a time."),
        )


def end(services: Services, draft: Draft) -> Draft:
    current(services, draft).stop()
    return draft


def resume(services: Services, draft: Draft) -> Draft:
    with services.workspaces.current.starting:
        sweep = current(services, draft)
        if sweep.can_go_on:
            check_may_begin(services, sweep.read()[1].together)
            sweep.take_back_stop()
            start_driver(sweep, services.settings.environment)
    return draft


def open_trial(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    """The trial's run on this page, with its settings."""
    run = services.store.find(str(event["key"]))
    if run is None:
        raise StudioError(_("The run of this trial is not there."), _("It may have been deleted."), _("Open another."))
    searching = Search(**{**dict(draft.searching), "sweep": str(run.meta.get("sweep") or "")})
    return with_settings(services, draft, run).change(run=run.id, searching=searching)


def compare(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    """The best trials laid over each other on the Runs page."""
    sweep = current(services, draft)
    best = [trial.run for trial in ranked(sweep.trials(), metric_of(sweep)) if trial.value is not None]
    there = [run for run in best[:COMPARED] if services.store.find(run)]
    return draft.change(picked=str(event["key"]), compared=tuple(there))
