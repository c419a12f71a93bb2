"""How the file was read, to be corrected: a section of the Data page, folded under a line that says it."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.words import drawn
from studio.app import imports
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire, hint
from studio.data.formats.delimited import TITLES
from studio.data.formats.encodings import ENCODINGS, title_of
from studio.data.formats.excel import sheet_names
from studio.data.formats.titles import MOST_SKIPPED
from studio.data.importing import Imported
from studio.data.options import ReadingOptions
from studio.data.reading import FORMATS
from studio.language import _, listing

HEADERS = {True: _("Has column names"), False: _("Is already data")}
SEPARATED = {
    ",": _("separated by commas"),
    ";": _("separated by semicolons"),
    "\t": _("separated by tabs"),
    "|": _("separated by bars"),
}
FIRST_ROW = {True: _("first row has column names"), False: _("first row is already data")}
FIELDS = ("delimiter", "encoding", "sheet", "skip", "header")


def reading_again(services: Services) -> Section:
    """Separator, encoding, sheet, what stands above the table, and first row, as they were found."""
    with gr.Accordion(_("File"), open=False, elem_id="reading") as box:
        gr.HTML(drawn(hint, _("If the rows look wrong, correct it here; the file is then read again.")))
        with gr.Row():
            delimiter = gr.Dropdown(named(TITLES), label=_("Separator"), interactive=True, allow_custom_value=True)
            encoding = gr.Dropdown(named(ENCODINGS), label=_("Encoding"), interactive=True, allow_custom_value=True)
            sheet = gr.Dropdown(label=_("Sheet"), interactive=True)
            skip = gr.Dropdown(list(range(MOST_SKIPPED + 1)), label=_("Lines before the table"), interactive=True)
            header = gr.Dropdown(named(HEADERS), label=_("First row"), interactive=True)
    fields = [delimiter, encoding, sheet, skip, header]

    def show(draft: Draft) -> list[Any]:
        imported = services.datasets.require_imported(draft)
        reading = imported.reading
        return [
            gr.update(label=told(imported), visible=imported.kind == "text" and reading != ReadingOptions()),
            gr.update(value=reading.delimiter, visible=reading.delimiter is not None),
            gr.update(
                choices=named({**ENCODINGS, **mixed(reading)}),
                value=reading.encoding,
                visible=reading.encoding is not None,
            ),
            gr.update(choices=sheets(draft, reading), value=reading.sheet, visible=reading.sheet is not None),
            gr.update(value=reading.skip or 0, visible=bool(reading.delimiter or reading.sheet)),
            gr.update(value=reading.header, visible=reading.header is not None),
        ]

    wires = [
        Wire(field.input, partial(imports.read_with, services, name), [field])
        for name, field in zip(FIELDS, fields, strict=True)
    ]
    return Section([box, *fields], show, wires)


def mixed(reading: ReadingOptions) -> dict[str, str]:
    """The encoding in use where the list of single ones does not hold it."""
    return {reading.encoding: title_of(reading.encoding)} if reading.encoding else {}


def named(titles: Any) -> list[tuple[str, Any]]:
    """For a list of choices."""
    return [(title, value) for value, title in titles.items()]


def told(imported: Imported) -> str:
    """The line that sums up how the file was read."""
    reading = imported.reading
    parts = [
        next((known.title for known in FORMATS if known.name == imported.format), imported.format),
        SEPARATED.get(reading.delimiter, f"'{reading.delimiter}'") if reading.delimiter else "",
        title_of(reading.encoding) if reading.encoding else "",
        _("sheet '{name}'", name=reading.sheet) if reading.sheet else "",
        FIRST_ROW[reading.header] if reading.header is not None else "",
    ]
    return _("File: {parts}", parts=listing([part for part in parts if part], ","))


def sheets(draft: Draft, reading: ReadingOptions) -> list[str]:
    """The sheets of an Excel file to choose from; the one in use alone once the upload is gone."""
    if reading.sheet is None:
        return []
    source = Path(draft.source or "")
    return sheet_names(source) if source.is_file() else [reading.sheet]
