"""What takes room in a home, by kind, and removing for good what nobody needs any more.

Nothing that a draft, a run, a deleted run, or a process at work needs is removed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studio.data.importing import ALIASES
from studio.errors import StudioError
from studio.events import ACTIVE, RESUMABLE
from studio.files import is_complete
from studio.language import _, plural, sentences
from studio.needed import Needed, needed_in
from studio.paths import PEOPLE, Home
from studio.registry import Registry
from studio.removal import A_DAY, AN_HOUR, Entry, Removed, entries_of, left_by_a_crash, measured, remove
from studio.store import ID_PATTERN, Run, Store

A_WHILE = AN_HOUR  # what was brought so recently may be on its way into a draft
DAYS_UNUSED = 30  # after which uploads and data that nobody needs go by themselves
SWEPT = ("datasets", "uploads")
BEING_WRITTEN = ".tmp"  # see studio.files


@dataclass(frozen=True)
class Found:
    """bytes: all that the kind takes. removable: what can be removed now. kept: why more of it cannot, a sentence."""

    bytes: int
    removable: tuple[Entry, ...] = ()
    kept: str = ""

    @property
    def removable_bytes(self) -> int:
        return sum(entry.bytes for entry in self.removable)


@dataclass(frozen=True)
class Kind:
    """sentence: what it is, and what is lost when it is removed. of_server: only the server's own home has it."""

    name: str
    title: str
    sentence: str
    find: Callable[[Home], Found]
    can_be_emptied: bool = True
    of_server: bool = False

    def is_in(self, home: Home) -> bool:
        return not self.of_server or home.server == home


def used_by(home: Home) -> list[tuple[Kind, Found]]:
    """What each kind takes in this home. Looks at every file, which takes a while in a large one."""
    return [(kind, kind.find(home)) for kind in KINDS if kind.is_in(home)]


def empty(home: Home, names: Sequence[str]) -> Removed:
    """Remove for good what can be removed of these kinds. StudioError, before anything is removed, names a kind that
    is none, or is not emptied as a whole."""
    kinds = [emptiable(home, name) for name in names]
    done = remove(home, crash_remains(home))
    for kind in kinds:
        done += remove(home, kind.find(home).removable)
    return done


def sweep(home: Home, days: float = DAYS_UNUSED) -> Removed:
    """Remove the uploads and imported data that nobody needs, and that nobody has changed for so many days; and what
    browsers sent more than a day ago."""
    done = remove(home, crash_remains(home))
    if KINDS["temporary"].is_in(home):  # Gradio removes what it knows of, not what a former server has left
        done += remove(home, KINDS["temporary"].find(home).removable)
    for name in SWEPT:
        old = [entry for entry in KINDS[name].find(home).removable if entry.is_older_than(days * A_DAY)]
        done += remove(home, old)
    return done


def emptiable(home: Home, name: str) -> Kind:
    """The kind of this name; StudioError where there is none, or it cannot be emptied in this home."""
    kind = KINDS[str(name)]
    if not kind.can_be_emptied or not kind.is_in(home):
        raise StudioError(
            _("'{kind}' cannot be emptied here.", kind=kind.title), kind.sentence, _("Choose another kind.")
        )
    return kind


def crash_remains(home: Home) -> list[Entry]:
    """What a process left half done when it was killed: half removed, or a run that was never written to its end."""
    return [*left_by_a_crash(home), *(entry for entry in entries_of(home.runs) if _was_never_made(entry))]


def _was_never_made(entry: Entry) -> bool:
    """Whether it is the folder of a run that has no run file, and nothing that was trained."""
    run = Run(entry.path)
    if entry.path.is_symlink() or ID_PATTERN.fullmatch(run.id) is None or run.exists or run.is_busy:
        return False
    return entry.is_older_than(A_WHILE) and not any(inside.is_dir() for inside in entry.path.iterdir())


# --- what there is --------------------------------------------------------------------------------


def _total(entries: Sequence[Entry]) -> int:
    return sum(entry.bytes for entry in entries)


def _runs(home: Home) -> Found:
    return Found(_total(entries_of(home.runs)) - _checkpoints(home).bytes)


def _checkpoints(home: Home) -> Found:
    left = tuple(measured(run.checkpoints for run in Store(home) if _is_left_behind(run)))
    return Found(_total(left), left)


def _is_left_behind(run: Run) -> bool:
    """Whether checkpoints are there that no training will ever go on from."""
    is_there = run.checkpoints.is_dir() and not run.checkpoints.is_symlink() and not run.folder.is_symlink()
    return is_there and not run.is_busy and run.state().status not in (*ACTIVE, *RESUMABLE, "queued")


def _trash(home: Home) -> Found:
    projects = entries_of(home.deleted_drafts)
    runs = entries_of(home.trash)
    removable = (*(entry for entry in runs if not Run(entry.path).is_busy), *projects)
    return Found(_total(runs) + _total(projects), removable)


