"""How the server runs. Each setting here is a flag of `studio ui`, named after the field."""

import os
from typing import Any

from pydantic import field_validator

from studio.data.limits import LIMIT_VARIABLE
from studio.options import Options, setting

# Settings that may also come from the environment, by field.
VARIABLES = {"auth": "STUDIO_AUTH", "upload_megabytes": LIMIT_VARIABLE}


class ServerSettings(Options):
    host: str = setting(
        "127.0.0.1",
        title="Address",
        help="Where the page is served. The default is seen from this machine only; 0.0.0.0 from the whole network.",
    )
    port: int = setting(7860, title="Port", help="The page's port.", ge=0, le=65535)
    home: str | None = setting(
        None,
        title="Folder",
        help="Where runs and uploads are kept; otherwise STUDIO_HOME, or .fine-tuning-studio in your home folder.",
    )
    open_browser: bool = setting(True, title="Open the browser", help="Open the page once it is served.")
    auth: str | None = setting(
        None,
        title="Login",
        help="user:password that protects every page; better given as the environment variable STUDIO_AUTH.",
    )
    trust_remote_code: bool = setting(
        False,
        title="Run code from model repositories",
        help="Let models run Python code from their repository here. Only for models whose authors you trust.",
    )
    upload_megabytes: int = setting(
        2000, title="Largest upload (MB)", help="Larger files are refused.", ge=1, le=1_000_000
    )
    concurrent_runs: int = setting(
        1, title="Runs at once", help="How many runs may train at the same time; the others wait.", ge=1, le=64
    )
    warm_start: bool = setting(
        True,
        title="Warm start",
        help="Keep a process ready so that training and answers begin sooner; it takes some hundred MB of memory.",
    )

    @field_validator("auth")
    @classmethod
    def _user_and_password(cls, value: str | None) -> str | None:
        if value is not None:
            user, colon, password = value.partition(":")
            if not (user and colon and password):
                raise ValueError("write it as user:password")
        return value or None

    def __repr_args__(self) -> Any:
        """The password never shows in a log."""
        return [(name, "***" if name == "auth" and value else value) for name, value in super().__repr_args__()]


def from_environment() -> dict[str, str]:
    """What the environment says of the settings."""
    return {field: value for field, variable in VARIABLES.items() if (value := os.environ.get(variable))}
