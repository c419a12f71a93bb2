"""Who is signed in: a secret in the browser's cookie, and beside the runs a file that says whose it is.

The file is named by a hash of the secret: whoever reads the folder cannot sign in with what is there. A session ends
when somebody signs out, when its time is over, and when its account is gone.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.files import read_object, replace_json

DAYS = 30
SECONDS = DAYS * 24 * 3600.0


def fresh_secret() -> str:
    """256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """The sessions of one server, on disk: they outlive it."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder, self._now = folder, now

    def begin(self, account: str) -> str:
        """The secret of a new session."""
        self._remove_old()
        secret = fresh_secret()
        replace_json(self._file(fingerprint(secret)), {"account": account, "until": self._now() + SECONDS})
        return secret

    def account(self, secret: str) -> str | None:
        """Whose session it is; None where there is none, or none any more."""
        said = self._said(fingerprint(secret))
        account, until = said.get("account"), said.get("until")
        lasts = isinstance(until, (int, float)) and until > self._now()
        return account if lasts and isinstance(account, str) else None

    def workspace(self, secret: str) -> str:
        """Into whose workspace an administrator looks in this session; "" for their own."""
        looking = self._said(fingerprint(secret)).get("workspace")
        return looking if isinstance(looking, str) else ""

    def look_into(self, session: str, workspace: str) -> None:
        """session: its fingerprint."""
        said = self._said(session)
        if said:
            replace_json(self._file(session), {**said, "workspace": workspace})

    def end(self, secret: str) -> None:
        self._file(fingerprint(secret)).unlink(missing_ok=True)

    def _said(self, session: str) -> dict[str, Any]:
        return read_object(self._file(session)) or {}

    def _file(self, session: str) -> Path:
        return self._folder / f"{session}.json"

    def _remove_old(self) -> None:
        for file in self._folder.glob("*.json"):
            until = (read_object(file) or {}).get("until")
            if not isinstance(until, (int, float)) or until < self._now():
                file.unlink(missing_ok=True)
