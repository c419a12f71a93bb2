"""People who signed in with Hugging Face: what they are called here, and what they may do.

Their sessions and folders are named `hf~NAME~MARK`: no account and no guest can be called so, and the mark, made of
the number that never changes at Hugging Face, keeps out whoever takes a name that somebody else has given up.
"""

import re
from dataclasses import dataclass

from studio.app.access.person import Person
from studio.app.access.sessions import fingerprint

PREFIX = "hf~"
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
MARK_LETTERS = 8


def hub_account(username: str, subject: str) -> str:
    """The name of a session. Raises ValueError for a name that Hugging Face gives to nobody."""
    if not USERNAME.fullmatch(username):
        raise ValueError(username)
    return f"{PREFIX}{username}~{fingerprint(subject)[:MARK_LETTERS]}"


def hub_name(account: str) -> str | None:
    """The user's name, of a session's or a folder's name; None for other people's."""
    parts = account.removeprefix(PREFIX).split("~")
    return parts[0] if account.startswith(PREFIX) and len(parts) == 2 else None


@dataclass(frozen=True)
class HubPeople:
    """owner: the user whose Space it is, who is administrator. members: users to whom no quota applies."""

    owner: str
    members: tuple[str, ...] = ()

    def person(self, account: str, session: str, looking_into: str) -> Person | None:
        """looking_into: the workspace that an administrator looks into in this session."""
        name = hub_name(account)
        if name is None:
            return None
        if name.lower() == self.owner.lower():
            return Person(name, looking_into, is_admin=True, session=session)
        is_guest = not is_member(name, self.members)
        return Person(name, account.lower(), is_admin=False, is_guest=is_guest, session=session)


def is_member(username: str, members: tuple[str, ...]) -> bool:
    return username.lower() in {each.lower() for each in members}
