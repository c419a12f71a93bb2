"""The page: a stepper across the top, one tab a step, and the server that serves it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import gradio as gr

from components.stepper import Account, Languages, Stepper
from components.terms import Terms
from components.theme import logo
from components.way_on import WayOn
from studio.app import demos
from studio.app.access.gate import SIGN_IN, SIGN_OUT
from studio.app.access.language import CHOOSE
from studio.app.access.person import Person, current_person
from studio.app.clicks import QUIET, Click
from studio.app.drafts import Draft
from studio.app.forged import CheckedBlocks
from studio.app.glossary import on_the_page
from studio.app.pages import Page, Section, Services, explained, sheltered, told
from studio.app.sent import sent
from studio.app.speaking import SpeakingBlocks
from studio.app.tabs import data, model, projects, runs, share, strategy, test, train
from studio.app.unchanged import SparingBlocks
from studio.errors import StudioError
from studio.language import _, languages

BUILDERS: tuple[Callable[[Services], Page], ...] = (
    model.build,
    data.build,
    strategy.build,
    train.build,
    test.build,
    projects.build,
    runs.build,
    share.build,
)
KEPT_SECONDS = (3600, 24 * 3600)  # how often what browsers sent is looked through, and how old of it goes
BRAND = "Fine-Tuning Studio"


class StudioBlocks(CheckedBlocks, SpeakingBlocks, SparingBlocks):
    """Blocks that refuse forged values, speak the reader's language, and leave alone what is as it was."""


def build_app(services: Services) -> gr.Blocks:
    """All pages, wired to the drafts of `services`."""
    with StudioBlocks(title=BRAND, analytics_enabled=False, fill_width=True, delete_cache=KEPT_SECONDS) as demo:
        # the secret only encrypts an id; it is fixed so that the browser's memory survives a restart
        draft_id = gr.BrowserState(None, storage_key="studio-draft", secret="fine-tuning-studio")
        stepper = Stepper(logo=logo(), elem_id="stepper")
        message = gr.HTML(elem_id="message")
        with gr.Tabs(selected="model", elem_id="pages") as tabs:
            pages = []
            for build in BUILDERS:
                key = build.__module__.rsplit(".", 1)[-1]
                with gr.Tab(key, id=key, elem_id=f"page-{key}"):
                    pages.append(built(build, services))
        Terms(on_the_page(), elem_id="terms")
        way_on = WayOn(elem_id="way-on")
        shell = Shell(services, pages, draft_id, stepper, message, tabs, way_on)
        shell.connect(demo)
    return demo


