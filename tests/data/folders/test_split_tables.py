"""Archives of tables."""

from pathlib import Path

import pytest
from upload_files import import_folder

from studio.errors import StudioError

HEAD = "text,label\n"


def test_one_table(tmp_path: Path) -> None:
    content = import_folder(tmp_path / "up", {"data/reviews.csv": f"{HEAD}so good,a\nso bad,b\n", "LICENSE": "free"})
    assert (content.format, content.kind, len(content.table), content.problems) == ("csv", "text", 2, [])
    assert content.reading.delimiter == ","


@pytest.mark.parametrize("names", [("train.csv", "test.csv"), ("train/data.csv", "test/data.csv")])
def test_a_table_for_each_split(tmp_path: Path, names: tuple[str, str]) -> None:
    files = {names[0]: f"{HEAD}so good,a\nbroken\nso bad,b\n", names[1]: f"{HEAD}so so,a\n", "ids.csv": "id\n5\n"}
    content = import_folder(tmp_path / "up", files)
    splits = dict(zip(content.table["text"], content.table["split"], strict=True))
    assert splits == {"so good": "train", "so bad": "train", "so so": "test"}
    assert content.table.index.is_unique
    broken = [problem for problem in content.problems if problem.drops]
    assert [content.table.index[content.table["text"] == "so bad"][0] - problem.row for problem in broken] == [1]
    assert [problem.why for problem in content.problems if not problem.row] == ["Left out: ids.csv"]


def test_several_tables_of_which_none_is_the_one(tmp_path: Path) -> None:
    with pytest.raises(StudioError):
        import_folder(tmp_path / "up", {"a.csv": f"{HEAD}x,y\n", "b.csv": f"{HEAD}x,y\n"})
