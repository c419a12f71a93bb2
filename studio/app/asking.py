"""Asking the models of a run: one input, of the tuned and the untouched one, and what all questions share."""

import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, TypeVar

from components.notices import empty, heading, notice
from components.progress import progress_html
from components.words import escape
from studio.app.access.person import current_person
from studio.app.answers import ANSWERS, Asked, Asking
from studio.app.answers.base import AFTER, BEFORE
from studio.app.drafts import Draft
from studio.app.inputs import INPUTS
from studio.app.pages import Services
from studio.app.results import classes_of, task_of
from studio.app.under_way import Question, SupersededError
from studio.errors import StudioError
from studio.language import _, sentences
from studio.predictor import Exchange
from studio.store import Run
from studio.tasks.base import Task

T = TypeVar("T")
NOTHING_WRITTEN: Mapping[str, str] = {"": ""}


def ask(
    services: Services,
    draft: Draft,
    run: Run,
    task: Task,
    cells: Mapping[str, str],
    truth: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
) -> Generator[str, None, Draft]:
    """Answer with the tuned model and the untouched one; what cannot be had is said.

    options: of the task's, those that are said with this question.
    """
    words = (_("Asking the model"), _("Waiting for another question"))
    yield progress_html(words[0])
    before, why_not = None, ""
    supersede_question(services, draft)
    with cancellable(services, draft, is_single=True) as cancelled:
        asking = services.predictor.ask(run, [cells], "tuned", cancelled, options)
        (tuned,) = yield from shown_as(*words, asking, {AFTER: ""})
        try:
            asking = services.predictor.ask(run, [cells], "before", cancelled, options)
            (before,) = yield from shown_as(*words, asking, {AFTER: str(tuned.value), BEFORE: ""})
        except StudioError as error:
            if cancelled.is_set():
                raise
            why_not = str(error)
    asked = Asked(task.columns, cells, truth, classes_of(run, task))
    services.answers[draft.id] = Asking(run.id, task.answer_kind, asked, tuned, before, why_not)
    return services.drafts.load(draft.id)


def last_asking(services: Services, draft: Draft) -> Asking | None:
    """The last question to the run that the draft shows."""
    asking = services.answers.get(draft.id)
    return asking if asking is not None and asking.run == draft.run else None


def answer_html(asking: Asking | None, task: Task | None = None) -> str:
    """The last answers: tuned beside before training. task: what is asked for, where there is no question yet."""
    if asking is None:
        first = INPUTS[task.inputs[0].kind].what_to_do if task else _("Give an example.")
        return empty("compass", _("No question yet"), sentences(first, _("Then press Predict, or pick an example.")))
    kind = ANSWERS[asking.kind]
    title = heading(_("The model says: {answer}", answer=kind.short(asking.tuned)), kind.truth(asking.asked), level=3)
    shown = title + kind.html(asking.tuned, asking.before, asking.asked)
    return shown + (
        notice("info", _("The answer before training cannot be shown."), asking.why_not) if asking.why_not else ""
    )


def choose_run(draft: Draft, run_id: str) -> Draft:
    """A list also tells of itself when the focus leaves it: then nothing changes."""
    return draft if run_id == draft.run else draft.change(run=run_id, mark=None, example=None)


def run_with_model(services: Services, draft: Draft) -> Run | None:
    """The run that is open, where it can be tried."""
    run = services.store.find(draft.run) if draft.run else None
    return run if run is not None and services.states.of(run).has_model else None


def open_run(services: Services, draft: Draft) -> tuple[Run, Task]:
    run = services.store.find(draft.run) if draft.run else None
    task = task_of(run) if run else None
    if run is None or task is None:
        raise StudioError(_("There is no run to try."), _("None is chosen."), _("Choose one above."))
    return run, task


def shown_as(
    sentence: str, waiting: str, exchange: Exchange[T], texts: Mapping[str, str] = NOTHING_WRITTEN
) -> Generator[str, None, T]:
    """An exchange as progress for the page. waiting: what is said while others come first.

    texts: by their titles, what is written already; the last one is being written.
    """
    with closing(exchange):
        while True:
            try:
                step = next(exchange)
            except StopIteration as end:
                result: T = end.value
                return result
            growing = {**texts, list(texts)[-1]: step.written} if step.written else {}
            yield progress_html(waiting if step.in_line else sentence, step.done, step.total) + written_html(growing)


def written_html(texts: Mapping[str, str]) -> str:
    parts = (
        f'{heading(title, "", level=4)}<div class="ui-answer-text" dir="auto">{escape(text)}</div>'
        for title, text in texts.items()
    )
    return f'<div class="ui-answer-parts">{"".join(parts)}</div>' if texts else ""


@contextmanager
def cancellable(services: Services, draft: Draft, is_single: bool = False) -> Iterator[threading.Event]:
    """What is asked of a model inside is cancelled by the event, which `cancel_questions` of this draft sets.

    is_single: and by the draft's next question, with SupersededError.
    """
    questions, question = services.questions, Question(draft.id, is_single)
    questions.add(question)
    try:
        yield question.cancelled
    except StudioError as error:
        if question.is_superseded:
            raise SupersededError from error
        raise
    finally:
        questions.discard(question)


def supersede_question(services: Services, draft: Draft) -> None:
    """Whoever asks about another input waits for the former answer no more. Raises SupersededError where this is the
    former, and begins late."""
    arrived = current_person().arrived
    if arrived < services.asked.get(draft.id, 0.0):
        raise SupersededError
    services.asked[draft.id] = arrived
    for question in list(services.questions):
        if question.draft == draft.id and question.is_single:
            question.supersede()


def cancel_questions(services: Services, draft: Draft) -> Draft:
    for question in list(services.questions):
        if question.draft == draft.id:
            question.cancelled.set()
    return draft
