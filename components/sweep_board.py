"""How a search for the best settings stands, drawn by the server and asked for again as long as it goes on."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from components.element import Element, QuestionError, question
from components.scripts import script
from components.words import _, escape


class SweepBoardValue(TypedDict, total=False):
    """Another `sweep` starts over; any other change of the value asks again."""

    sweep: str | None
    status: str


class SweepBoard(Element):
    """poll(sweep, seen) -> {"seen": word, "status": word} and, where "seen" is another one than was asked with,
    "html": the board's markup. "wait": seconds until it is asked again; "done": True: nothing more will come.

    Buttons in the markup are `board_button`s: a press fires `select` or `compare` with {"key"}. Fires `status` with
    {"status"} when that changes. Not asked while the page is hidden or the board is folded away.
    """

    def __init__(self, poll: Callable[[str, str], dict[str, Any]], value: SweepBoardValue | None = None, **more: Any):
        def poll_sweep(query: Any) -> dict[str, Any]:
            sweep, seen = (question(query).get(key) for key in ("sweep", "seen"))
            if not isinstance(sweep, str) or not isinstance(seen, str):
                raise QuestionError(_("The board has to be asked for a search. Load the page again."))
            return poll(sweep, seen)

        super().__init__(
            value=value,
            html_template='<div class="ui-sweep"></div>',
            js_on_load=script("sweep_board"),
            apply_default_css=False,
            server_functions=[poll_sweep],
            **more,
        )


def board_button(key: str, words: str, about: str = "", event: str = "select") -> str:
    """A button of the board. about: what it is about, for those who hear it without its row."""
    named = f' aria-label="{escape(about)}"' if about else ""
    return (
        f'<button type="button" class="ui-sweep-button" data-event="{event}" data-key="{escape(key)}" '
        f'data-focus="{event} {escape(key)}"{named}>{escape(words)}</button>'
    )


def trials_table(columns: Sequence[str], rows: Sequence[Sequence[str]], buttons: Sequence[str], caption: str) -> str:
    """A row for each trial, with its button behind it ("" for none)."""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(
            f'<td data-title="{escape(title)}">{escape(cell)}</td>'
            for title, cell in zip(columns[1:], rest, strict=True)
        )
        + f"<td>{button}</td></tr>"
        for (first, *rest), button in zip(rows, buttons, strict=True)
    )
    last = f'<th scope="col"><span class="ui-sr-only">{escape(_("Open"))}</span></th>'
    region = f'tabindex="0" role="region" data-scroll="trials" aria-label="{escape(caption)}"'
    return (
        f'<div class="ui-table-scroll ui-table-whole ui-sweep-trials" {region}><table class="ui-table">'
        f"<thead><tr>{head}{last}</tr></thead><tbody>{body}</tbody></table></div>"
    )
