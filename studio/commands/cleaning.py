"""studio clean: what takes room in the home, by kind, and removing of it for good what nobody needs any more."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.output import print_json, print_table
from studio.errors import StudioError
from studio.paths import Home
from studio.room import megabytes

if TYPE_CHECKING:
    from studio.disk_space import Found, Kind

YES = ("y", "yes")


def add_to(subparsers: Any) -> None:
    clean = subparsers.add_parser("clean", help="see what takes room on the disk, and remove of it for good")
    clean.add_argument("kinds", nargs="*", metavar="KIND", help="what to remove; without, what there is is listed")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    add_shared_flags(clean)
    clean.set_defaults(handler=run_clean)


def run_clean(arguments: argparse.Namespace) -> int:
    from studio.disk_space import emptiable, empty, used_by

    home = chosen_home(arguments)
    if not arguments.kinds:
        print_what_there_is(used_by(home), arguments.json)
        return 0
    kinds = [emptiable(home, name) for name in arguments.kinds]
    if not arguments.yes and not agreed(home, kinds):
        print("Nothing was removed.", file=sys.stderr)
        return 0
    removed = empty(home, arguments.kinds)
    if arguments.json:
        print_json({"removed_bytes": removed.bytes, "troubles": list(removed.troubles)})
    else:
        print(removed.sentence)
    return 1 if removed.troubles else 0


def agreed(home: Home, kinds: "list[Kind]") -> bool:
    """StudioError where nobody is there to be asked."""
    if not sys.stdin.isatty():
        raise StudioError(
            "Nothing was removed.",
            "It cannot be undone, so the command asks before, and nobody is there to answer.",
            "Add --yes if you are sure.",
        )
    print(f"This removes in {home.root} for good:", file=sys.stderr)
    for kind in kinds:
        print(f"  {kind.title}. {kind.sentence}", file=sys.stderr)
    return input("Go on? [y/N] ").strip().lower() in YES


def print_what_there_is(used: "list[tuple[Kind, Found]]", as_json: bool) -> None:
    if as_json:
        print_json([described(kind, found) for kind, found in used])
        return
    rows = [
        (kind.name, megabytes(found.bytes), megabytes(found.removable_bytes) if kind.can_be_emptied else "", kind.title)
        for kind, found in used
    ]
    print_table(("KIND", "TAKES", "REMOVABLE", ""), rows)
    for kind, found in used:
        if found.kept:
            print(f"{kind.name}: {found.kept}", file=sys.stderr)


def described(kind: "Kind", found: "Found") -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.title,
        "sentence": kind.sentence,
        "bytes": found.bytes,
        "removable_bytes": found.removable_bytes,
        "kept": found.kept,
    }
