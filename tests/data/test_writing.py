"""Texts in another script than the rest."""

import pandas
import pytest

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.writing import foreign_scripts, script

TEXT = Column("text", "Text", "text", "")
THAI = "สินค้าดีมาก"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("good", "LATIN"), ("größer!", "LATIN"), (THAI, "THAI"), ("ok " + THAI, "THAI"), ("Всё", "CYRILLIC")),
        *(("東京へ行く", "CJK"), ("12 :-)", ""), ("", ""), ("👍", "")),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, name: str) -> None:
    assert script(text) == name


def test_a_few_texts_of_another_script_are_named_with_their_count() -> None:
    cells = pandas.Series(["a good one", "não", "5 of 5"] * 40 + [THAI] * 3, index=range(1, 124))
    found = list(FIELDS["text"].problems(cells, TEXT, None))
    assert [problem.row for problem in found] == [121, 122, 123]
    assert all("Thai" in each.what and "3 such texts among 123" in each.why and not each.drops for each in found)
    alone = list(FIELDS["text"].problems(cells[:121], TEXT, None))
    assert [problem.row for problem in alone] == [121] and "only such text" in alone[0].why


def test_texts_of_several_scripts_belong_together() -> None:
    assert foreign_scripts(pandas.Series(["good"] * 40 + [THAI] * 10)) == {}
    assert foreign_scripts(pandas.Series(["good"] * 100)) == {}
    assert foreign_scripts(pandas.Series(["1", ""])) == {} and foreign_scripts(pandas.Series([], dtype=str)) == {}
