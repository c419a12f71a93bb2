"""Curves that grow while something runs: the browser asks twice a second for what is new and appends it."""

from collections.abc import Callable
from typing import Any, TypedDict

from components.element import Element, QuestionError, question
from components.scripts import script
from components.words import _

TITLE, NAMES, STEP = _("Loss"), (_("train"), _("validation")), _("step")
NOTHING = _("Nothing is running.")


class LiveChart(Element):
    """Two charts (losses above, one metric below), progress, numbers and a log of one run.

    poll(run, offset) -> {"offset": int} and whatever changed since `offset`; a missing key means unchanged:
      "reset": True          forget everything shown so far, before the rest of the message
      "truncate": step       drop points after `step` (the run was resumed from there)
      "train", "validation", "metric": [[step, value], ...] to append; "metric_name": str, and beside it
                             "metric_percent": whether 1.0 means 100%
      "best": step or None   the step that is kept, marked in the chart
      "progress": 0..1 or None; "phase": sentence; "status": word; "status_title": its plain words
      "preparing": None or {"stages": [{"title", "state": "done" | "now" | "next", "share": 0..1 or None}, ...],
                             "share": 0..1 or None, "left": seconds or None, "doing": word}: before there is a curve
      "reading": what the curves say, in a sentence
      "stats": [[label, value], ...]; "terms": for each the term (`components.terms`) that its label names, or None
      "log": [line, ...]; "notice": markup from `components.notices`
      "beside", "line": text words for what is drawn beside the chart; another one fires `status` again
      "wait": seconds        ask again no sooner, for this once
      "done": True           nothing more will come: polling stops
    value: {"run": id or None, ...}. Another `run` starts over; any other change of the value (such as a counter
      after Resume) polls again where it stopped.
    Fires `status` with {"status"} when the status or "beside" changes, and when it is first known.

    Asks every 0.5 s, every 3 s while the status is in `slow` or the chart is in a closed tab, never while the
    page is hidden, and only when the last answer has come. A failed poll is repeated until the server is back.
    The template holds no value, so Gradio never redraws it, and a zoom is kept.
    """

    def __init__(
        self,
        poll: Callable[[str, int], dict[str, Any]],
        value: "LiveValue | None" = None,
        *,
        title: str = TITLE,
        names: tuple[str, str] = NAMES,
        x_title: str = STEP,
        slow: tuple[str, ...] = ("queued", "idle", "paused"),
        nothing: str = NOTHING,
        **settings: Any,
    ) -> None:
        # A function of our own, so that Gradio's mark on it does not end up on the caller's; one argument,
        # because a server function receives what the browser sent as one value.
        def poll_run(query: Any) -> dict[str, Any]:
            run, offset = (question(query).get(key) for key in ("run", "offset"))
            if not isinstance(run, str) or not isinstance(offset, int):
                raise QuestionError(_("The chart has to be asked for a run, and from where on. Load the page again."))
            return poll(run, offset)

        super().__init__(
            value=value,
            html_template='<div class="ui-live"></div>',
            js_on_load=script("plot", "series", "progress_box", "live_chart"),
            apply_default_css=False,
            server_functions=[poll_run],
            chart_title=title,
            names=list(names),
            x_title=x_title,
            slow=list(slow),
            nothing=nothing,
            **settings,
        )


class LiveValue(TypedDict, total=False):
    run: str | None
