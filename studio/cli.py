"""The command line: `studio` serves the page, the other commands do the same without one.

Nothing heavy is imported here: the page has to be there within seconds.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from studio import __version__
from studio.commands import accounts, auto, checking, cleaning, listing, sweep, train, ui, using
from studio.commands.flags import chosen_home
from studio.commands.output import displayable, print_json
from studio.errors import StudioError
from studio.language import _
from studio.room import FULL, MAKE_ROOM, disk_words

USER_MISTAKE, READER_LEFT = 2, 141


def main(given: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. A person's mistake is printed without a traceback and exits 2."""
    words = list(sys.argv[1:] if given is None else given)
    arguments = build_parser().parse_args(words)
    try:
        return int(arguments.handler(arguments))
    except StudioError as error:
        return _told(error, arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has enough (`studio list models | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its end
        return READER_LEFT
    except OSError as error:
        if error.errno not in FULL:
            raise
        root = chosen_home(arguments).root
        return _told(
            StudioError(_("What was asked could not be finished."), disk_words(error, root), MAKE_ROOM), arguments
        )


def _told(error: StudioError, arguments: argparse.Namespace) -> int:
    if getattr(arguments, "json", False):
        print_json({"error": error.as_dict()})
    explanation = error.explanation
    for part in filter(None, (explanation.what, explanation.why, explanation.what_to_do)):
        for line in part.split("\n"):  # a parser tells its mistake in several
            print(displayable(line), file=sys.stderr)
    return USER_MISTAKE


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="studio", description="Fine-tune a pretrained model on your own data, on a page or from here."
    )
    parser.add_argument("--version", action="version", version=__version__)
    ui.add_flags(parser)  # `studio` alone is `studio ui`
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (ui, train, auto, sweep, checking, using, listing, cleaning, accounts):
        command.add_to(subparsers)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
