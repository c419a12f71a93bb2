"""A provider of OpenID Connect on this machine, which does what Hugging Face does for a Space."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT, SECRET = "client", "its secret"


@dataclass
class FakeHub:
    """answers: what a path answers instead of what is right: a status, or text."""

    url: str = ""
    codes: dict[str, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)  # -> what was asked, the user
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, int | str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "OPENID_PROVIDER_URL": self.url,
            "OAUTH_CLIENT_ID": CLIENT,
            "OAUTH_CLIENT_SECRET": SECRET,
            "OAUTH_SCOPES": "openid profile",
            "SPACE_HOST": "anna-studio.hf.space",
            "SPACE_AUTHOR_NAME": "Anna",
        }

    def allow(self, address: str, username: str, subject: str = "") -> str:
        """The user says yes at this address: where their browser is sent back to, below the server's own."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.url}/oauth/authorize?")
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked, {"sub": subject or f"number of {username}", "preferred_username": username}
        assert asked["redirect_uri"].startswith("https://anna-studio.hf.space/")
        return f"{urlsplit(asked['redirect_uri']).path}?code={code}&state={asked['state']}"

    def described(self) -> dict[str, Any]:
        ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        return {f"{name}_endpoint": f"{self.url}/oauth/{path}" for name, path in ends.items()}

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | int:
        asked, user = self.codes.pop(form.get("code", ""), ({}, {}))
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        right = (
            authorization == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            and asked.get("redirect_uri") == form["redirect_uri"]
            and asked.get("code_challenge") == base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        )
        if not right:
            return 400
        token = secrets.token_urlsafe(8)
        self.tokens[token] = user
        return {"access_token": token, "token_type": "bearer"}


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/oauth/userinfo":
                token = self.headers["Authorization"].removeprefix("Bearer ")
                self.say(hub.tokens.get(token, 401))
            else:
                self.say(hub.described() if self.path == "/.well-known/openid-configuration" else 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.say(hub.token(form, self.headers["Authorization"]))

        def say(self, answer: dict[str, Any] | int) -> None:
            told = hub.answers.get(self.path, answer)
            text = told if isinstance(told, str) else json.dumps(told)
            self.send_response(told if isinstance(told, int) else 200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield hub
    server.shutdown()
    server.server_close()