def built(build: Callable[[Services], Page], services: Services) -> Page:
    """A page that says so itself where it cannot be drawn, whatever the reason: the others can be opened all the
    same."""
    trouble = gr.HTML(visible=False)
    with gr.Column() as body:
        page = build(services)
    outputs, show, _wires = sheltered(trouble, body, Section(page.outputs, page.show, []), caught=Exception)

    def missing(draft: Draft) -> str:
        try:
            return page.missing(draft)
        except Exception as error:  # noqa: BLE001  told
            return explained(error).what

    def is_ready(draft: Draft) -> bool:
        try:
            return page.is_ready(draft)
        except Exception as error:  # noqa: BLE001  logged
            explained(error)
            return False

    return replace(page, outputs=outputs, show=show, missing=missing, is_ready=is_ready)


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
        way_on: WayOn,
    ) -> None:
        self.services = services
        self.pages = {page.key: page for page in pages}
        self.draft_id, self.stepper, self.message, self.tabs, self.way_on = draft_id, stepper, message, tabs, way_on

    def connect(self, demo: gr.Blocks) -> None:
        for page in self.pages.values():
            for wire in page.wires:
                Click(self, page, wire).connect()
        everything = [output for page in self.pages.values() for output in page.outputs]
        frame = [self.stepper, self.message, self.tabs, self.way_on]
        for way in (self.stepper, self.way_on):
            way.select(
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
            draft, said = self.services.drafts.load(None), told(error)
        if opening := self.services.workspaces.current.opening:  # the person came by the link of a run
            draft = self.services.drafts.save(self._with_run(draft, opening.pop()))
        if (settled := self.settled(draft)) != draft:
            self.services.drafts.save(settled)
        return [draft.id, *self._opened(settled, said)]

    def _with_run(self, draft: Draft, run_id: str) -> Draft:
        """The run as it can be looked at: with a model it can be tried, and before that it can be watched."""
        run = self.services.store.find(run_id)
        has_model = run is not None and self.services.states.of(run).has_model
        return draft.change(run=run_id, page="test" if has_model else "train", mark=None)

    def _open_selected(self, event: gr.EventData, draft_id: str) -> list[Any]:
        try:
            with self.services.drafts.changing(draft_id):
                draft = self.services.drafts.load(draft_id)
                return self._opened(self.go(draft, str(sent(event._data)["key"])))
        except StudioError as error:
            unchanged = [gr.skip()] * sum(len(page.outputs) for page in self.pages.values())
            return [gr.skip(), told(error), gr.skip(), gr.skip(), *unchanged]

    def _opened(self, draft: Draft, said: str = "") -> list[Any]:
        updates = self.drawn(self.pages.values(), draft)
        return [self.steps(draft), said, gr.Tabs(selected=draft.page), self.way(draft), *updates]

    def drawn(self, pages: Iterable[Page], draft: Draft) -> list[Any]:
        """Updates for the widgets of these pages: of the open one as the draft wants them, of the others none but that
        their timers stop."""
        return [
            update
            for page in pages
            for update in (page.show(draft) if page.key == draft.page else map(at_rest, page.outputs))
        ]

    def go(self, draft: Draft, key: str) -> Draft:
        """Open a page if nothing is missing on the way there."""
        if key not in self.pages or self.locked(draft, key):
            return draft
        undo = draft.undo if key == draft.page else None
        return self.services.drafts.save(self.settled(draft.change(page=key, undo=undo)))

    def furthest(self, draft: Draft) -> Draft:
        """On the first step that still needs something, or the last one: where somebody goes on with a project."""
        steps = [page for page in self.pages.values() if page.is_step]
        settled = self.settled(draft.change(page=steps[-1].key, undo=None))
        return settled.change(page=next((page.key for page in steps if page.missing(settled)), steps[-1].key))

    def settled(self, draft: Draft) -> Draft:
        """With what the steps up to the open one choose for the person."""
        for page in self.pages.values():
            if not page.is_step:
                break
            draft = page.settle(draft)
            if page.key == draft.page:
                break
        return draft

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
            "made": time.time(),
            "brand": BRAND,
            "steps": [entry(page) for page in pages if page.is_step],
            "side": [entry(page) for page in pages if not page.is_step],
            "machine": self.services.machine.sentence,
            "machine_brief": self.services.machine.brief,
            "account": account(current_person(), self.services.has_sign_in),
            "languages": chooser(current_person()),
            "guide": demos.guide(draft),
        }

    def way(self, draft: Draft) -> dict[str, Any]:
        """The value of the way on from the open page."""
        key, words = self.pages[draft.page].way_on
        return {"made": time.time(), "key": key, "words": words, "reason": self.locked(draft, key) if key else ""}


def at_rest(output: Any) -> Any:
    return gr.Timer(active=False) if isinstance(output, gr.Timer) else gr.skip()


def chooser(person: Person) -> Languages | None:
    """The languages that there are, where there are several."""
    names = languages()
    return Languages(chosen=person.language, names=names, action=CHOOSE.lstrip("/")) if len(names) > 1 else None


def account(person: Person, has_sign_in: bool) -> Account | None:
    """Who is signed in, and the way out; for a guest the way in, if there is one; nothing where one person is alone."""
    if person.is_guest and not person.name:
        way_in = Account(name=_("Guest"), method="get", action=SIGN_IN.lstrip("/"), words=_("Sign in"))
        return way_in if has_sign_in else None
    if not person.name:
        return None
    return Account(name=person.name, method="post", action=SIGN_OUT.lstrip("/"), words=_("Sign out"))
