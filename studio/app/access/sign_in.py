"""The page to sign in, and the way out."""

from html import escape
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from studio.app.access import cookies
from studio.app.access.accounts import Account
from studio.app.access.cookies import secrets_in
from studio.app.access.gate import SIGN_IN, SIGN_OUT, Door
from studio.app.access.sessions import SECONDS
from studio.app.access.throttle import Throttle

MOST_BYTES = 8192  # of a form with a name and a password
MOST_FIELDS = 20
LONGEST_WAIT = 60.0  # seconds: nobody can keep another one out for long
AT_ONCE = 2  # passwords that are tried at the same time: each takes memory and a core
WRONG = "The name or the password is wrong."
TOO_OFTEN = "Too many wrong tries. Wait {seconds:.0f} seconds, then try again."


class SignIn:
    """The routes below the gate that need no session."""

    def __init__(self, door: Door, logo: str) -> None:
        self._door, self._logo = door, logo
        self._of_account, self._of_address = Throttle(LONGEST_WAIT), Throttle(LONGEST_WAIT)
        self._places = CapacityLimiter(AT_ONCE)

    @property
    def routes(self) -> list[Route]:
        return [
            Route(SIGN_IN, self.show, methods=["GET"]),
            Route(SIGN_IN, self.sign_in, methods=["POST"]),
            Route(SIGN_OUT, self.sign_out, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        if not self._door.accounts:
            return to_the_page(request)
        return self._page(request)

    async def sign_in(self, request: Request) -> Response:
        form = await short_form(request)
        name, password = form.get("username", ""), form.get("password", "")
        address = request.client.host if request.client else ""
        wait = max(self._of_account.seconds_left(name), self._of_address.seconds_left(address))
        if wait > 0:
            return self._page(request, TOO_OFTEN.format(seconds=max(1, wait)), 429)
        self._of_account.add(name)  # before it is tried: others of the same moment count it already
        self._of_address.add(address)
        account = await to_thread.run_sync(self._door.accounts.sign_in, name, password, limiter=self._places)
        if account is None:
            return self._page(request, WRONG, 401)
        self._of_account.forget(name)
        self._of_address.forget(address)
        return self._come_in(request, account)

    async def sign_out(self, request: Request) -> Response:
        secret = secrets_in(request.headers).get(cookies.SESSION)
        if secret:
            self._door.sessions.end(secret)
        response = to_the_page(request)
        response.headers.append("set-cookie", self._door.cookies.header(request, cookies.SESSION, "", 0))
        return response

    def _come_in(self, request: Request, account: Account) -> Response:
        response = to_the_page(request)
        secret = self._door.sessions.begin(account.name)
        response.headers.append("set-cookie", self._door.cookies.header(request, cookies.SESSION, secret, SECONDS))
        return response

    def _page(self, request: Request, wrong: str = "", status: int = 200) -> Response:
        prefix = request.scope.get("root_path") or ""
        told = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
        html = PAGE.format(prefix=escape(prefix), action=escape(f"{prefix}{SIGN_IN}"), logo=self._logo, told=told)
        return HTMLResponse(html, status)


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


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · Fine-Tuning Studio</title>
<link rel="stylesheet" href="{prefix}/studio-static/assets/css/sign_in.css">
</head>
<body>
<main>
{logo}
<h1>Fine-Tuning Studio</h1>
{told}
<form method="post" action="{action}">
<label for="username">Name</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
"""
