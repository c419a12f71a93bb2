"""The page to sign in, and the way out."""

import math
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from components.words import escape, language
from studio.app.access import cookies, hugging_face
from studio.app.access.cookies import secrets_in
from studio.app.access.gate import SIGN_IN, SIGN_OUT, Door
from studio.app.access.hugging_face import HuggingFace, NotSignedInError
from studio.app.access.sessions import SECONDS, fresh_secret
from studio.app.access.throttle import Throttle
from studio.language import _, plural

MOST_BYTES = 8192  # of a form with a name and a password
MOST_FIELDS = 20
LONGEST_WAIT = 60.0  # seconds: nobody can keep another one out for long
AT_ONCE = 2  # passwords that are tried at the same time: each takes memory and a core
WRONG = _("The name or the password is wrong.")


class SignIn:
    """The routes below the gate that need no session. hub: where people may sign in with Hugging Face, too."""

    def __init__(self, door: Door, logo: str, hub: HuggingFace | None = None) -> None:
        self._door, self._logo, self._hub = door, logo, hub
        self._of_account, self._of_address = Throttle(LONGEST_WAIT), Throttle(LONGEST_WAIT)
        self._places = CapacityLimiter(AT_ONCE)

    @property
    def routes(self) -> list[Route]:
        of_hub = [
            Route(hugging_face.BEGIN, self.ask_hub, methods=["GET"]),
            Route(hugging_face.CALLBACK, self.come_from_hub, methods=["GET"]),
        ]
        return [
            Route(SIGN_IN, self.show, methods=["GET"]),
            Route(SIGN_IN, self.sign_in, methods=["POST"]),
            Route(SIGN_OUT, self.sign_out, methods=["POST"]),
            *(of_hub if self._hub else []),
        ]

    async def show(self, request: Request) -> Response:
        return self._page(request) if self._door.accounts or self._hub else to_the_page(request)

    async def sign_in(self, request: Request) -> Response:
        form = await short_form(request)
        name, password = form.get("username", ""), form.get("password", "")
        address = request.client.host if request.client else ""
        wait = max(self._of_account.seconds_left(name), self._of_address.seconds_left(address))
        if wait > 0:
            return self._page(request, too_often(wait), 429)
        self._of_account.add(name)  # before it is tried: others of the same moment count it already
        self._of_address.add(address)
        account = await to_thread.run_sync(self._door.accounts.sign_in, name, password, limiter=self._places)
        if account is None:
            return self._page(request, WRONG, 401)
        self._of_account.forget(name)
        self._of_address.forget(address)
        return self._come_in(request, account.name)

    async def sign_out(self, request: Request) -> Response:
        secret = secrets_in(request.headers).get(cookies.SESSION)
        if secret:
            self._door.sessions.end(secret)
        response = to_the_page(request)
        self._set(response, request, cookies.SESSION, "", 0)
        return response

    async def ask_hub(self, request: Request) -> Response:
        """Send the browser to Hugging Face, with a cookie by which it is known when it comes back."""
        assert self._hub
        secret = fresh_secret()
        try:
            response: Response = RedirectResponse(await self._hub.address(secret, machine_of(request)), status_code=303)
        except NotSignedInError as error:
            return self._page(request, str(error), 502)
        self._set(response, request, cookies.SIGNING_IN, secret, hugging_face.SECONDS)
        return response

    async def come_from_hub(self, request: Request) -> Response:
        assert self._hub and self._door.hub_people
        secret = secrets_in(request.headers).get(cookies.SIGNING_IN)
        try:
            user = await self._hub.user(request.query_params, secret, machine_of(request))
            response = self._come_in(request, self._door.hub_people.account(user))
        except NotSignedInError as error:
            response = self._page(request, str(error), 401)
        self._set(response, request, cookies.SIGNING_IN, "", 0)
        return response

    def _come_in(self, request: Request, account: str) -> Response:
        if former := secrets_in(request.headers).get(cookies.SESSION):
            self._door.sessions.end(former)
        response = to_the_page(request)
        self._set(response, request, cookies.SESSION, self._door.sessions.begin(account), SECONDS)
        return response

    def _set(self, response: Response, request: Request, cookie: str, secret: str, seconds: float) -> None:
        response.headers.append("set-cookie", self._door.cookies.header(request, cookie, secret, seconds))

    def _page(self, request: Request, wrong: str = "", status: int = 200) -> Response:
        prefix = escape(request.scope.get("root_path") or "")
        words = {name: escape(each) for name, each in WORDS.items()}
        ways = [
            FORM.format(action=f"{prefix}{SIGN_IN}", **words) if self._door.accounts else "",
            HUB.format(address=f"{prefix}{hugging_face.BEGIN}", **self._target(), **words) if self._hub else "",
            GUEST.format(address=f"{prefix}/", **words) if self._door.open_to_everyone else "",
        ]
        told = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
        around = {"language": language(), "prefix": prefix, "logo": self._logo, **words}
        return HTMLResponse(PAGE.format(told=told, ways="\n".join(filter(None, ways)), **around), status)

    def _target(self) -> dict[str, str]:
        """Hugging Face shows itself in no frame, so whoever is in one signs in, and goes on, in a tab of its own."""
        return {"target": ' target="_blank" rel="noopener"' if self._door.cookies.embedded else ""}


def too_often(wait: float) -> str:
    return plural(
        "Too many wrong tries. Wait {n} second, then try again.",
        "Too many wrong tries. Wait {n} seconds, then try again.",
        math.ceil(wait),
    )


def machine_of(request: Request) -> str:
    """Where a request to a Space comes from. The Space's proxy adds it behind what a browser may have written."""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded or (request.client.host if request.client else "")


async def short_form(request: Request) -> dict[str, str]:
    """The fields of a form of at most MOST_BYTES and MOST_FIELDS; of a larger one none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def to_the_page(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path') or ''}/", status_code=303)


WORDS = {
    "sign_in": _("Sign in"),
    "name": _("Name"),
    "password": _("Password"),
    "with_hub": _("Sign in with Hugging Face"),
    "as_guest": _("Go on as a guest"),
}
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{sign_in} · Fine-Tuning Studio</title>
<link rel="stylesheet" href="{prefix}/studio-static/assets/css/sign_in.css">
</head>
<body>
<main>
{logo}
<h1>Fine-Tuning Studio</h1>
{told}
{ways}
</main>
</body>
</html>
"""

FORM = """<form method="post" action="{action}">
<label for="username">{name}</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">{password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">{sign_in}</button>
</form>"""
HUB = '<a class="way" href="{address}"{target}>{with_hub}</a>'
GUEST = '<p class="quiet"><a href="{address}">{as_guest}</a></p>'
