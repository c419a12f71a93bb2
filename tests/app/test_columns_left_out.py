"""Columns of a table that the model does not read, chosen on the Data page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny

from studio.app.columns_left_out import leave_out, leaving_out
from studio.app.drafts import Draft
from studio.app.pages import Services
from studio.app.tabs.model import choose_task


@pytest.fixture
def table_draft(services: Services, upload: Callable[[Draft, Path], Draft], tmp_path: Path) -> Draft:
    file = tiny.write_table(tmp_path / "table.csv")
    lines = file.read_text(encoding="utf-8").splitlines()
    numbered = ["id," + lines[0], *(f"{n},{line}" for n, line in enumerate(lines[1:]))]
    file.write_text("\n".join(numbered), encoding="utf-8")
    return upload(choose_task(services, services.drafts.load(None), {"key": "tabular-classification"}), file)


def shown(services: Services, draft: Draft) -> dict[str, Any]:
    return dict(leaving_out(services).show(draft)[0])


def test_what_was_found_stands_there_and_can_be_taken_in(services: Services, table_draft: Draft) -> None:
    drawn = shown(services, table_draft)
    assert drawn["visible"] and drawn["value"] == ["id"]
    assert drawn["choices"] == ["id", "mood", "story", "music", "stars"], "what is learned is not among them"
    taken_in = leave_out(services, table_draft, [])
    assert taken_in.data.left_out == () and shown(services, taken_in)["value"] == []
    assert '"id"' in services.datasets.assembled(taken_in).table["record"][0]
    more = leave_out(services, taken_in, ["id", "stars"])
    assert services.datasets.assembled(more).left_out == ("id", "stars")
    assert leave_out(services, more, ["id"]).data.left_out is None, "nothing is chosen but what is found anyway"


def test_it_is_not_asked_of_a_task_that_reads_a_column(services: Services, text_draft: Draft) -> None:
    assert shown(services, text_draft) == {"visible": False, "__type__": "update"}


def test_other_data_begins_anew(
    services: Services, table_draft: Draft, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    other = upload(leave_out(services, table_draft, ["stars"]), tiny.write_table(tmp_path / "other.csv", seed=1))
    assert other.data.left_out is None and shown(services, other)["value"] == []


def test_what_is_no_column_is_not_left_out(services: Services, table_draft: Draft) -> None:
    odd = leave_out(services, table_draft, ["stars", "no such column", "../x", "x" * 10_000])
    assert odd.data.left_out == ("stars",)
