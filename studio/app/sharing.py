"""Runs that their owners show to others: to everybody on this server, or to whoever has the link.

HOME/shared holds a file for each such run. Others may look at a shared run, try its model and take it with them;
what changes it stays with its owner.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.files import read_object, replace_json
from studio.paths import Home
from studio.store import ID_PATTERN, Run, Store

SECRET_BYTES = 24
LINKS = "links.json"  # in a person's home: the secrets of the links that they have opened, by run


@dataclass(frozen=True)
class Share:
    """Who else sees a run: everybody, or who knows the secret of its link; "" where there is none."""

    everybody: bool = False
    secret: str = ""


def share_of(run: Run) -> Share:
    said = read_object(_file(run.home, run.id)) or {}
    secret = said.get("secret")
    return Share(said.get("everybody") is True, secret if isinstance(secret, str) else "")


def share(run: Run, everybody: bool, by_link: bool) -> Share:
    """Show the run to these others, and to nobody else any more. An earlier link stays as it is."""
    file, before = _file(run.home, run.id), share_of(run)
    if not everybody and not by_link:
        file.unlink(missing_ok=True)
        return Share()
    now = Share(everybody, (before.secret or secrets.token_urlsafe(SECRET_BYTES)) if by_link else "")
    owner = "" if run.home == run.home.server else run.home.root.name
    replace_json(file, {"owner": owner, "everybody": now.everybody, "secret": now.secret})
    return now


def has_link(home: Home, run_id: str, secret: str) -> bool:
    """Whether this is the link of the run."""
    said = read_object(_file(home, run_id)) or {} if ID_PATTERN.fullmatch(run_id) else {}
    expected = said.get("secret")
    return isinstance(expected, str) and bool(expected) and secrets.compare_digest(secret.encode(), expected.encode())


def remember_link(home: Home, run_id: str, secret: str) -> None:
    """The person whose home it is has opened the link of a run."""
    replace_json(home.root / LINKS, {**_links(home), run_id: secret})


def find_shared(home: Home, run_id: str) -> Run | None:
    """The run of somebody else, where its owner shows it to the person of this home."""
    if ID_PATTERN.fullmatch(run_id) is None:
        return None
    said = read_object(_file(home, run_id)) or {}
    owner = said.get("owner")
    is_shown = said.get("everybody") is True or has_link(home, run_id, str(_links(home).get(run_id) or ""))
    if not is_shown or not isinstance(owner, str) or Path(owner).name != owner or owner == "..":
        return None
    return Store(home.server.of_person(owner) if owner else home.server).find(run_id)


def shared_with(home: Home) -> Iterator[Run]:
    """The runs of others that the person of this home may see, newest first."""
    if home.shared.is_dir():
        for file in sorted(home.shared.glob("*.json"), reverse=True):
            run = find_shared(home, file.stem)
            if run is not None and run.home != home:
                yield run


class OpenStore(Store):
    """A person's runs, and by their ids those that others share with them."""

    def find(self, run_id: str) -> Run | None:
        return super().find(run_id) or find_shared(self.home, run_id)


def _links(home: Home) -> Mapping[str, object]:
    return read_object(home.root / LINKS) or {}


def _file(home: Home, run_id: str) -> Path:
    return home.shared / f"{run_id}.json"
