"""Flags that several commands share."""

import argparse

from studio.paths import Home


def add_shared_flags(parser: argparse.ArgumentParser, home: bool = True) -> None:
    """--json, and --home, which may as well stand before the command."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    if home:
        words = "where runs and data are kept; otherwise STUDIO_HOME, or .fine-tuning-studio in your home folder"
        parser.add_argument("--home", default=argparse.SUPPRESS, metavar="DIR", help=words)


def chosen_home(arguments: argparse.Namespace) -> Home:
    return Home.find(getattr(arguments, "home", None))
