"""`studio password`: the line of an account for the file that `studio ui --users` reads."""

import argparse
import getpass
import sys
from typing import Any

from studio.errors import StudioError

SHORTEST = 8


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser("password", help="print an account's line for the file of `studio ui --users`")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--admin", action="store_true", help="the account may look into every workspace")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    from studio.app.access.accounts import ADMIN
    from studio.app.access.passwords import hash_password

    password = asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise StudioError("The password is too short.", f"It needs {SHORTEST} characters.", "Choose a longer one.")
    print(":".join((arguments.name, hash_password(password), *([ADMIN] if arguments.admin else []))))
    return 0


def asked() -> str:
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise StudioError("The two passwords differ.", "", "Try again.")
    return password
