"""The gate before every route: who asks is known by a session, or comes in as a guest, or has to sign in first."""

import time
from dataclasses import dataclass, replace

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components.words import speak, spoken
from studio.app.access import cookies
from studio.app.access.accounts import GUEST, Accounts
from studio.app.access.cookies import Cookies, is_encrypted, secrets_in
from studio.app.access.hub_people import HubPeople
from studio.app.access.hugging_face import BEGIN, CALLBACK
from studio.app.access.person import OWNER, Person, asked_by, speaker_of
from studio.app.access.requests import path_below
from studio.app.access.sessions import SECONDS, Sessions, fingerprint, fresh_secret
from studio.language import _

SIGN_IN, SIGN_OUT, LINK = "/login", "/logout", "/shared/"
PUBLIC = (SIGN_IN, SIGN_OUT, BEGIN, CALLBACK, "/studio-static/assets/css/", "/studio-static/assets/fonts/")
FOLDER_LETTERS = 24  # of a guest's fingerprint: 96 bits


@dataclass(frozen=True)
class Door:
    """Who may come in. Where nobody else may, there is one person: whoever runs the server.

    hub_people: those who sign in with Hugging Face, where that is offered.
    """

    accounts: Accounts
    sessions: Sessions
    cookies: Cookies
    open_to_everyone: bool = False
    hub_people: HubPeople | None = None

    @property
    def is_private(self) -> bool:
        return not self.accounts and not self.open_to_everyone and self.hub_people is None

    def person(self, connection: HTTPConnection) -> Person | None:
        """Whose request it is; None for somebody who has not come in yet."""
        if self.is_private:
            return OWNER
        brought = secrets_in(connection.headers)
        signed_in = self.signed_in(brought.get(cookies.SESSION))
        if signed_in is not None:
            return signed_in
        return guest(brought[cookies.GUEST]) if self.open_to_everyone and cookies.GUEST in brought else None

    def signed_in(self, secret: str | None) -> Person | None:
        name = self.sessions.account(secret) if secret else None
        if name is None or secret is None:
            return None
        session, looking_into = fingerprint(secret), self.sessions.workspace(secret)
        if account := self.accounts.find(name):
            workspace = looking_into if account.is_admin else account.name.lower()
            return Person(account.name, workspace, account.is_admin, session=session)
        return self.hub_people.person(name, session, looking_into) if self.hub_people else None


def guest(secret: str) -> Person:
    """Somebody without an account, known by the cookie that they got with their first page."""
    return Person("", f"{GUEST}{fingerprint(secret)[:FOLDER_LETTERS]}", is_admin=False, is_guest=True)


class Gate:
    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        person = self.door.person(connection)
        if person is not None:
            await self._let_in(person, scope, receive, send)
        elif scope["type"] == "websocket" and not is_public(connection):
            await send({"type": "websocket.close", "code": 1008})
        elif self.door.open_to_everyone and wants_page(connection):
            await self._welcome(connection, scope, receive, send)
        else:
            with speak(speaker_of(cookies.language_in(connection.headers))):
                await (self.app if is_public(connection) else refusal(connection))(scope, receive, send)

    async def _let_in(self, person: Person, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        address, language = address_of(connection), cookies.language_in(connection.headers)
        person = replace(person, address=address, arrived=time.monotonic(), language=language)
        scope["person"] = person  # for events that wait in a queue, and are answered elsewhere
        with asked_by(person):
            await self.app(scope, receive, send)

    async def _welcome(self, connection: HTTPConnection, scope: Scope, receive: Receive, send: Send) -> None:
        """The page, and with it a guest's cookie: whoever asks without one gets nothing but the page."""
        secret = fresh_secret()
        cookie = self.door.cookies.header(connection, cookies.GUEST, secret, SECONDS)

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._let_in(guest(secret), scope, receive, with_cookie)


def is_public(connection: HTTPConnection) -> bool:
    path = path_below(connection.scope)
    return any(path == each or (each.endswith("/") and path.startswith(each)) for each in PUBLIC)


def wants_page(connection: HTTPConnection) -> bool:
    """The page itself, or the link of a shared run, which leads to it."""
    path, is_read = path_below(connection.scope), connection.scope.get("method") in ("GET", "HEAD")
    return is_read and (path in ("", "/") or path.startswith(LINK))


def address_of(connection: HTTPConnection) -> str:
    """How the browser calls this server, behind a proxy too."""
    headers = connection.headers
    host = headers.get("x-forwarded-host") or headers.get("host", "")
    return f"{'https' if is_encrypted(connection) else 'http'}://{host}{connection.scope.get('root_path') or ''}"


def refusal(connection: HTTPConnection) -> Response:
    """A browser that wants a page is sent to sign in; everything else is told that nobody is signed in."""
    prefix = connection.scope.get("root_path") or ""
    if connection.scope.get("method") == "GET" and "text/html" in connection.headers.get("accept", ""):
        return RedirectResponse(f"{prefix}{SIGN_IN}", status_code=303)
    words = spoken(_("Nobody is signed in. Load the page, or sign in at {address}.", address=f"{prefix}{SIGN_IN}"))
    realm = {"www-authenticate": 'Session realm="Fine-Tuning Studio"'}
    return PlainTextResponse(f"{words}\n", status_code=401, headers=realm)
