"""The page: a stepper across the top, one tab a step, and the server that serves it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from inspect import isgeneratorfunction
from typing import Any, Literal

import gradio as gr

from components.cards import Cards
from components.notices import notice
from components.stepper import Stepper
from components.theme import logo
from studio.app.drafts import Draft
from studio.app.pages import Page, Services, Wire
from studio.app.tabs import data, model, runs, share, strategy, test, train
from studio.errors import StudioError

BUILDERS: tuple[Callable[[Services], Page], ...] = (
    model.build,
    data.build,
    strategy.build,
    train.build,
    test.build,
    runs.build,
    share.build,
)
BRAND = "Fine-Tuning Studio"
CONCURRENT_JOBS = 8  # people whose import, download or question is being worked on, for each kind of work
# programs come in by the command line: describing every click as an API would double the size of the page
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
EMPTY = (None, "")  # both stand for an empty field


def build_app(services: Services) -> gr.Blocks:
    """All pages, wired to the drafts of `services`."""
    with gr.Blocks(title=BRAND, analytics_enabled=False, fill_width=True) as demo:
        # the secret only encrypts an id; it is fixed so that the browser's memory survives a restart
        draft_id = gr.BrowserState(None, storage_key="studio-draft", secret="fine-tuning-studio")
        stepper = Stepper(logo=logo(), elem_id="stepper")
        message = gr.HTML(elem_id="message")
        with gr.Tabs(selected="model", elem_id="pages") as tabs:
            pages = []
            for build in BUILDERS:
                key = build.__module__.rsplit(".", 1)[-1]
                with gr.Tab(key, id=key, elem_id=f"page-{key}"):
                    pages.append(build(services))
        shell = Shell(services, pages, draft_id, stepper, message, tabs)
        shell.connect(demo)
    return demo


class Shell:
    """Turns the pages' wires into Gradio events."""

    def __init__(
        self,
        services: Services,
        pages: list[Page],
        draft_id: gr.BrowserState,
        stepper: Stepper,
        message: gr.HTML,
        tabs: gr.Tabs,
    ) -> None:
        self.services = services
        self.pages = {page.key: page for page in pages}
        self.draft_id, self.stepper, self.message, self.tabs = draft_id, stepper, message, tabs

    def connect(self, demo: gr.Blocks) -> None:
        for page in self.pages.values():
            for wire in page.wires:
                self._connect_wire(page, wire)
        everything = [output for page in self.pages.values() for output in page.outputs]
        frame = [self.stepper, self.message, self.tabs]
        self.stepper.select(
            self._open_selected,
            [self.draft_id],
            [*frame, *everything],
            queue=False,
            **QUIET,
            trigger_mode="multiple",
        )
        demo.load(
            self._load,
            [self.draft_id],
            [self.draft_id, *frame, *everything],
            queue=False,
            **QUIET,
        )

    # --- opening pages ------------------------------------------------------------------------

    def _load(self, draft_id: str | None) -> list[Any]:
        try:
            draft, said = self.services.drafts.load(draft_id), ""
        except StudioError as error:  # it stays on the disk as it is; this browser begins another one
            words = error.explanation
            draft, said = self.services.drafts.load(None), notice("bad", words.what, words.why, words.what_to_do)
        return [draft.id, *self._opened(draft, said)]

    def _open_selected(self, event: gr.EventData, draft_id: str) -> list[Any]:
        with self.services.drafts.changing(draft_id):
            draft = self.services.drafts.load(draft_id)
            return self._opened(self._go(draft, str(event._data["key"])))

    def _opened(self, draft: Draft, said: str = "") -> list[Any]:
        updates = self._drawn(self.pages.values(), draft)
        return [self.steps(draft), said, gr.Tabs(selected=draft.page), *updates]

    def _drawn(self, pages: Iterable[Page], draft: Draft) -> list[Any]:
        """Updates for the widgets of these pages: of the open one as the draft wants them, no change of the others."""
        return [
            update
            for page in pages
            for update in (page.show(draft) if page.key == draft.page else [gr.skip()] * len(page.outputs))
        ]

    def _go(self, draft: Draft, key: str) -> Draft:
        """Open a page if nothing is missing on the way there."""
        if key not in self.pages or self.locked(draft, key):
            return draft
        return self.services.drafts.save(draft.change(page=key))

    def locked(self, draft: Draft, key: str) -> str:
        """Why a step cannot be opened yet: what the first unfinished step before it still needs."""
        if not self.pages[key].is_step or self.pages[key].is_ready(draft):
            return ""
        for page in self.pages.values():
            if page.key == key:
                return ""
            if missing := page.missing(draft):
                return missing
        return ""

    def steps(self, draft: Draft) -> dict[str, Any]:
        """The stepper's value."""

        def entry(page: Page) -> dict[str, str]:
            reason = self.locked(draft, page.key)
            done = page.is_step and not page.missing(draft)
            state = "current" if page.key == draft.page else "locked" if reason else "done" if done else "open"
            return {"key": page.key, "title": page.title, "state": state, "reason": reason}

        pages = self.pages.values()
        return {
            "brand": BRAND,
            "steps": [entry(page) for page in pages if page.is_step],
            "side": [entry(page) for page in pages if not page.is_step],
            "machine": self.services.machine.sentence,
        }

    # --- clicks -------------------------------------------------------------------------------

    def _connect_wire(self, page: Page, wire: Wire) -> None:
        slow = isgeneratorfunction(unwrapped(wire.change))
        target = self.pages[wire.go] if wire.go else page
        shown = [page, target] if wire.stays else [target]
        drawn = [output for each in shown for output in each.outputs] if wire.redraw or wire.go else []
        working = [page.progress, page.cancel] if slow else []
        outputs = [self.stepper, self.message, self.tabs, *working, *drawn]
        idle = ["", gr.update(visible=False)] if slow else []

        def finish(draft: Draft, values: tuple[Any, ...]) -> list[Any]:
            going = wire.go is not None and not (wire.stays and wire.stays(draft))
            if going:
                draft = self._go(draft, target.key)
            self.services.drafts.save(draft)
            updates = self._drawn(shown, draft) if drawn else []
            updates = untouched(drawn, updates, dict(zip(wire.inputs, values, strict=True)))
            selected = gr.Tabs(selected=draft.page) if going else gr.skip()
            refused = self.locked(draft, target.key) if going and draft.page != target.key else ""
            message = notice("warning", f"{target.title} cannot be opened yet.", refused) if refused else ""
            return [self.steps(draft), message, selected, *idle, *updates]

        def fail(error: StudioError, draft_id: str) -> list[Any]:
            words = error.explanation
            said = notice("bad", words.what, words.why, words.what_to_do)
            return [gr.skip(), said, gr.skip(), *idle, *self._choices_as_kept(page, drawn, draft_id)]

        def arguments(event: gr.EventData, draft_id: str, values: tuple[Any, ...]) -> list[Any]:
            draft = self.services.drafts.load(draft_id)
            return [draft, event._data or {}, *values] if wire.event else [draft, *values]

        def handle(event: gr.EventData, draft_id: str, *values: Any) -> list[Any]:
            try:
                with self.services.drafts.changing(draft_id):
                    return finish(wire.change(*arguments(event, draft_id, values)), values)
            except StudioError as error:
                return fail(error, draft_id)

        def handle_slowly(event: gr.EventData, draft_id: str, *values: Any) -> Iterator[list[Any]]:
            try:
                work = wire.change(*arguments(event, draft_id, values))
                while True:
                    try:
                        html = next(work)
                    except StopIteration as end:
                        yield finish(end.value, values)
                        return
                    busy = [html, gr.update(visible=True)]
                    yield [gr.skip(), "", gr.skip(), *busy, *[gr.skip()] * len(drawn)]
            except StudioError as error:
                yield fail(error, draft_id)

        wire.listener(
            handle_slowly if slow else handle,
            [self.draft_id, *wire.inputs],
            outputs,
            queue=slow,
            concurrency_limit=CONCURRENT_JOBS,
            **QUIET,
            trigger_mode=trigger_mode(wire, slow),
        )

    def _choices_as_kept(self, page: Page, drawn: Sequence[Any], draft_id: str) -> list[Any]:
        """Updates after a refusal: cards show again what is chosen, for the pressed one marked itself at once; what
        was typed stays."""
        draft = self.services.drafts.load(draft_id)
        kept: dict[Any, Any] = {}
        if draft.page == page.key and any(isinstance(widget, Cards) for widget in drawn):
            with suppress(StudioError):  # where the page cannot be drawn, the refusal that is shown says why
                kept = dict(zip(page.outputs, page.show(draft), strict=True))
        return [kept[widget] if isinstance(widget, Cards) and widget in kept else gr.skip() for widget in drawn]


def trigger_mode(wire: Wire, slow: bool) -> Literal["once", "multiple", "always_last"]:
    """What becomes of an event that comes while the answer to the last one is under way.

    A second press of a button, or of what takes long, is one too many. Fields are read once more
    when the answer has come. What carries its own data is sent at once, for Gradio keeps no data of a deferred event.
    """
    if slow or getattr(wire.listener, "event_name", "") == "click":
        return "once"
    return "multiple" if wire.event else "always_last"


def untouched(drawn: Sequence[Any], updates: list[Any], sent: dict[Any, Any]) -> list[Any]:
    """The updates, without the values that the widgets held when they were sent.

    Somebody may be typing into the next field of a form while the answer about the last one is on its way.
    """

    def changed(widget: Any, update: Any) -> Any:
        if widget not in sent or not isinstance(update, dict) or "value" not in update:
            return update
        now, before = update["value"], sent[widget]
        same = now == before or (now in EMPTY and before in EMPTY)
        return {key: part for key, part in update.items() if key != "value"} if same else update

    return [changed(widget, update) for widget, update in zip(drawn, updates, strict=True)]


def unwrapped(function: Any) -> Any:
    """What a partial calls in the end."""
    return unwrapped(function.func) if isinstance(function, partial) else function
