"""Unpacking an untrusted ZIP archive, or refusing it with the reason.

Nothing in it is trusted: names are checked one by one, and sizes are judged on the bytes that really come out.
After a refusal nothing is left on the disk.
"""

import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from studio.data.limits import MEGABYTE, Limits
from studio.data.progress import Progress, silent
from studio.errors import StudioError
from studio.language import _
from studio.room import MAKE_ROOM, disk_words

BLOCK = 256 * 1024
HARMLESS = 32 * MEGABYTE  # below this, no ratio of compression can hurt
LONGEST_NAME = 200
LONGEST_PATH = 800
DEEPEST = 20
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
ENTRY_SIGNATURE = b"PK\x01\x02"
# what reading a damaged or forged archive can raise
DAMAGES = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip
_DRIVE = re.compile(r"[A-Za-z]:")
_UNPORTABLE = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def unpack(archive: Path, to: Path, limits: Limits, progress: Progress = silent) -> list[str]:
    """Unpack into the new folder `to`; returns the files' paths relative to it, with `/`, sorted.

    Names that some system cannot store are written with `_` in place of the characters it refuses.
    Raises StudioError, with `to` removed again, for anything that a plain archive of files does not have.
    """
    if to.exists():
        raise ValueError(f"{to} is there already")
    try:
        check_count(count_entries(archive), archive, limits)
        with zipfile.ZipFile(archive) as opened:
            plan = plan_names(opened, archive, limits)
            to.mkdir(parents=True)
            _write(opened, plan, to, archive, limits, progress)
    except BaseException as error:
        shutil.rmtree(to, ignore_errors=True)
        if isinstance(error, DAMAGES):
            why = _("It is damaged or not a ZIP file: {error}.", error=error)
            raise refusal(archive, why, _("Make the archive again.")) from error
        if isinstance(error, FileExistsError):
            why = _("Two files in it have the same name on this system: {file}.", file=error.filename)
            raise refusal(archive, why) from error
        if isinstance(error, OSError):
            raise StudioError(
                _("{file} could not be unpacked.", file=archive.name),
                disk_words(error, to),
                MAKE_ROOM,
            ) from error
        raise
    return sorted(plan.values())


def refusal(archive: Path, why: str, what_to_do: str = "") -> StudioError:
    return StudioError(
        _("The archive {file} was not unpacked.", file=archive.name),
        why,
        what_to_do or _("Use a plain ZIP archive with nothing but your files in it."),
    )


def count_entries(archive: Path) -> int:
    """How many entries the archive can have at most, without building a list of them."""
    count, tail = 0, b""
    with archive.open("rb") as file:
        while block := file.read(BLOCK):
            count += (tail + block).count(ENTRY_SIGNATURE)
            tail = block[-(len(ENTRY_SIGNATURE) - 1) :]
    return count


def check_count(count: int, archive: Path, limits: Limits) -> None:
    if count > limits.files:
        raise refusal(
            archive,
            _("It holds {count:,} entries; at most {most:,} are allowed.", count=count, most=limits.files),
            _("Use fewer files."),
        )


def check_claims(opened: zipfile.ZipFile, archive: Path, limits: Limits) -> None:
    """Refuse by the sizes that the archive itself states: for readers that unpack on their own."""
    check_count(len(opened.infolist()), archive, limits)
    check_size(sum(info.file_size for info in opened.infolist()), archive.stat().st_size, archive, limits)


def check_size(size: int, packed: int, archive: Path, limits: Limits) -> None:
    """`size` bytes came, or are said to come, out of `packed` bytes."""
    if size > limits.unpacked_bytes:
        raise refusal(
            archive,
            _("Unpacked it takes more than {megabytes:,} MB.", megabytes=limits.unpacked_megabytes),
            _("Use fewer or smaller files."),
        )
    if size > HARMLESS and size > limits.ratio * max(packed, 1):
        why = _("It grows to more than {ratio} times its size, as archives made to do harm do.", ratio=limits.ratio)
        raise refusal(archive, why)


