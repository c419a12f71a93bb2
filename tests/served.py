"""The studio's server as an ASGI app, and people who come to it."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.testclient import TestClient

from studio.app.pages import Services
from studio.app.server import make_asgi, make_services
from studio.paths import Home
from studio.server_settings import ServerSettings

PASSWORD = "se:cret ü"  # only the first colon parts the name from the password
MACHINES, PAGES = count(1), count(1)
PAGE = "x-page"  # what a browser calls the page that it shows; here it travels in a header of our own
ADDRESS = "http://127.0.0.1:7860"


def app_with(root: Home, **settings: Any) -> FastAPI:
    return make_asgi(services_with(root, **settings))


def services_with(root: Home, **settings: Any) -> Services:
    return make_services(ServerSettings(home=str(root.root), warm_start=False, open_browser=False, **settings))


def somebody(app: FastAPI, address: str = ADDRESS, **more: Any) -> TestClient:
    """A browser that has not been here, on a machine of its own; it goes nowhere by itself."""
    machine = (f"203.0.113.{next(MACHINES) % 250}", 50000)
    quiet = {"raise_server_exceptions": False, "follow_redirects": False}
    browser = TestClient(app, base_url=address, client=machine, **quiet, **more)
    browser.headers[PAGE] = f"page{next(PAGES)}"
    return browser


def signed_in(app: FastAPI, name: str, password: str = PASSWORD) -> TestClient:
    browser = somebody(app)
    assert browser.post("/login", data={"username": name, "password": password}).status_code == 303
    return browser


def paths_of(routes: Any, prefix: str = "") -> Iterator[str]:
    """Every path that the app knows, with its parameters filled, those of mounted and included apps too."""
    for route in routes:
        path = prefix + (getattr(route, "path", None) or "")
        if isinstance(route, Mount):
            yield from (f"{path}/", f"{path}/index.html", f"{path}/x/y")
        yield re.sub(r"{[^}]*}", "x", path) or "/"
        inner = getattr(route, "original_router", route)
        yield from paths_of(getattr(inner, "routes", None) or (), path)


def element(config: dict[str, Any], elem_id: str) -> int:
    """The number by which Gradio knows a widget."""
    return next(each["id"] for each in config["components"] if each["props"].get("elem_id") == elem_id)


def press(browser: TestClient, elem_id: str, event: str, data: list[Any], **more: Any) -> str:
    """What the page does where something happens to a widget; the answer as it came."""
    config = browser.get("/config").json()
    target = [[element(config, elem_id), event]]
    call = next(each for each in config["dependencies"] if each["targets"] == target)
    body = {"fn_index": call["id"], "data": data, "session_hash": browser.headers[PAGE], **more}
    return browser.post("/gradio_api/run/predict", json=body).text


def ask_component(browser: TestClient, elem_id: str, function: str, data: Any) -> str:
    """What a component of ours asks its server for; the answer as it came."""
    number = element(browser.get("/config").json(), elem_id)
    body = {"component_id": number, "fn_name": function, "data": data, "session_hash": browser.headers[PAGE]}
    return browser.post("/gradio_api/component_server", json=body).text
