"""How the server runs. Each setting here is a flag of `studio ui`, named after the field."""

import os
from typing import Any

from pydantic import field_validator

from studio.activation_store import LIMIT_VARIABLE as ACTIVATIONS_VARIABLE
from studio.activation_store import USUAL_MEGABYTES
from studio.data.limits import LIMIT_VARIABLE
from studio.options import Options, setting
from studio.processes import TRUST_VARIABLE

LOOPBACK = ("127.0.0.1", "localhost", "::1")  # addresses that this machine alone reaches
# Settings that may also come from the environment, by field.
VARIABLES = {
    "auth": "STUDIO_AUTH",
    "users": "STUDIO_USERS",
    "members": "STUDIO_MEMBERS",
    "open_to_everyone": "STUDIO_OPEN_TO_EVERYONE",
    "upload_megabytes": LIMIT_VARIABLE,
    "activations_megabytes": ACTIVATIONS_VARIABLE,
}


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
    auth: tuple[str, ...] = setting(
        (),
        title="Accounts",
        help="NAME:PASSWORD that is needed to come in; may be given several times, for a workspace each, the first is "
        "the administrator's. Better given as STUDIO_AUTH, one a line.",
    )
    users: str | None = setting(
        None,
        title="File of accounts",
        help="A file with an account in each line, its password hashed: see `studio password`.",
    )
    members: tuple[str, ...] = setting(
        (),
        title="Members",
        help="A user of Hugging Face to whom no guest's quota applies, where people sign in with it; may be given "
        "several times.",
    )
    open_to_everyone: bool = setting(
        False,
        title="Open to everyone",
        help="Let in whoever reaches the page, each as a guest with a workspace of their own.",
    )
    guest_megabytes: int = setting(
        2000, title="A guest's room (MB)", help="What a guest's data, runs and models may take.", ge=10
    )
    guest_rows: int = setting(50_000, title="A guest's rows", help="The largest table that a guest may bring.", ge=10)
    guest_minutes: int = setting(
        60, title="A guest's minutes", help="How long a guest's run may train; then its best model is kept.", ge=1
    )
    guest_runs: int = setting(
        3, title="A guest's runs", help="How many runs of a guest may wait or train at the same time.", ge=1
    )
    guest_days: int = setting(
        30, title="A guest's days", help="A guest's workspace is removed when nothing changed in it for so long.", ge=1
    )
    trust_remote_code: bool = setting(
        False,
        title="Run code from model repositories",
        help="Let models run Python code from their repository here. Only for models whose authors you trust.",
    )
    upload_megabytes: int = setting(
        2000, title="Largest upload (MB)", help="Larger files are refused.", ge=1, le=1_000_000
    )
    activations_megabytes: int = setting(
        USUAL_MEGABYTES,
        title="Kept activations (MB)",
        help="What frozen layers say about examples is kept for later runs, up to this and to a quarter of the free "
        "disk; what was not used for longest goes first. 0 keeps nothing.",
        ge=0,
    )
    concurrent_runs: int = setting(
        1, title="Runs at once", help="How many runs may train at the same time; the others wait.", ge=1, le=64
    )
    warm_start: bool = setting(
        True,
        title="Warm start",
        help="Keep a process ready so that training and answers begin sooner; it takes some hundred MB of memory.",
    )

    @property
    def has_several_people(self) -> bool:
        """Whether more people than one have a workspace here."""
        return self.open_to_everyone or self.users is not None or len(self.auth) > 1

    @property
    def environment(self) -> dict[str, str]:
        """What the settings say to the processes that the server starts."""
        limits = {
            LIMIT_VARIABLE: str(self.upload_megabytes),
            ACTIVATIONS_VARIABLE: str(self.activations_megabytes),
        }
        return {**limits, TRUST_VARIABLE: "1"} if self.trust_remote_code else limits

    @field_validator("auth", "members", mode="before")
    @classmethod
    def _one_a_line(cls, value: Any) -> Any:
        return [line.strip() for line in value.splitlines() if line.strip()] if isinstance(value, str) else value

    @field_validator("auth")
    @classmethod
    def _name_and_password(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            name, _, password = entry.partition(":")
            if not (name and password):
                raise ValueError("write it as name:password")
        return value

    def __repr_args__(self) -> Any:
        """Passwords never show in a log."""
        return [(name, "***" if name == "auth" and value else value) for name, value in super().__repr_args__()]


def from_environment() -> dict[str, str]:
    """What the environment says of the settings."""
    return {field: value for field, variable in VARIABLES.items() if (value := os.environ.get(variable))}
