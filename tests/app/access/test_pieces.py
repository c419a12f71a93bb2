"""Passwords, accounts, sessions and waits, each by itself."""

from pathlib import Path

import pytest

from studio.app.access.accounts import Accounts, accounts_of
from studio.app.access.passwords import hash_password, is_hash, matches
from studio.app.access.sessions import SECONDS, Sessions
from studio.app.access.throttle import FREE, REMEMBERED, Throttle
from studio.cli import main
from studio.errors import StudioError
from studio.server_settings import ServerSettings


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- passwords and accounts -------------------------------------------------------------------------


def test_a_password_is_known_by_its_hash_alone() -> None:
    one, other = hash_password("open sesame"), hash_password("open sesame")
    assert one != other and "sesame" not in one
    assert matches("open sesame", one) and matches("open sesame", other) and not matches("open sesam", one)


@pytest.mark.parametrize("text", ["", "secret", "scrypt$1$2", "scrypt$16384$8$1$!!$!!", "md5$16384$8$1$AAAA$AAAA"])
def test_what_is_no_hash(text: str) -> None:
    assert not is_hash(text)


def accounts(tmp_path: Path, *lines: str, auth: tuple[str, ...] = ()) -> Accounts:
    (tmp_path / "users").write_text("\n".join(lines), encoding="utf-8")
    return accounts_of(ServerSettings(auth=auth, users=str(tmp_path / "users")))


def test_accounts_of_a_file(tmp_path: Path) -> None:
    hashed = hash_password("a password")
    found = accounts(tmp_path, "# ours", "", f"anna:{hashed}:admin", f"ben:{hashed}")
    anna, ben = found.sign_in("anna", "a password"), found.sign_in("ben", "a password")
    assert anna and anna.is_admin and ben and not ben.is_admin
    assert found.sign_in("ben", "another") is None and found.sign_in("carl", "a password") is None


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["anna:in plain words"], "line 1 is no account"),
        (["", "{hash}"], "line 2 is no account"),
        (["anna:{hash}:admin", "ben:{hash}:boss"], "line 2 is no account"),
        (["anna:{hash}:admin", "Anna:{hash}"], "two accounts named 'anna'"),
        (["anna:{hash}", "ben:{hash}"], "administrator"),
        (["anna:{hash}:admin", "../ben:{hash}"], "cannot be the name"),
        (["anna:{hash}:admin", "guest-1:{hash}"], "cannot be the name"),
        (["anna:{hash}:admin", "..:{hash}"], "cannot be the name"),
    ],
)
def test_accounts_that_are_none_are_refused(tmp_path: Path, lines: list[str], words: str) -> None:
    hashed = hash_password("a password")
    with pytest.raises(StudioError, match=words):
        accounts(tmp_path, *(line.replace("{hash}", hashed) for line in lines))


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot be read"):
        accounts_of(ServerSettings(users=str(tmp_path / "nowhere")))


def test_the_first_account_that_is_given_is_the_administrator_s() -> None:
    found = accounts_of(ServerSettings.read({"auth": "anna:one password\nben:another:with colons"}))
    anna, ben = found.find("anna"), found.find("ben")
    assert anna and anna.is_admin and ben and not ben.is_admin and found.sign_in("ben", "another:with colons")


def test_the_command_prints_a_line_that_is_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "typed").open("w+") as typed:
        typed.write("a long password\nshort\n")
        typed.seek(0)
        monkeypatch.setattr("sys.stdin", typed)
        assert main(["password", "anna", "--admin"]) == 0
        line = capsys.readouterr().out.strip()
        assert main(["password", "anna"]) == 2 and "too short" in capsys.readouterr().err
    assert accounts(tmp_path, line).sign_in("anna", "a long password")


# --- sessions ---------------------------------------------------------------------------------------


def test_a_session_lasts_for_its_time(tmp_path: Path) -> None:
    clock = Clock()
    sessions = Sessions(tmp_path, clock)
    secret = sessions.begin("anna")
    assert sessions.account(secret) == "anna" and sessions.account(secret + "x") is None
    clock.now += SECONDS - 1
    assert Sessions(tmp_path, clock).account(secret) == "anna", "it outlives the server"
    clock.now += 2
    assert sessions.account(secret) is None
    sessions.begin("ben")
    assert len(list(tmp_path.iterdir())) == 1, "what is over is removed"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"account": "anna"}', '{"account": 1, "until": 1e12}', "\x00"])
def test_a_damaged_session_is_none(tmp_path: Path, content: str) -> None:
    sessions = Sessions(tmp_path)
    secret = sessions.begin("anna")
    next(tmp_path.iterdir()).write_text(content, encoding="utf-8")
    assert sessions.account(secret) is None
    assert sessions.account(sessions.begin("ben")) == "ben"


# --- waits ------------------------------------------------------------------------------------------


def test_waits_grow_up_to_the_longest_and_are_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(60.0, clock)
    waits = []
    for _ in range(FREE + 8):
        throttle.add("anna")
        waits.append(throttle.seconds_left("anna"))
    assert waits[: FREE - 1] == [0.0] * (FREE - 1) and waits[FREE - 1 :][:4] == [1.0, 2.0, 4.0, 8.0] and waits[-1] == 60
    assert throttle.seconds_left("ben") == 0
    clock.now += 60
    assert throttle.seconds_left("anna") == 0
    clock.now += 61
    throttle.add("anna")
    assert throttle.seconds_left("anna") == 0, "after that long it is one try again"
    for _ in range(FREE):
        throttle.add("anna")
    throttle.forget("anna")
    assert throttle.seconds_left("anna") == 0


def test_what_is_remembered_of_tries_is_bounded() -> None:
    throttle = Throttle(60.0)
    for number in range(REMEMBERED + 50):
        throttle.add(str(number))
    assert len(throttle._wrong) == REMEMBERED
