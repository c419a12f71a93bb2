"""Asking Hugging Face who somebody is: OpenID Connect, authorization code with PKCE (RFC 7636), for a Space that says
`hf_oauth: true`. https://huggingface.co/docs/hub/spaces-oauth
"""

import base64
import hashlib
import hmac
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import anyio
from pydantic import BaseModel, Field, ValidationError

from studio.language import _

logger = logging.getLogger(__name__)
BEGIN, CALLBACK = "/login/hugging-face", "/login/callback"
SCOPES = "openid profile"
SECONDS = 600.0  # for leaving and coming back
ANSWER_SECONDS = 10.0
MOST_BYTES = 65_536  # of an answer
AT_ONCE, OF_ONE_MACHINE = 8, 2  # how many are asked for at the same time
REMEMBERED = 10_000  # sign-ins that are over

DENIED = _("You are not signed in: Hugging Face was not allowed to say who you are.")
NOT_BEGUN = _("This sign-in was started in another browser, or more than ten minutes ago. Start it again.")
AWAY = _("Hugging Face does not answer at the moment. Try again in a while.")
UNKNOWN = _("Hugging Face did not confirm who you are. Begin again.")


class NotSignedInError(Exception):
    """A sentence for the page to sign in."""


class Metadata(BaseModel):
    """What we need of the provider's description (OpenID Connect Discovery 1.0)."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str


class Token(BaseModel):
    access_token: str = Field(pattern=r"^[!-~]+$")  # what a header can hold (RFC 6750)


class User(BaseModel):
    sub: str
    preferred_username: str


Said = TypeVar("Said", bound=BaseModel)


@dataclass(frozen=True)
class Provider:
    """url: where the provider describes itself. callback: where it sends people back to, an address of this server.
    owner: the user whose Space this is."""

    url: str
    client_id: str
    client_secret: str
    scopes: str
    callback: str
    owner: str


def provider_of(environment: Mapping[str, str]) -> Provider | None:
    """As a Space describes it in its environment; None elsewhere."""
    needed = ("OPENID_PROVIDER_URL", "OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "SPACE_HOST")
    url, client_id, client_secret, host = (environment.get(name, "") for name in needed)
    if not (url and client_id and client_secret and host):
        return None
    scopes, owner = environment.get("OAUTH_SCOPES") or SCOPES, environment.get("SPACE_AUTHOR_NAME", "")
    return Provider(url.rstrip("/"), client_id, client_secret, scopes, f"https://{host}{CALLBACK}", owner)


class HuggingFace:
    """One sign-in has one secret, which its browser keeps in a cookie: it is the verifier of PKCE, and the state is
    our signature of it. So an answer is worth nothing in another browser, nor twice, and nobody takes the time of this
    server with one that was never begun here. machine: from where somebody comes, who takes a share of the places."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._metadata: Metadata | None = None
        self._places = anyio.Semaphore(AT_ONCE)
        self._shares: WeakValueDictionary[str, anyio.Semaphore] = WeakValueDictionary()
        self._over: OrderedDict[str, None] = OrderedDict()  # states that have come back

    async def address(self, secret: str, machine: str) -> str:
        """Where the browser goes to be asked. Raises NotSignedInError."""
        query = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": self._provider.callback,
            "scope": self._provider.scopes,
            "state": self.state(secret, time.time()),
            "code_challenge": challenge_of(secret),
            "code_challenge_method": "S256",
        }
        return f"{(await self._described(machine)).authorization_endpoint}?{urlencode(query)}"

    def state(self, secret: str, begun: float) -> str:
        signed = hmac.digest(self._provider.client_secret.encode(), f"{begun:.0f} {secret}".encode(), "sha256")
        return f"{begun:.0f}-{signed.hex()}"

    def _is_begun(self, state: str, secret: str) -> bool:
        """Whether this server gave the state to this browser, in time, and sees it for the first time."""
        begun = state.partition("-")[0]
        if not (begun.isdecimal() and begun.isascii() and len(begun) < 20):
            return False
        ours = hmac.compare_digest(self.state(secret, int(begun)).encode(), state.encode("utf-8", "replace"))
        if not ours or state in self._over or time.time() - int(begun) > SECONDS:
            return False
        self._over[state] = None
        while len(self._over) > REMEMBERED:
            self._over.popitem(last=False)
        return True

    async def user(self, answer: Mapping[str, str], secret: str | None, machine: str) -> User:
        """Who came back, by what the address says that they came back to. Raises NotSignedInError."""
        if secret is None or not self._is_begun(answer.get("state", ""), secret):
            raise NotSignedInError(NOT_BEGUN)
        if "code" not in answer:
            raise NotSignedInError(DENIED)
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": self._provider.callback,
            "code_verifier": secret,
        }
        client = (self._provider.client_id, self._provider.client_secret)
        metadata = await self._described(machine)
        token = await self._ask(machine, Token, "POST", metadata.token_endpoint, data=form, auth=client)
        bearer = {"Authorization": f"Bearer {token.access_token}"}
        return await self._ask(machine, User, "GET", metadata.userinfo_endpoint, headers=bearer)

    async def _described(self, machine: str) -> Metadata:
        if self._metadata is None:
            url = f"{self._provider.url}/.well-known/openid-configuration"
            self._metadata = await self._ask(machine, Metadata, "GET", url)
        return self._metadata

    async def _ask(self, machine: str, kind: type[Said], method: str, url: str, **request: Any) -> Said:
        """What the provider says, in time and in shape. Raises NotSignedInError."""
        import httpx2  # with the first who signs in: few servers need it

        share = self._shares.setdefault(machine, anyio.Semaphore(OF_ONE_MACHINE))
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                async with (
                    share,
                    self._places,
                    httpx2.AsyncClient() as client,
                    client.stream(method, url, **request) as answer,
                ):
                    answer.raise_for_status()
                    said = b""
                    async for part in answer.aiter_bytes():
                        said += part
                        if len(said) > MOST_BYTES:
                            raise httpx2.DecodingError(f"more than {MOST_BYTES} bytes")
            return kind.model_validate_json(said)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValidationError) as error:
            why = "something else" if isinstance(error, ValidationError) else repr(error)  # its words hold the answer
            logger.warning("signing in with Hugging Face: %s answered %s", url, why)
            refused = isinstance(error, httpx2.HTTPStatusError) and error.response.is_client_error
            raise NotSignedInError(UNKNOWN if refused else AWAY) from error


def challenge_of(verifier: str) -> str:
    """The S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
