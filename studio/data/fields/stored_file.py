"""What images and recordings share: a cell is the name of a file that was stored when the data was imported."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.media import MEDIA
from studio.data.named_files import NotBroughtError, find_below, why_refused
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _


class StoredFile(Field):
    """foreign, lost: what is said of a {file} that is no file of the data, and of one that is not there any more.

    without: why a table that came alone has none.
    """

    is_plain = False
    foreign: ClassVar[str]
    lost: ClassVar[str]
    without: ClassVar[str]

    def parse(self, cell: str, files: Path | None) -> Path:
        """The file's path. A name that leads out of `files` is refused; without `files` it is a path that the person
        gave, see `typed`."""
        if files is None:
            return Path(cell)
        try:
            return find_below(cell, [files])
        except NotBroughtError as error:
            raise StudioError(_(self.foreign, file=cell), str(error), _("Remove it.")) from error

    def typed(self, text: str) -> str:
        """The absolute path: the process that opens the file may run elsewhere."""
        if not Path(text).is_file():
            what = _(MEDIA[self.name].missing, file=text)
            raise StudioError(what, _("There is nothing at this path."), _("Check the path."))
        return str(Path(text).resolve())

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        """Names of files that are not there; without `files`, all of them: no file came with the table."""
        for row, name in cells.items():
            if files is None:
                why = why_refused(str(name)) or self.without
                what = _(MEDIA[self.name].missing, file=str(name)[:200])
                yield Problem(int(str(row)), what, why, column=column.name)
            elif not _is_stored(files, str(name)):
                why = _("There is no file '{file}'.", file=name)
                yield Problem(int(str(row)), self.lost, why, column=column.name)

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        """By what is in them, whatever the files are called; imports of earlier versions do not say."""
        return cells.map(lambda name: contents.get(name, name)) if contents else None

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        return 25.0 if stored == self.name else 0.0


def _is_stored(files: Path, name: str) -> bool:
    try:
        return find_below(name, [files]).is_file()
    except NotBroughtError:
        return False
