"""What run.yaml says under `data`: where the rows come from, how to read them, which columns, how to split."""

from studio.data.cleaning import CleaningOptions
from studio.data.splitting import SplitOptions
from studio.language import _
from studio.options import Options, setting


class ReadingOptions(Options):
    """How to read a file of text rows. What is not given is guessed from the file."""

    delimiter: str | None = setting(
        None, title=_("Separator"), help=_("The character between columns: comma, semicolon, tab, ...")
    )
    encoding: str | None = setting(
        None, title=_("Encoding"), help=_("How letters are stored: utf-8, cp1252, cp1251, gb18030, utf-8+cp1252, ...")
    )
    header: bool | None = setting(
        None, title=_("First row has column names"), help=_("Off when the first row is already data.")
    )
    sheet: str | None = setting(None, title=_("Sheet"), help=_("Which sheet of an Excel file."))
    skip: int | None = setting(
        None, title=_("Lines before the table"), help=_("Comments or titles that stand above the table."), ge=0
    )
    label_from: str | None = setting(
        None,
        title=_("Where the class of an image stands"),
        help=_("folder, folder-2 (one further in), ..., or name: the beginning of the file's name."),
    )

    def stated(self) -> dict[str, object]:
        """What is not left to be guessed."""
        return self.model_dump(exclude_none=True)


class DataOptions(Options):
    """source: a file's path, `hub:owner/name` for a data set on the Hub, or `sample/NAME`."""

    source: str = setting(title=_("Data"), help=_("A file, `hub:owner/name`, or `sample/NAME`."))
    files: str | None = setting(
        None,
        title=_("Folder of files"),
        help=_("For a table that names images: the folder below which they lie, if not the table's own."),
    )
    reading: ReadingOptions = ReadingOptions()
    columns: dict[str, str] = setting(
        {}, title=_("Columns"), help=_("Which column of the file plays which role; guessed where not given.")
    )
    left_out: tuple[str, ...] | None = setting(
        None,
        title=_("Columns left out"),
        help=_(
            "Of a table whose rows are read whole: columns that the model does not read. Not given, those that number "
            "the rows or give the answer away."
        ),
    )
    cleaning: CleaningOptions = CleaningOptions()
    limit: int | None = setting(
        None,
        title=_("Use at most this many rows"),
        help=_("A random, class-balanced sample of large data, to try things fast."),
        ge=10,
        le=10**9,
    )
    split: SplitOptions = SplitOptions()
