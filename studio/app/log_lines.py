"""A run's log as lines that people read."""

from collections.abc import Iterable
from time import localtime, strftime

from studio.events import AnyEvent, Evaluated, Failed, Finished, Note, Paused, Phase, Resumed, Started
from studio.language import _


def log_lines(events: Iterable[AnyEvent], headline: str) -> list[str]:
    """One line for each event that people may want to read. headline: the metric that the run is judged by."""
    lines = [(event.time, _line(event, headline)) for event in events]
    return [f"{strftime('%H:%M:%S', localtime(time))}  {line}" for time, line in lines if line]


def _line(event: AnyEvent, headline: str) -> str:
    match event:
        case Started():
            return _(
                "Started on {device}, {precision}, {threads} threads.",
                device=event.device,
                precision=event.precision,
                threads=event.threads,
            )
        case Phase():
            shown_elsewhere = event.name in ("training", "evaluating")  # and there are many of them
            return event.sentence if event.done == 0 and not shown_elsewhere else ""
        case Note():
            return event.text
        case Resumed():
            return _("Resumed behind step {step}.", step=event.step)
        case Evaluated():
            return _scores(event, headline)
        case Paused():
            return _("Paused at step {step}.", step=event.step)
        case Finished():
            return _(
                "Finished ({reason}); the best step was {best_step}.", reason=event.reason, best_step=event.best_step
            )
        case Failed():
            return event.what
    return ""


def _scores(event: Evaluated, headline: str) -> str:
    """All numbers of the test split; of a check during training the two that are drawn."""
    shown = [name for name in event.metrics if event.split == "test" or name in (headline, "loss")]
    numbers = ", ".join(f"{name} {event.metrics[name]:.4f}" for name in shown)
    return f"{event.split.capitalize()} at step {event.step}: {numbers}{' (best)' if event.best else ''}"
