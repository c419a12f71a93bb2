"""What is wrong with the rows, and putting it right or leaving it as it came: a piece of the Data page."""

from functools import partial
from typing import Any

import gradio as gr

from components.changes import Changes, ChangesValue
from components.notices import heading, notice
from components.tables import PagedTable
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire
from studio.data.assembly import Assembled
from studio.data.cleaning import Mending, mend, mended, mendings, take_back

CLEANING = "data.cleaning"  # where the run file says what is put right


def problems(services: Services) -> Section:
    """What was found in the rows, and what can be put right."""
    title = gr.HTML(elem_id="dropped-title")
    offered = Changes(
        title="Can be put right:", press="Put it right", press_all="Put all right", sign="plus", elem_id="offered"
    )
    were_put_right = Changes(
        title="Put right:", press="Leave it as it came", press_all="Leave all as it came", elem_id="put-right"
    )
    table = PagedTable(page=services.datasets.problems, rows_per_page=8, caption="Left out", elem_id="dropped")

    def show(draft: Draft) -> list[Any]:
        assembled = services.datasets.usable(draft)
        if assembled is None:
            return ["", None, done(draft), gr.skip()]
        # another choice is another query
        query = {"draft": draft.id, "dataset": draft.dataset, "choices": draft.data.model_dump_json()}
        return [
            found_html(assembled),
            shown(offers(draft, assembled)),
            done(draft),
            gr.update(value=query, visible=bool(assembled.problems)),
        ]

    wires = [
        Wire(offered.select, partial(press, services), event=True),
        Wire(were_put_right.select, leave, event=True),
    ]
    return Section([title, offered, were_put_right, table], show, wires)


def found_html(assembled: Assembled) -> str:
    dropped, remarked = assembled.dropped, sum(not problem.drops for problem in assembled.problems)
    if not dropped and not remarked:
        return notice("good", "Every row can be used.")
    if not dropped:
        return heading("Worth knowing", f"Every row can be used; {remarked:,} are kept with a remark.")
    remarks = f" {remarked:,} are kept with a remark." if remarked else ""
    return heading("What is left out", f"{dropped:,} rows are left out, each for the reason given.{remarks}")


def offers(draft: Draft, assembled: Assembled) -> list[Mending]:
    """What can be put right in the draft's rows."""
    return mendings(draft.data.cleaning, assembled.problems, assembled.class_sizes)


def shown(entries: list[Mending]) -> ChangesValue:
    """For `components.changes`."""
    return {"changes": [{"key": each.key, "title": each.title, "value": each.value} for each in entries]}


def done(draft: Draft) -> ChangesValue:
    return shown(mended(draft.data.cleaning))


def put_right(services: Services, draft: Draft, key: str = "") -> Draft:
    """The draft with one offer taken, or all of them."""
    assembled = services.datasets.assembled(draft)
    cleaning, counts = draft.data.cleaning, assembled.class_sizes
    for each in offers(draft, assembled):
        cleaning = mend(cleaning, each.key, counts) if key in ("", each.key) else cleaning
    return draft.configure({CLEANING: cleaning.model_dump()})


def press(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    return put_right(services, draft, str(event["key"]))


def leave(draft: Draft, event: dict[str, Any]) -> Draft:
    """One thing as it came, or everything."""
    key = str(event["key"])
    if not key:
        return draft.without(CLEANING)
    return draft.configure({CLEANING: take_back(draft.data.cleaning, key).model_dump()})
