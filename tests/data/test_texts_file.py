"""A file of texts for the Test page: what is read of tables and of plain lines."""

from pathlib import Path

import pandas
import pytest

from studio.data.limits import Limits
from studio.data.texts_file import LARGEST, texts_in
from studio.errors import StudioError

TEXTS = ["Wool coat, red; size 40", "Rain coat, blue", "Hat"]


def test_lines_are_texts_whatever_signs_stand_in_them(tmp_path: Path) -> None:
    file = tmp_path / "products.txt"
    file.write_bytes(("\ufeff" + "\r\n".join([*TEXTS, "", "Hat"])).encode())
    assert texts_in(file, Limits()) == TEXTS, "each once"
    file.write_bytes("Grüße\nÄpfel und Öl".encode("cp1252"))
    assert texts_in(file, Limits()) == ["Grüße", "Äpfel und Öl"]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_of_a_table_the_column_of_texts_is_taken(tmp_path: Path, ending: str) -> None:
    table = pandas.DataFrame({"id": ["1", "2", "3"], "product": TEXTS, "price": ["5.0", "7.5", "2.0"]})
    file = tmp_path / f"products.{ending}"
    if ending == "csv":
        table.to_csv(file, index=False)
    elif ending == "xlsx":
        table.to_excel(file, index=False)
    else:
        table.to_json(file, orient="records", lines=True)
    assert texts_in(file, Limits()) == TEXTS


@pytest.mark.parametrize(("content", "why"), [(b"\n \n", "holds no texts"), (b"x" * (LARGEST + 1), "too large")])
def test_what_cannot_be_used_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "texts.txt"
    file.write_bytes(content)
    with pytest.raises(StudioError, match=why):
        texts_in(file, Limits())
