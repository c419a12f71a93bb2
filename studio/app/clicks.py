"""What happens after a click or a change of a field: the draft changes, is saved, and the pages are drawn anew."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from inspect import isgeneratorfunction
from typing import Any, Literal, Protocol

import gradio as gr

from components.cards import Cards
from components.notices import notice
from components.stepper import Stepper
from components.way_on import WayOn
from studio.app.drafts import Draft, Drafts
from studio.app.pages import Page, Services, Wire, told
from studio.app.sent import check_lengths, sent, storable
from studio.app.under_way import SupersededError
from studio.errors import StudioError
from studio.language import _

CONCURRENT_JOBS = 8  # people whose import, download or question is being worked on, for each kind of work
# programs come in by the command line: describing every click as an API would double the size of the page
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
CHOICES = (Cards, gr.Dropdown)
EMPTY = (None, "")  # both stand for an empty field


class Frame(Protocol):
    """What is around the pages: which of them is open, which may be opened, and what is said above them."""

    services: Services
    pages: dict[str, Page]
    draft_id: gr.BrowserState
    stepper: Stepper
    message: gr.HTML
    tabs: gr.Tabs
    way_on: WayOn

    def drawn(self, pages: Sequence[Page], draft: Draft) -> list[Any]: ...
    def go(self, draft: Draft, key: str) -> Draft: ...
    def furthest(self, draft: Draft) -> Draft: ...
    def locked(self, draft: Draft, key: str) -> str: ...
    def steps(self, draft: Draft) -> dict[str, Any]: ...
    def way(self, draft: Draft) -> dict[str, Any]: ...


class Click:
    """A wire of a page as an event of Gradio."""

    def __init__(self, frame: Frame, page: Page, wire: Wire) -> None:
        self.frame, self.page, self.wire = frame, page, wire
        self.is_slow = isgeneratorfunction(unwrapped(wire.change))
        self.by_itself = event_of(wire) == "tick"
        self.target = frame.pages[wire.go] if wire.go else page
        self.shown = [page, self.target] if wire.stays else [self.target]  # pages that may have changed
        if wire.opens:
            self.shown = list(frame.pages.values())
        self.outputs = [output for each in self.shown for output in each.outputs] if wire.redraw or wire.go else []
        self.beside = [wire.place.message] if wire.place else []
        self.drawn = [output for output in self.outputs if self.draws(output)]
        self.silent = [""] * len(self.beside)
        self.idle = ["", gr.update(visible=False)] if self.is_slow else []  # progress and Cancel, afterwards
        self.remembered = [frame.draft_id] if wire.opens else []

    def draws(self, widget: Any) -> bool:
        return self.wire.draws(widget) and widget not in self.beside

    def connect(self) -> None:
        frame, place = self.frame, self.wire.place or self.page
        working = [place.progress, place.cancel] if self.is_slow else []
        self.wire.listener(
            self.handle_slowly if self.is_slow else self.handle,
            [frame.draft_id, *self.wire.inputs],
            [
                *(frame.stepper, frame.message, frame.tabs, frame.way_on),
                *(*self.beside, *working, *self.remembered, *self.drawn),
            ],
            queue=self.is_slow,
            concurrency_limit=CONCURRENT_JOBS,
            **QUIET,
            trigger_mode=trigger_mode(self.wire, self.is_slow),
        )

    @property
    def drafts(self) -> Drafts:
        return self.frame.services.drafts

    def handle(self, event: gr.EventData, draft_id: str, *values: Any) -> list[Any]:
        try:
            with self.drafts.changing(draft_id, self.wire.also(event._data)):
                return self._finish(self.wire.change(*self._arguments(event, draft_id, values)), values)
        except StudioError as error:
            return self._fail(error, draft_id)

    def handle_slowly(self, event: gr.EventData, draft_id: str, *values: Any) -> Iterator[list[Any]]:
        """The change yields how far it is, as HTML, and returns the draft."""
        try:
            work = self.wire.change(*self._arguments(event, draft_id, values))
            while True:
                try:
                    html = next(work)
                except StopIteration as end:
                    with self.drafts.changing(draft_id):
                        done = self._finish(self._named_as_now(end.value), values)
                    yield done
                    return
                busy = [html, gr.update(visible=True)]
                yield [gr.skip(), "", gr.skip(), gr.skip(), *self.silent, *busy, *[gr.skip()] * len(self.drawn)]
        except StudioError as error:
            yield self._fail(error, draft_id)
        except SupersededError:  # what took its place draws the page
            yield [gr.skip()] * (4 + len(self.beside) + len(self.idle) + len(self.drawn))

    def _named_as_now(self, draft: Draft) -> Draft:
        """Its project may have been renamed in another tab while this was at work."""
        return draft.change(name=self.drafts.load(draft.id).name)

    def _arguments(self, event: gr.EventData, draft_id: str, values: Sequence[Any]) -> list[Any]:
        said = [sent(event._data)] if self.wire.event else []
        check_lengths([*values, *(value for each in said for value in each.values())])
        return [self.drafts.load(draft_id), *said, *map(storable, values)]

    def _finish(self, draft: Draft, values: Sequence[Any]) -> list[Any]:
        frame, wire, target = self.frame, self.wire, self.target
        going = wire.go is not None and not (wire.stays and wire.stays(draft))
        if going:
            draft = frame.go(draft, target.key)
        if leaving := wire.opens and draft.page != self.page.key:
            draft = frame.furthest(draft)
        self.drafts.save(draft)
        updates = frame.drawn(self.shown, draft) if self.drawn else []
        updates = [update for output, update in zip(self.outputs, updates, strict=False) if self.draws(output)]
        updates = untouched(self.drawn, updates, dict(zip(wire.inputs, values, strict=True)))
        selected = gr.Tabs(selected=draft.page) if going or leaving else gr.skip()
        refused = frame.locked(draft, target.key) if going and draft.page != target.key else ""
        message: Any = ""
        if refused:
            message = notice("warning", _("{page} cannot be opened yet.", page=target.title), refused)
        if self.by_itself:  # what is said about the person's last press stays
            message = gr.skip()
        ids = [draft.id for _draft_id in self.remembered]
        told_before = [*self.silent, *self.idle, *ids]
        return [frame.steps(draft), message, selected, frame.way(draft), *told_before, *updates]

    def _fail(self, error: StudioError, draft_id: str) -> list[Any]:
        said = ["", gr.skip(), gr.skip(), told(error)] if self.beside else [told(error), gr.skip(), gr.skip()]
        ids = [gr.skip() for _draft_id in self.remembered]
        return [gr.skip(), *said, *self.idle, *ids, *self._choices_as_kept(draft_id)]

    def _choices_as_kept(self, draft_id: str) -> list[Any]:
        """Updates after a refusal: cards and lists show again what is chosen, for they changed at once; what was
        typed stays, and what was chosen for a button that was then pressed."""
        kept: dict[Any, Any] = {}
        with suppress(StudioError):  # where the draft cannot be read, the refusal that is shown says why
            draft = self.drafts.load(draft_id)
            if draft.page == self.page.key and any(isinstance(widget, CHOICES) for widget in self.drawn):
                kept = dict(zip(self.page.outputs, self.page.show(draft), strict=True))
        entered = set(self.wire.inputs) if event_of(self.wire) in ("click", "submit") else set()
        restored = {widget for widget in kept if isinstance(widget, CHOICES) and widget not in entered}
        return [kept[widget] if widget in restored else gr.skip() for widget in self.drawn]


def trigger_mode(wire: Wire, slow: bool) -> Literal["once", "multiple", "always_last"]:
    """What becomes of an event that comes while the answer to the last one is under way.

    A second press of a button, or of what takes long, is one too many. Fields are read once more
    when the answer has come. What carries its own data is sent at once, for Gradio keeps no data of a deferred event.
    """
    if (slow and not wire.again) or event_of(wire) == "click":
        return "once"
    return "multiple" if wire.event else "always_last"


def event_of(wire: Wire) -> str:
    return getattr(wire.listener, "event_name", "")


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
