"""Running text is cut into passages; a list of texts or a table under the same ending is none."""

from pathlib import Path

import pytest

from studio.data.formats.prose import PASSAGE, passages_of
from studio.data.reading import find_format, read_table

WORDS = "It was a fine day, and nobody knew why. "


def write(folder: Path, text: str, name: str = "book.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_paragraphs_become_passages_and_nothing_is_lost(end: str, tmp_path: Path) -> None:
    paragraphs = [f"Chapter {n}.{end}{WORDS * (n % 9 + 1)}".strip() for n in range(40)] + [WORDS * 100, "x" * 2500]
    path = write(tmp_path, f"{end}{end}".join(paragraphs))
    assert find_format(path).name == "prose"
    table, problems = read_table(path)
    assert not problems and table.index.tolist() == list(range(1, len(table) + 1))
    assert table["text"].str.len().max() <= PASSAGE + 100 and len(table) < len(paragraphs)
    assert "".join(" ".join(table["text"]).split()) == "".join(" ".join(paragraphs).split())


@pytest.mark.parametrize(
    "text",
    [
        "text,label\ngood film,pos\nbad film,neg\n",
        "\n".join(f"A short review, number {n}" for n in range(50)),
        "\n\n".join(f"A short review, number {n}" for n in range(50)),
        "\n\n".join("a\tb\nc\td" for _ in range(50)),
        "Two paragraphs.\n\nThat is all.",
    ],
    ids=["table", "lines", "apart", "tabs", "few"],
)
def test_what_is_no_running_text(text: str, tmp_path: Path) -> None:
    assert find_format(write(tmp_path, text)).name != "prose"


def test_a_sentence_that_is_too_long_is_cut_anywhere() -> None:
    assert [len(piece) for piece in passages_of(["y" * 2 * PASSAGE + "z"])] == [PASSAGE, PASSAGE, 1]
