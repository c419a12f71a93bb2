"""What a field is: what the cells of one kind of column hold, and everything the studio asks about them.

Cells of the imported table are text, whatever the file held; a field says what the text means. A new kind of
cell is one file here and one line in `studio.data.fields`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas

from studio.data.columns import Column, Problem
from studio.data.profile import ColumnProfile
from studio.language import plural

if TYPE_CHECKING:
    from studio.data.splitting import SplitOptions


class Field:
    """The contract; most fields have nothing to add to some of these answers.

    name: what a task's `Column.kind` says. missing: what is wrong with a row whose cell is empty.
    example: such a value as Python, for the model card, and reading: what the card's code needs to hand it to
    `pipeline` as the studio reads it, as (imports, definitions).
    examples: three such cells, for a template that people fill in; in all fields those at the same place belong
    together. is_plain: whether people can type such a cell without knowing its format.
    bring: what to do where data of a kind ("text", "image" or "audio") has none. absent: what is said where no
    column of the data looks like this field; with "" it asks which column does, since people may choose another.
    weak: a `fit` up to which a column looks like this field only if it is also called so.
    gathers: whether such a cell is made from other columns of the table, so that no column is chosen for it.
    takes_all: whether it is made from all columns that have no other role.
    is_learned: whether such a target is what a model learns to say, not only something more about the row.
    """

    name: ClassVar[str]
    missing: ClassVar[str]
    example: ClassVar[str] = '"..."'
    reading: ClassVar[tuple[str, str]] = ("", "")
    examples: ClassVar[tuple[str, str, str]] = ("...", "...", "...")
    is_plain: ClassVar[bool] = True
    bring: ClassVar[Mapping[str, str]] = {}
    absent: ClassVar[str] = ""
    weak: ClassVar[float] = 0.0
    gathers: ClassVar[bool] = False
    takes_all: ClassVar[bool] = False
    is_learned: ClassVar[bool] = True

    def stored(self, cells: pandas.Series) -> pandas.Series:
        """The cells as the assembled table keeps them."""
        return cells

    def gather(self, table: pandas.DataFrame, roles: Mapping[str, str]) -> pandas.Series:
        """For a field that `gathers`: a cell for each row. roles: the columns that have another role, by it."""
        raise NotImplementedError

    def gathers_from(self, count: int) -> bool:
        """For a field that `gathers`: whether it can. count: of columns that are left for it."""
        return count > 0

    def asked(self, table: pandas.DataFrame, roles: Mapping[str, str]) -> tuple[pandas.DataFrame, pandas.Series]:
        """For a field that `gathers`: what a finished model is asked about, as rows of a file and a cell for each."""
        return table, self.gather(table, roles)

    def told(self, example: str, column: Column) -> dict[str, str]:
        """The columns of a file that say an example."""
        return {column.name: example}

    def divided(self, table: pandas.DataFrame, options: "SplitOptions") -> "tuple[pandas.Series, str] | None":
        """The split of each row and how it was made, in a sentence, where rows belong together so that they cannot be
        drawn one by one. table: the assembled one. None where they can."""
        return None

    def parse(self, cell: str, files: Path | None) -> Any:
        """What the cell means. files: the folder that names of files are relative to. Raises StudioError."""
        return cell

    def typed(self, text: str) -> str:
        """The cell for what somebody wrote in a terminal. Raises StudioError, for a file that is not there, say."""
        return text

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        """What is wrong with these cells, none of them empty; the index holds the rows' numbers."""
        yield from ()

    def require_lesson(self, cells: pandas.Series) -> None:
        """Raises StudioError where nothing can be learned from these cells, which are those of all usable rows."""

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        """What rows are compared by: two that have the same are copies of each other. None where cells do not tell.

        contents: stored image -> the same for the same pixels (see `Imported.contents`).
        """
        return None

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        """How much a column looks like this field, from 0 to about 25. stored: the field of the stored files that
        it names, or ""."""
        return 0.0

    def classes(self, cell: str) -> tuple[str, ...]:
        """The labels in a cell: one for a class, one a span or box, none for a text."""
        return ()

    def renamed(self, cell: str, names: Mapping[str, str]) -> str:
        """The cell with other names for some of its labels; two that get one name become one. names: old -> new."""
        return cell

    def summary(self, cells: pandas.Series) -> str:
        """What a column holds, in a few words; "" where its labels are counted, or nothing can be said."""
        return ""

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        """What a split should keep in the same mix everywhere, one word a row; None where nothing is."""
        return None

    def counted(self, n: int) -> str:
        """So many examples of it, as people call them where it is all that an example is made of."""
        return plural("{n:,} row", "{n:,} rows", n)

    def similarity(self, one: str, other: str) -> float:
        """How alike two cells are, from 0 to 1."""
        return float(one == other)