def _datasets(home: Home) -> Found:
    entries, needed = entries_of(home.datasets), needed_in(home)
    data = [entry for entry in entries if entry.path.name != ALIASES]  # names of imports, a few bytes each
    free = [entry for entry in _unneeded(data, needed) if not _is_being_imported(entry)]
    return Found(_total(entries), tuple(free), _because_damaged(needed))


def _uploads(home: Home) -> Found:
    entries, needed = entries_of(home.uploads), needed_in(home)
    if any(_is_being_imported(entry) for entry in entries_of(home.datasets)):
        return Found(_total(entries), (), _("Data is being read at the moment, perhaps from one of them."))
    return Found(_total(entries), tuple(_unneeded(entries, needed)), _because_damaged(needed))


def _unneeded(entries: Sequence[Entry], needed: Needed) -> list[Entry]:
    return [entry for entry in entries if not needed.keeps(entry.path.name) and entry.is_older_than(A_WHILE)]


def _is_being_imported(entry: Entry) -> bool:
    is_other = entry.path.name == ALIASES or is_complete(entry.path) or not entry.path.is_dir()
    return not is_other and not entry.is_older_than(A_DAY)


def _because_damaged(needed: Needed) -> str:
    if not needed.damaged:
        return ""
    first, *others = needed.damaged
    remedy = _("Repair the file, or move it elsewhere.")
    if not others:
        return sentences(_("All of it stays: {file} cannot be read, and may name any of it.", file=first), remedy)
    stays = plural(
        "All of it stays: {file} and {n:,} more file cannot be read, and may name any of it.",
        "All of it stays: {file} and {n:,} more files cannot be read, and may name any of it.",
        len(others),
        file=first,
    )
    return sentences(stays, remedy)


def _downloads(home: Home) -> Found:
    entries = entries_of(home.downloads)
    return Found(_total(entries), tuple(entry for entry in entries if not _is_being_written(entry)))


def _is_being_written(entry: Entry) -> bool:
    unfinished = () if entry.path.is_symlink() else entry.path.rglob(f"*{BEING_WRITTEN}")
    return not entry.is_older_than(A_DAY) and any(True for _unused in unfinished)


def _caches(home: Home) -> Found:
    """File by file, for a folder may get another one at any moment. The index of the runs is in use."""
    kept = home.run_index.name, BEING_WRITTEN
    folders = [home.cache, *(entry.path for entry in entries_of(home.cache))]
    entries = [entry for folder in folders for entry in entries_of(folder)]
    files = [entry for entry in entries if entry.path.is_symlink() or not entry.path.is_dir()]
    free = [each for each in files if not each.path.name.startswith(kept[0]) and not each.path.name.endswith(kept[1])]
    return Found(_total(files), tuple(free))


def _activations(home: Home) -> Found:
    """Part by part: runs at work have links of their own to what they use."""
    entries = [part for shelf in entries_of(home.activations) for part in entries_of(shelf.path)]
    return Found(_total(entries), tuple(each for each in entries if not _is_being_put_down(each)))


def _is_being_put_down(entry: Entry) -> bool:
    return entry.path.name.endswith(BEING_WRITTEN) and not entry.is_older_than(A_DAY)


def _temporary(home: Home) -> Found:
    """Each person's part of it upload by upload: somebody may always be sending more."""
    people = entries_of(home.temporary / PEOPLE)
    folders = [home.temporary, *(person.path for person in people)]
    entries = [entry for folder in folders for entry in entries_of(folder) if entry.path.name != PEOPLE]
    return Found(_total(entries), tuple(entry for entry in entries if entry.is_older_than(A_DAY)))


KINDS: Registry[Kind] = Registry(
    "kind of files",
    Kind(
        "runs",
        _("Runs"),
        _("What was trained, with its models and results. Delete runs one by one on the Runs page."),
        _runs,
        can_be_emptied=False,
    ),
    Kind(
        "checkpoints",
        _("Checkpoints of finished runs"),
        _("Saved progress that was left behind. No run goes on from it: nothing is lost."),
        _checkpoints,
    ),
    Kind(
        "trash",
        _("Deleted runs and projects"),
        _("Once removed they cannot be restored, and their models are gone."),
        _trash,
    ),
    Kind(
        "datasets",
        _("Imported data"),
        _("Only data that no project and no run needs is removed. To use it again, import it again."),
        _datasets,
    ),
    Kind(
        "uploads",
        _("Uploads"),
        _("Only files that no project and no run needs are removed. To use one again, upload it again."),
        _uploads,
    ),
    Kind(
        "downloads",
        _("Downloads"),
        _("Exported models and files of predictions, as long as they are kept here. They can be made again."),
        _downloads,
    ),
    Kind(
        "activations",
        _("Activations of frozen layers"),
        _("What frozen layers said about examples, kept so that later runs begin sooner. It is computed again."),
        _activations,
    ),
    Kind(
        "caches",
        _("Caches"),
        _("Facts about models and this machine. They are found out again when they are needed."),
        _caches,
        of_server=True,
    ),
    Kind(
        "temporary",
        _("Temporary files"),
        _("What browsers sent. Only what is older than a day is removed; nothing is lost."),
        _temporary,
        of_server=True,
    ),
)
