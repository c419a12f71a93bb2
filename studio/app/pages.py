"""What a page is, and how its widgets change the draft.

There is one direction: a click changes the draft, the page is drawn from the draft. A page lists its
widgets (`outputs`), says what each shows for a draft (`show`), and names what a click does (`wires`).
"""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.blocks import Block

from components.message import Message
from components.notices import notice
from components.progress import progress_html
from components.words import escape, escape_sentence
from studio.app.access.hugging_face import Provider
from studio.app.access.person import current_person
from studio.app.answers import Asking
from studio.app.architectures import Architectures
from studio.app.draft_data import Datasets
from studio.app.drafts import Draft, Drafts
from studio.app.prediction_files import FileAnswers
from studio.app.quotas import Quota, quota_of
from studio.app.states import States
from studio.app.under_way import Question
from studio.app.unseen import Unseen
from studio.app.workspaces import Example, Workspaces
from studio.data.limits import Limits
from studio.errors import Explanation, StudioError
from studio.forked import ForkServer
from studio.hardware import Machine
from studio.jobs import Job
from studio.language import _
from studio.models.hub import SearchResult
from studio.paths import Home
from studio.predictor import Predictor
from studio.run_index import RunIndex
from studio.runner import Supervisor
from studio.server_settings import LOOPBACK, ServerSettings
from studio.store import Run, Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """What pages work with. What belongs to somebody is always that of the person who asks."""

    settings: ServerSettings
    workspaces: Workspaces
    supervisor: Supervisor
    forks: ForkServer
    predictor: Predictor
    states: States
    architectures: Architectures
    unseen: Unseen
    server_limits: Limits
    machine: Machine
    provider: Provider | None = None

    @property
    def has_sign_in(self) -> bool:
        """Whether a guest can sign in."""
        return bool(self.settings.auth or self.settings.users or self.provider)

    @property
    def has_several_people(self) -> bool:
        """Whether more people than one have a workspace here."""
        return self.settings.has_several_people or self.provider is not None

    @property
    def is_on_this_computer(self) -> bool:
        """Whether what the person brings stays on the machine before which they sit."""
        return self.settings.host in LOOPBACK and not self.has_several_people

    @property
    def quota(self) -> Quota | None:
        """What the person may use, where that is bounded."""
        return quota_of(current_person(), self.settings)

    @property
    def allowance(self) -> str:
        """The same as a sentence; "" where it is not."""
        return self.quota.sentence(self.home) if self.quota else ""

    @property
    def limits(self) -> Limits:
        return self.quota.limits(self.server_limits) if self.quota else self.server_limits

    @contextmanager
    def room(self) -> Iterator[int | None]:
        """Bytes that what is done inside may write, where that is bounded; nothing else of the person's gets them."""
        if self.quota is None:
            yield None
            return
        with self.quota.room(self.home, self.workspaces.promised) as left:
            yield left

    def may_change(self, run: Run) -> bool:
        """Whether it is the person's own run, and not one that another shares with them."""
        return run.home == self.home

    def check_owner(self, run: Run) -> None:
        if not self.may_change(run):
            raise StudioError(
                _("'{name}' belongs to somebody else.", name=run.name),
                _("Its owner shows it to you; only they can change it."),
                _("Start a run of your own from its settings."),
            )

    @property
    def server(self) -> Home:
        """The home of the server, in which those of people lie."""
        return self.workspaces.home

    @property
    def home(self) -> Home:
        return self.workspaces.current.home

    @property
    def store(self) -> Store:
        return self.workspaces.current.store

    @property
    def index(self) -> RunIndex:
        return self.workspaces.current.index

    @property
    def drafts(self) -> Drafts:
        return self.workspaces.current.drafts

    @property
    def datasets(self) -> Datasets:
        return self.workspaces.current.datasets

    @property
    def jobs(self) -> dict[str, Job]:
        return self.workspaces.current.jobs

    @property
    def searches(self) -> dict[str, SearchResult]:
        return self.workspaces.current.searches

    @property
    def answers(self) -> dict[str, Asking]:
        return self.workspaces.current.answers

    @property
    def shown_runs(self) -> dict[str, str | None]:
        return self.workspaces.current.shown_runs

    @property
    def examples(self) -> dict[str, Example]:
        return self.workspaces.current.examples

    @property
    def files(self) -> dict[str, FileAnswers]:
        return self.workspaces.current.files

    @property
    def packed(self) -> dict[str, Path]:
        return self.workspaces.current.packed

    @property
    def asked(self) -> dict[str, float]:
        return self.workspaces.current.asked

    @property
    def brought(self) -> dict[str, dict[str, str]]:
        return self.workspaces.current.brought

    @property
    def questions(self) -> set[Question]:
        return self.workspaces.current.questions


class Place(NamedTuple):
    """Where it is said how a change gets on and why it was refused: beside what it is about."""

    message: Message
    progress: Block | None = None
    cancel: Block | None = None  # shown while it is at work


