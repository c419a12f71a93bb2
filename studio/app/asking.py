"""Predictions on the Test page: one input to the tuned and the untouched model, or a whole file."""

from collections.abc import Generator, Mapping
from pathlib import Path

from components.notices import empty, heading, notice
from studio.app.answers import ANSWERS, Asked, Asking
from studio.app.drafts import Draft
from studio.app.inputs import INPUTS
from studio.app.pages import Services, progress_html
from studio.app.prediction_files import predict_into
from studio.app.results import classes_of
from studio.errors import StudioError
from studio.store import Run
from studio.tasks.base import Task


def ask(
    services: Services, draft: Draft, run: Run, task: Task, cells: Mapping[str, str], truth: Mapping[str, str]
) -> Generator[str, None, Draft]:
    """Answer with the tuned model and the untouched one; what cannot be had is said."""
    yield progress_html("Asking the model")
    (tuned,) = services.predictor.predict(run, [cells])
    before, why_not = None, ""
    try:
        (before,) = services.predictor.predict(run, [cells], "before")
    except StudioError as error:
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
        first = INPUTS[task.inputs[0].kind].what_to_do.rstrip(".") if task else "Give an example"
        return empty("compass", "No question yet", f"{first} or pick an example, then press Predict.")
    kind = ANSWERS[asking.kind]
    title = heading(f"The model says: {kind.short(asking.tuned)}", kind.truth(asking.asked), level=3)
    shown = title + kind.html(asking.tuned, asking.before, asking.asked)
    return shown + (notice("info", "Before training cannot be shown.", asking.why_not) if asking.why_not else "")


def answer_file(services: Services, draft: Draft, run: Run, path: str) -> Generator[str, None, Draft]:
    """Predictions for every row of an uploaded file, as a CSV to download."""
    yield progress_html("Answering every row")
    for done, total in predict_into(services.predictor, run, Path(path), predictions_file(services, run.id)):
        yield progress_html("Answering every row", done, total)
    Path(path).unlink(missing_ok=True)
    return services.drafts.load(draft.id)  # a large file takes minutes, and people go on meanwhile


def predictions_file(services: Services, run_id: str) -> Path:
    return services.home.downloads / f"{run_id}-predictions.csv"
