"""`studio ui`: serve the page. Its flags are the fields of `ServerSettings`."""

import argparse
import gc
from typing import Any, get_args

from studio.server_settings import ServerSettings, from_environment

# Where a flag is not simply named after its field.
NAMES = {
    "open_browser": "no-browser",
    "warm_start": "no-warm-start",
    "upload_megabytes": "upload-limit",
    "activations_megabytes": "activations-limit",
}


def add_to(subparsers: Any) -> None:
    add_flags(subparsers.add_parser("ui", help="serve the page (also what `studio` alone does)"))


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag a field; a switch that is on by default becomes --no-..."""
    for name, field in ServerSettings.model_fields.items():
        flag = "--" + NAMES.get(name, name.replace("_", "-"))
        if isinstance(field.default, bool):
            action = "store_false" if field.default else "store_true"
            help_ = str(field.description)
            words = f"do not {help_[0].lower()}{help_[1:]}" if field.default else help_
            parser.add_argument(flag, dest=name, action=action, default=argparse.SUPPRESS, help=words)
        else:
            kind = next((part for part in (field.annotation, *get_args(field.annotation)) if part in (int, str)), str)
            words = f"{field.description} (default: {field.default})" if field.default else str(field.description)
            action = "append" if isinstance(field.default, tuple) else "store"
            parser.add_argument(
                flag, dest=name, type=kind, action=action, default=argparse.SUPPRESS, metavar=name.upper(), help=words
            )
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    gc.disable()  # what is made while starting stays: looking for garbage in it takes a tenth of the time
    from studio.app.server import serve

    serve(settings_from(arguments))
    return 0


def settings_from(arguments: argparse.Namespace) -> ServerSettings:
    """Flags over the environment over defaults."""
    values = {name: value for name, value in vars(arguments).items() if name in ServerSettings.model_fields}
    return ServerSettings.read({**from_environment(), **values}, "server settings")