def plan_names(opened: zipfile.ZipFile, archive: Path, limits: Limits) -> dict[zipfile.ZipInfo, str]:
    """Entry -> relative path for every file, after all entries were found to be harmless."""
    infos = opened.infolist()
    check_count(len(infos), archive, limits)
    plan: dict[zipfile.ZipInfo, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for info in infos:
        name = stored_name(info)
        if not name and info.is_dir():
            continue  # the folder that was packed itself, written as "./"
        check_entry(info, name, archive)
        path = "/".join(portable(part) for part in name.strip("/").split("/"))
        parents = list(_parents(path))
        folders.update(parents)
        if info.is_dir() or name.endswith("/"):
            folders.add(path)
            continue
        if path in files:
            raise refusal(archive, _("Two files in it have the same name: '{file}'.", file=path))
        files.add(path)
        plan[info] = path
    if clash := files & folders:
        raise refusal(archive, _("'{name}' is both a file and a folder in it.", name=min(clash)))
    return plan


def stored_name(info: zipfile.ZipInfo) -> str:
    """The entry's name with `/`, without steps that lead nowhere (`./`). Archives made on a Mac hold UTF-8 without
    saying so."""
    name = info.orig_filename
    if not info.flag_bits & UTF8_FLAG:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.orig_filename
    return "/".join(part for part in name.replace("\\", "/").split("/") if part != ".")


def check_entry(info: zipfile.ZipInfo, name: str, archive: Path) -> None:
    """Raise for an entry that could do harm or cannot be stored."""
    shown = name if len(name) <= 80 else f"{name[:77]}..."
    kind = stat.S_IFMT(info.external_attr >> 16)
    parts = name.rstrip("/").split("/")
    sizes = [len(part.encode("utf-8", "replace")) for part in (name, *parts)]
    leads_out = name.startswith("/") or bool(_DRIVE.match(name)) or ".." in parts
    is_nameless = not name.strip("/ .") or "" in parts or "\0" in name
    reasons = (
        (stat.S_ISLNK(kind), _("The entry '{entry}' is a link to another place.", entry=shown)),
        (
            kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK),
            _("The entry '{entry}' is neither a file nor a folder.", entry=shown),
        ),
        (bool(info.flag_bits & ENCRYPTED_FLAG), _("It is protected by a password.")),
        (leads_out, _("The entry '{entry}' names a place outside the archive.", entry=shown)),
        (is_nameless, _("The entry {entry} has no usable name.", entry=ascii(shown))),
        (
            sizes[0] > LONGEST_PATH or max(sizes[1:]) > LONGEST_NAME,
            _("The name of the entry '{entry}' is too long.", entry=shown),
        ),
        (len(parts) > DEEPEST, _("The entry '{entry}' lies too deep in folders.", entry=shown)),
        (
            info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
            _("The entry '{entry}' is compressed in a way that few programs use.", entry=shown),
        ),
    )
    for holds, reason in reasons:
        if holds:
            raise refusal(archive, reason)


def portable(part: str) -> str:
    """A file's or folder's name that Windows, macOS and Linux can all store."""
    name = _UNPORTABLE.sub("_", part).encode("utf-8", "replace").decode("utf-8").rstrip(" .") or "_"
    return f"_{name}" if _DEVICES.fullmatch(name) else name


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _write(
    opened: zipfile.ZipFile,
    plan: dict[zipfile.ZipInfo, str],
    to: Path,
    archive: Path,
    limits: Limits,
    progress: Progress,
) -> None:
    packed = archive.stat().st_size
    total = 0
    for done, (info, name) in enumerate(plan.items()):
        if done % 50 == 0:
            progress(_("Unpacking"), done, len(plan))
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with opened.open(info) as source, target.open("xb") as file:
            while block := source.read(BLOCK):
                written, total = written + len(block), total + len(block)
                check_size(total, packed, archive, limits)
                check_size(written, info.compress_size, archive, limits)
                file.write(block)
    progress(_("Unpacking"), len(plan), len(plan))
