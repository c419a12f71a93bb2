"""Who may sign in: the accounts that the server was told of, by flag, by variable, or in a file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.app.access.passwords import hash_password, is_hash, matches
from studio.errors import StudioError
from studio.language import _
from studio.server_settings import ServerSettings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
GUEST = "guest-"  # how the folders of people without an account begin
ADMIN = "admin"
HOW = _("Each line is NAME:HASH, or NAME:HASH:admin; `studio password NAME` prints one.")


@dataclass(frozen=True)
class Account:
    name: str
    hashed: str  # the password, see `passwords`
    is_admin: bool


class Accounts:
    """The accounts by name. An unknown one takes as long as a wrong password."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts: Mapping[str, Account] = {account.name: account for account in accounts}
        self._nobody = hash_password("") if self._accounts else ""

    def __len__(self) -> int:
        return len(self._accounts)

    def find(self, name: str) -> Account | None:
        return self._accounts.get(name)

    def sign_in(self, name: str, password: str) -> Account | None:
        """The account, where name and password are right."""
        account = self._accounts.get(name)
        right = matches(password, account.hashed if account else self._nobody)
        return account if right and account else None


def accounts_of(settings: ServerSettings) -> Accounts:
    """Those of `--auth`, of which the first is an administrator, and those of the file of `--users`."""
    given = [entry.partition(":") for entry in settings.auth]
    found = [Account(name, hash_password(password), not place) for place, (name, _colon, password) in enumerate(given)]
    if settings.users:
        found += read_accounts(Path(settings.users).expanduser())
    several = len(found) > 1
    wrong = [account.name for account in found if several and not _can_have_a_folder(account.name)]
    if wrong:
        raise StudioError(
            _("'{name}' cannot be the name of an account.", name=wrong[0]),
            _("With several accounts each gets a folder of that name."),
            _("Use letters, digits and . _ @ - in it, a letter or digit first, and at most 64 of them."),
        )
    names = [account.name.lower() for account in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StudioError(
            _("There are two accounts named '{name}'.", name=twice[0]), "", _("Give each account a name of its own.")
        )
    if found and not any(account.is_admin for account in found):
        raise StudioError(_("No account is an administrator."), "", _("Make one of them. {how}", how=HOW))
    return Accounts(found)


def read_accounts(path: Path) -> list[Account]:
    """The accounts of a file; blank lines and those that begin with # are passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(_("The accounts in {file} cannot be read.", file=path), f"{error}.", HOW) from error
    entries = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    return [_account(line, path, number) for number, line in entries if line and not line.startswith("#")]


def _account(line: str, path: Path, number: int) -> Account:
    name, _colon, rest = line.partition(":")
    hashed, _colon, role = rest.partition(":")
    if not name or not is_hash(hashed) or role not in ("", ADMIN):
        what = _("{file}, line {number} is no account.", file=path, number=number)
        raise StudioError(what, _("The password has to be hashed."), HOW)
    return Account(name, hashed, role == ADMIN)


def _can_have_a_folder(name: str) -> bool:
    return NAME.fullmatch(name) is not None and not name.lower().startswith(GUEST) and not name.endswith(".")
