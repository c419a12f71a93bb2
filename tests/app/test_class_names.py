"""Classes renamed and made one on the Data page: among the fixes, undone as these are, and in the run file."""

import pytest

from studio.app import fixes
from studio.app.class_names import rename_classes
from studio.app.correcting import with_cleaning
from studio.app.drafts import Draft
from studio.app.pages import Services
from studio.data.corrections import Correction
from studio.data.renaming import for_corrections, with_name
from studio.errors import StudioError


def test_two_classes_become_one_and_two_again(services: Services, text_draft: Draft) -> None:
    before = services.datasets.assembled(text_draft).counts
    first, second = list(before)[:2]
    merged = rename_classes(services, text_draft, [first, second], "both")
    if len(before) == 2:
        assert services.datasets.usable(merged) is None, "nothing is left to tell apart"
    assert merged.data.cleaning.labels == {first: "both", second: "both"}
    chips = fixes.done(merged)["changes"]
    assert [chip["value"] for chip in chips] == ["renamed to 'both'"] * 2
    apart = fixes.undo(merged, {"key": next(chip["key"] for chip in chips if first in str(chip))})
    assert set(services.datasets.assembled(apart).counts) == {first, "both", *list(before)[2:]}
    assert services.datasets.assembled(fixes.undo(merged, {"key": ""})).counts == before


def test_a_corrected_row_goes_along(services: Services, text_draft: Draft) -> None:
    first, second = list(services.datasets.assembled(text_draft).counts)[:2]
    cleaning = text_draft.data.cleaning.corrected(Correction(row=1, label=first, column="label"))
    renamed = rename_classes(services, with_cleaning(text_draft, cleaning), [first], "other")
    assembled = services.datasets.assembled(renamed)
    assert dict(zip(assembled.table["row"], assembled.table["label"], strict=True))[1] == "other"
    assert set(assembled.counts) == {"other", second}


def test_a_class_that_is_not_there_is_refused(services: Services, text_draft: Draft) -> None:
    with pytest.raises(StudioError, match="No class is chosen"):
        rename_classes(services, text_draft, ["no such class"], "x")


@pytest.mark.parametrize("name", ["", " \n", "\u200b", "\u202e\u200f", "\0", "\x1b", "x" * 201])
def test_a_name_that_nobody_sees_is_refused(services: Services, text_draft: Draft, name: str) -> None:
    first = next(iter(services.datasets.assembled(text_draft).counts))
    with pytest.raises(StudioError, match="need a name"):
        rename_classes(services, text_draft, [first], name)
    assert rename_classes(services, text_draft, [first], "a\0b\nc").data.cleaning.labels == {first: "ab c"}


def test_many_classes_take_no_time_and_not_all_are_renamed() -> None:
    many = [f"class {place}" for place in range(50_000)]
    assert len(for_corrections(dict.fromkeys(many, "one"))) == len(many)
    with pytest.raises(StudioError, match="Too many"):
        with_name({}, many, "one", many)