@dataclass(frozen=True)
class Wire:
    """One listener of a widget and what it does.

    change: (draft, *values of `inputs`) -> changed draft; raises StudioError, which is shown. With
        `event`, the event's data (a dict) comes behind the draft. A generator yields HTML for the
        page's `progress` while it works and returns the draft.
    go: the page to open afterwards; with `stays`, only where that says no of the changed draft.
    redraw: draw the page again afterwards; off for fields that the person is typing into. draws: which of its widgets.
    again: for what takes long and a newer question ends: the next event is sent while the last one is at work.
    opens: the draft that comes back may be another one, which the browser then remembers. It is opened where there is
        something left to do in it; one that says it is on this page stays there.
    also: the id of another draft that the event is about, which is then held as the own one is.
    place: where the change is spoken of, in place of the page's progress and the message above all pages.
    """

    listener: Callable[..., Any]
    change: Callable[..., Any]
    inputs: Sequence[Any] = ()
    event: bool = False
    go: str | None = None
    stays: Callable[[Draft], bool] | None = None
    redraw: bool = True
    draws: Callable[[Any], bool] = lambda widget: True
    again: bool = False
    opens: bool = False
    also: Callable[[Any], str | None] = lambda event: None
    place: Place | None = None


class Section(NamedTuple):
    """A piece of a page: its widgets, what each of them shows for a draft, and what clicks on them do."""

    outputs: Sequence[Block]
    show: Callable[[Draft], list[Any]]
    wires: list[Wire]


def joined(*sections: Section) -> Section:
    """Several pieces as one. A page is one too: `Page("data", "Data", *joined(upload, split))`."""
    return Section(
        [widget for section in sections for widget in section.outputs],
        lambda draft: [update for section in sections for update in section.show(draft)],
        [wire for section in sections for wire in section.wires],
    )


def sheltered(
    trouble: Block,
    body: Block,
    section: Section,
    is_there: Callable[[Draft], bool] = lambda draft: True,
    caught: type[Exception] = StudioError,
) -> Section:
    """A piece that lies in `body`, and may fail to be drawn: `trouble` then says why in its place, and the rest of the
    page can be used. Where `is_there` says no, nothing is shown."""

    def show(draft: Draft) -> list[Any]:
        said, updates = "", None
        try:
            updates = section.show(draft) if is_there(draft) else None
        except caught as error:
            said = told(error)
        visible = [gr.update(value=said, visible=bool(said)), gr.update(visible=updates is not None)]
        return [*visible, *(updates or [gr.skip()] * len(section.outputs))]

    return Section([trouble, body, *section.outputs], show, section.wires)


def told(error: Exception) -> str:
    """What a person reads of it."""
    words = explained(error)
    return notice("bad", words.what, words.why, words.what_to_do)


def explained(error: Exception) -> Explanation:
    """The words of a StudioError; any other is a bug of ours, and is logged."""
    if isinstance(error, StudioError):
        return error.explanation
    logger.error("A page could not be drawn.", exc_info=error)
    return Explanation(
        _("This page could not be drawn."),
        _("It is a mistake in the studio itself."),
        _("Go to another page, or load this one again. For a bug report: the studio's output holds the details."),
    )


@dataclass(frozen=True)
class Page:
    """key: the page's name in the draft. missing: what it still needs, in a sentence, or "".

    is_ready: whether a step can be opened whatever the steps before it still need. settle: the draft with what the
    page chooses for whoever has not chosen. way_on: the page that the one
    button at the foot opens, and the words on it; without words there is no button.
    """

    key: str
    title: str
    outputs: Sequence[Block]
    show: Callable[[Draft], list[Any]]
    wires: list[Wire]
    missing: Callable[[Draft], str] = lambda draft: ""
    is_ready: Callable[[Draft], bool] = lambda draft: False
    settle: Callable[[Draft], Draft] = lambda draft: draft
    is_step: bool = True
    way_on: tuple[str, str] = ("", "")
    progress: Block | None = None
    cancel: Block | None = None  # shown while a change that yields progress is at work


def hint(sentence: str) -> str:
    """A quiet sentence beside what it is about."""
    return f"<p class='hint'>{escape_sentence(sentence)}</p>"


def download_link(url: str, words: str, name: str = "") -> str:
    """name: of the file on the person's disk; "" where it is that of the address."""
    return f'<a class="download-link" href="{escape(url)}" download="{escape(name)}">{escape(words)}</a>'


def followed(services: Services, draft: Draft, job: Job) -> Generator[str, None, Draft]:
    """Show how `job` gets on, until its end, its Cancel, or until nobody listens any more; the draft as it is then."""
    services.jobs[draft.id] = job
    try:
        yield progress_html(_("Getting ready"))  # at once: a process takes a moment before its first word
        for step in job:
            yield progress_html(step.sentence, step.done, step.total)
    finally:
        services.jobs.pop(draft.id, None)
        if job.result is None:
            job.cancel()
    return services.drafts.load(draft.id)


def wait_for_architecture(services: Services, draft: Draft) -> Generator[str, None, None]:
    """Say so as long as it is being read how the draft's model is built."""
    for sentence in services.architectures.waiting(draft):
        yield progress_html(sentence)


def cancel_job(services: Services, draft: Draft) -> Draft:
    job = services.jobs.get(draft.id)
    if job is not None:
        job.cancel()
    return draft
