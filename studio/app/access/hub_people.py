"""People who signed in with Hugging Face: what they are called here, and what they may do.

Their sessions and folders are named `hf~NAME~MARK`: no account and no guest can be called so, and the mark, made of
the number that never changes at Hugging Face, keeps out whoever takes a name that somebody else has given up.

The owner and the members are told by name, so the first who signs in under such a name has it for good.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from studio.app.access.hugging_face import UNKNOWN, NotSignedInError, User
from studio.app.access.person import Person
from studio.app.access.sessions import fingerprint
from studio.files import read_object, replace_json
from studio.language import _

PREFIX = "hf~"
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
MARK_LETTERS = 8


def hub_account(username: str, subject: str) -> str:
    """The name of a session. Raises ValueError for a name that Hugging Face gives to nobody."""
    if not USERNAME.fullmatch(username):
        raise ValueError(username)
    return f"{PREFIX}{username}~{fingerprint(subject)[:MARK_LETTERS]}"


def taken(name: str, file: str) -> str:
    return _(
        "The name {name} belongs to another user of Hugging Face than when somebody first signed in here with it. If "
        "it is yours, ask whoever runs this studio to delete {file} in its folder: whoever signs in next with the name "
        "has it.",
        name=name,
        file=file,
    )


def hub_name(account: str) -> str | None:
    """The user's name, of a session's or a folder's name; None for other people's."""
    parts = account.removeprefix(PREFIX).split("~")
    return parts[0] if account.startswith(PREFIX) and len(parts) == 2 else None


@dataclass(frozen=True)
class HubPeople:
    """owner: the user whose Space it is, who is administrator. members: users to whom no quota applies. names: the
    folder with a file for each of these names, which says whose it is."""

    owner: str
    members: tuple[str, ...]
    names: Path

    def account(self, user: User) -> str:
        """The name of this user's sessions. Raises NotSignedInError for a name that is somebody else's here."""
        try:
            account = hub_account(user.preferred_username, user.sub)
        except ValueError as error:
            raise NotSignedInError(UNKNOWN) from error
        file, is_theirs = self._file(user.preferred_username), {"subject": fingerprint(user.sub)}
        if self._has_rights(user.preferred_username):
            if not file.exists():
                replace_json(file, is_theirs)
            if read_object(file) != is_theirs:
                raise NotSignedInError(taken(user.preferred_username, f"{file.parent.name}/{file.name}"))
        return account

    def person(self, account: str, session: str, looking_into: str) -> Person | None:
        """looking_into: the workspace that an administrator looks into in this session."""
        name = hub_name(account)
        if name is None or (self._has_rights(name) and not self._is_theirs(name, account)):
            return None
        if name.lower() == self.owner.lower():
            return Person(name, looking_into, is_admin=True, session=session)
        is_guest = not is_member(name, self.members)
        return Person(name, account.lower(), is_admin=False, is_guest=is_guest, session=session)

    def _has_rights(self, name: str) -> bool:
        return name.lower() == self.owner.lower() or is_member(name, self.members)

    def _is_theirs(self, name: str, account: str) -> bool:
        said = (read_object(self._file(name)) or {}).get("subject")
        return isinstance(said, str) and account.endswith(f"~{said[:MARK_LETTERS]}")

    def _file(self, name: str) -> Path:
        return self.names / f"{name.lower()}.json"


def is_member(username: str, members: tuple[str, ...]) -> bool:
    return username.lower() in {each.lower() for each in members}
