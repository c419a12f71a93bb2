"""The cookies: the secret of a session, that of a guest, for minutes that of a sign-in with Hugging Face, and the
language that was chosen. No script of the page can read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.requests import HTTPConnection

from studio.language import language_of, languages

SESSION, GUEST, SIGNING_IN = "studio-session", "studio-guest", "studio-signing-in"
LANGUAGE = "studio-language"
SECRET_LENGTHS = range(32, 129)


@dataclass(frozen=True)
class Cookies:
    """embedded: whether the page is shown inside that of another site, as Spaces are. Browsers then keep and send only
    cookies that say so, and keep them apart for each site around it."""

    embedded: bool = False

    def header(self, connection: HTTPConnection, name: str, value: str, seconds: float) -> str:
        """A Set-Cookie header; 0 seconds remove the cookie."""
        path = connection.scope.get("root_path") or "/"
        parts = [f"{name}={value}", f"Path={path}", f"Max-Age={seconds:.0f}", "HttpOnly"]
        parts.append("SameSite=None; Partitioned" if self.embedded else "SameSite=Lax")
        if self.embedded or is_encrypted(connection):
            parts.append("Secure")
        return "; ".join(parts)


def is_encrypted(connection: HTTPConnection) -> bool:
    """Whether the browser came by TLS, here or as far as a proxy, which says so."""
    forwarded = connection.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return connection.scope.get("scheme") in ("https", "wss") or forwarded == "https"


def cookies_in(headers: Mapping[str, str]) -> dict[str, str]:
    """The cookies that a request brings, by their names."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def secrets_in(headers: Mapping[str, str]) -> dict[str, str]:
    """The secrets that a request brings, by the cookie's name; what cannot be one is left out."""
    values = {name: value for name, value in cookies_in(headers).items() if name in (SESSION, GUEST, SIGNING_IN)}
    return {name: value for name, value in values.items() if len(value) in SECRET_LENGTHS and value.isascii()}


def language_in(headers: Mapping[str, str]) -> str:
    """The language of whoever sends a request: what they chose here before, else what their browser prefers."""
    chosen = cookies_in(headers).get(LANGUAGE, "")
    return chosen if chosen in languages() else language_of(headers.get("accept-language", ""))
