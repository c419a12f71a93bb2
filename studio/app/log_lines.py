"""A run's log as lines that people read."""

from collections.abc import Iterable
from time import localtime, strftime

from studio.events import AnyEvent, Evaluated, Failed, Finished, Note, Paused, Phase, Resumed, Started
from studio.language import _, listing, number, plural, sentences

ENDS = {
    "completed": _("all passes are done"),
    "early-stopping": _("it had stopped improving"),
    "stopped": _("it was stopped"),
}
FEW_LETTERS = 200  # of a text
SPLIT_TITLES = {"train": _("Train"), "validation": _("Validation"), "test": _("Test")}


def log_lines(events: Iterable[AnyEvent], headline: str) -> list[str]:
    """One line for each event that people may want to read. headline: the metric that the run is judged by."""
    lines = [(event.time, _line(event, headline)) for event in events]
    return [sentences(strftime("%H:%M:%S", localtime(time)), line) for time, line in lines if line]


def _line(event: AnyEvent, headline: str) -> str:
    match event:
        case Started():
            return plural(
                "Started on {device}, {precision}, {n} thread.",
                "Started on {device}, {precision}, {n} threads.",
                event.threads,
                device=event.device,
                precision=event.precision,
            )
        case Phase():
            shown_elsewhere = event.name in ("training", "evaluating")  # and there are many of them
            return event.sentence if event.done == 0 and not shown_elsewhere else ""
        case Note():
            return event.text
        case Resumed():
            return _("Resumed behind step {step}.", step=event.step)
        case Evaluated():
            return sentences(_scores(event, headline), _written(event))
        case Paused():
            return _("Paused at step {step}.", step=event.step)
        case Finished():
            return _("Finished: {reason}. The best step was {step}.", reason=ENDS[event.reason], step=event.best_step)
        case Failed():
            return event.what
    return ""


def _written(event: Evaluated) -> str:
    """What the model writes by now."""
    first = next((" ".join(text.split()) for text in event.written if text.strip()), "")
    cut = first if len(first) <= FEW_LETTERS else f"{first[:FEW_LETTERS]}…"
    return _("It now writes: {text}", text=cut) if cut else ""


def _scores(event: Evaluated, headline: str) -> str:
    """All numbers of the test split; of a check during training the two that are drawn."""
    shown = [name for name in event.metrics if event.split == "test" or name in (headline, "loss")]
    numbers = listing(sentences(name, number(event.metrics[name], ".4f")) for name in shown)
    split = SPLIT_TITLES.get(event.split, event.split)
    if event.best:
        return _("{split} at step {step}: {numbers} (best)", split=split, step=event.step, numbers=numbers)
    return _("{split} at step {step}: {numbers}", split=split, step=event.step, numbers=numbers)
