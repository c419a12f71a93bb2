"""Tables: one that asks the server for a page of rows at a time, and small static ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from components.element import Element, question
from components.icons import icon
from components.notices import badge
from components.scripts import script
from components.words import _, escape

ROWS, NOTHING = _("Rows"), _("Nothing to show yet.")


class PagedTable(Element):
    """A table of any length, of which the browser only ever holds one page.

    page: called with {**value, "start", "count", "filter"}; gives {"columns": [{"key", "title", "kind"}],
        "rows": [{key: cell}], "total": n}, and may add "message" for when there are no rows, "layout" in place of the
        table's own, "legend": markup above the rows, and "again": seconds after which the same page is asked for once
        more.
        kind: "text" (the default), "number", "image" (cell: an address, or {"src", "alt"} and perhaps "large", the
        address of what a press shows), "badge" (cell: text, or {"text", "tone"}), "drawing" (cell: markup of
        `components.charts`), "moment" (cell: seconds since 1970).
        A column that "sorts" has a button as its title; whoever presses it asks for "sort": its key, and a second time
        for "reversed": True, too. A row's "marks", badges, stand behind its first cell. "filters": lists to choose one
        entry from, [{"key", "title", "choices": [{"value", "title"}]}]; asked for as "chosen": {key: value}.
    value: a small query such as {"token": ...}; None draws `nothing`. A changed value reloads from row 1.
    lasting: whether what is searched, filtered, sorted and shown stays when the value changes.
    Fires `select` with {"row": the row as `page` gave it} when `selectable`. opens: the elem_id
    of what shows the chosen row: it is scrolled into view where it is not.
    """

    def __init__(
        self,
        page: Callable[[dict[str, Any]], dict[str, Any]],
        value: Mapping[str, Any] | None = None,
        *,
        rows_per_page: int = 20,
        layout: Literal["table", "gallery"] = "table",
        selectable: bool = False,
        opens: str = "",
        filterable: bool = False,
        lasting: bool = False,
        caption: str = ROWS,
        nothing: str = NOTHING,
        **settings: Any,
    ) -> None:
        # A function of our own, so that Gradio's mark on it does not end up on the caller's.
        def fetch_page(query: Any) -> dict[str, Any]:
            return page(question(query))

        super().__init__(
            value=value,
            html_template='<div class="ui-paged"></div>',
            js_on_load=script("lightbox", "paged_table"),
            apply_default_css=False,
            server_functions=[fetch_page],
            rows_per_page=rows_per_page,
            layout=layout,
            selectable=selectable,
            opens=opens,
            filterable=filterable,
            lasting=lasting,
            caption=caption,
            nothing=nothing,
            zoom=icon("zoom"),
            **settings,
        )


def metric_cards(items: Sequence[Mapping[str, str]]) -> str:
    """Numbers as small cards: [{"label", "value", and perhaps "note"}]."""
    cards = "".join(
        f'<div class="ui-stat"><span class="ui-stat-label">{escape(item["label"])}</span>'
        f'<span class="ui-stat-value">{escape(item["value"])}</span>'
        + (f'<span class="ui-stat-note">{escape(item["note"])}</span>' if item.get("note") else "")
        + "</div>"
        for item in items
    )
    return f'<div class="ui-stats">{cards}</div>'


def simple_table(
    columns: Sequence[Mapping[str, str]],
    rows: Sequence[Mapping[str, Any]],
    highlight: Callable[[Mapping[str, Any]], bool] | None = None,
    caption: str = "",
    stacks: bool = False,
) -> str:
    """A small static table, which scrolls in itself where it is long.

    Columns as for `PagedTable`; a row for which `highlight` holds is marked. stacks: on a narrow screen the cells of a
    row stand below each other.
    """
    head = "".join(
        f'<th scope="col" class="ui-kind-{_kind(column)}">{escape(column["title"])}</th>' for column in columns
    )
    body = "".join(
        ('<tr class="ui-row-marked">' if highlight and highlight(row) else "<tr>")
        + "".join(_cell(row.get(column["key"]), column, first=not at) for at, column in enumerate(columns))
        + "</tr>"
        for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    name = escape(caption or _("Table"))
    region = f'tabindex="0" role="region" aria-label="{name}"'
    return (
        f'<div class="ui-table-scroll ui-table-whole{" ui-table-stacks" if stacks else ""}" {region}>'
        f'<table class="ui-table">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _kind(column: Mapping[str, str]) -> str:
    return escape(column.get("kind", "text"))


def _cell(value: Any, column: Mapping[str, str], first: bool) -> str:
    kind = _kind(column)
    if kind == "badge" and value is not None:
        text, tone = (value["text"], value.get("tone", "neutral")) if isinstance(value, Mapping) else (value, "neutral")
        inside = badge(str(text), tone)
    else:
        inside = "" if value is None else escape(str(value))
    tag, scope = ("th", ' scope="row"') if first else ("td", "")
    return f'<{tag}{scope} class="ui-kind-{kind}" data-title="{escape(column["title"])}">{inside}</{tag}>'
