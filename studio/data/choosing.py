"""Which column of the data plays which role, as it was chosen or guessed; or why that cannot be said."""

from collections.abc import Mapping, Sequence

from studio.data.columns import Column, require_column
from studio.data.fields import FIELDS
from studio.data.guessing import guess_columns
from studio.data.importing import Imported
from studio.data.media import MEDIA
from studio.data.named_files import why_refused
from studio.data.split_names import COLUMN_NAMES
from studio.errors import StudioError
from studio.language import _, listing, sentences


def map_columns(imported: Imported, chosen: Mapping[str, str], columns: Sequence[Column]) -> dict[str, str]:
    """Every role's column: as chosen, else guessed. Raises StudioError for what is missing or unknown."""
    naming = imported.named.get("column") if imported.stored else None
    chosen = {role: imported.stored if name == naming else name for role, name in chosen.items() if name}
    known = {column.name: column for column in columns}
    for role, name in chosen.items():
        if role not in known or FIELDS[known[role].kind].gathers:
            raise StudioError(
                _("The task has no column '{column}'.", column=role),
                _(
                    "Its columns are {columns}.",
                    columns=listing(name for name, column in known.items() if not FIELDS[column.kind].gathers),
                ),
                _("Use one of those names."),
            )
        require_column(name, imported.columns)
    mapping = guess_columns(imported, columns, chosen)
    free = {*imported.columns} - {imported.stored, *mapping.values()}
    missing = [each for each in columns if each.required and each.name not in mapping]
    asked = sum(not FIELDS[each.kind].gathers for each in missing)
    for column in columns:
        if column.required and column.kind in MEDIA and imported.stored != column.kind:
            raise without_files(imported, column)
        field = FIELDS[column.kind]
        if column in missing and not (field.gathers and field.gathers_from(len(free) - asked)):
            raise missing_column(imported, column, mapping)
    names = list(mapping.values())
    if twice := [name for name in names if names.count(name) > 1]:
        raise StudioError(
            _("The column '{column}' has two roles.", column=twice[0]),
            _("The answer would be part of the question."),
            _("Choose a column of its own for each."),
        )
    return mapping


def missing_column(imported: Imported, column: Column, mapping: Mapping[str, str]) -> StudioError:
    """A role that no column was found for: what can be chosen, or else what has to be brought."""
    aside = {*mapping.values(), imported.stored}
    open_columns = [name for name in imported.columns if name not in aside and name.lower() not in COLUMN_NAMES]
    empty = {profile.name for profile in imported.profiles if not profile.filled}
    usable = [name for name in open_columns if name not in empty]
    field = FIELDS[column.kind]
    if usable and not field.absent and not field.gathers:
        there = _("Columns of the data: {columns}.", columns=listing(usable))
        return StudioError(_("Which column is '{role}'?", role=column.title), there, _("Choose the column."))
    why = (
        _("It has the columns {columns}.", columns=listing(imported.columns))
        if not imported.stored
        else _("It holds images alone.")
        if imported.stored == "image"
        else _("It holds recordings alone.")
    )
    what = field.absent or _("The data has nothing for '{role}', which this task needs.", role=column.title)
    return StudioError(what, why, field.bring.get(imported.kind, "") or _("Bring a table with a column for it."))


def without_files(imported: Imported, column: Column) -> StudioError:
    """For a table that came alone, where images or recordings are to be learned from; or for files of another kind."""
    field = FIELDS[column.kind]
    if imported.stored or column.kind != "image":
        return StudioError(field.absent, "", field.bring.get(imported.kind, ""))
    first = next(iter(imported.named.get("names", ())), None)
    if first is None:
        why = _("It is a table with the columns {columns}, and names none.", columns=listing(imported.columns))
    else:
        named = _("The table names '{file}'.", file=first[:200])
        why = sentences(named, why_refused(first) or _("No image came with it."))
    how = _(
        "Put the images and the table into one ZIP file; they may also lie below the table's folder, or below the one "
        "that `data.files` of the run file names."
    )
    if imported.is_upload:
        how = _("Put the images and the table into one ZIP file, and upload that.")
    return StudioError(_("There are no images in the data."), why, how)
