"""The server: nothing outside its folders, nothing for other sites, and plain words when it cannot start."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import app_with
from starlette.testclient import TestClient

from studio.app.forged import FORGED
from studio.app.server import listen, refuse_open_door
from studio.errors import StudioError
from studio.files import replace_text
from studio.paths import Home
from studio.server_settings import ServerSettings


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("server") / "home")


# --- without a login ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def open_client(root: Home) -> Iterator[TestClient]:
    yield TestClient(app_with(root), base_url="http://localhost:7860", raise_server_exceptions=False)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.168.0.2:7860", ""]
)
def test_on_loopback_other_names_are_not_answered(open_client: TestClient, host: str) -> None:
    assert open_client.get("/", headers={"Host": host}).status_code == 400
    assert open_client.post("/gradio_api/queue/join", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7860", "localhost:9000", "[::1]:7860"])
def test_on_loopback_its_own_names_are_answered(open_client: TestClient, host: str) -> None:
    assert open_client.get("/config", headers={"Host": host}).status_code == 200


def test_files_outside_the_allowed_folders_are_not_served(open_client: TestClient, root: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words", encoding="utf-8")
    private = [secret, Path("/etc/passwd"), Path(__file__), Path(sys.executable)]
    for folder in (root.drafts, root.uploads, root.runs / "20260101-000000-abcd", root.locks, root.cache, root.trash):
        replace_text(folder / "file.json", "hidden words")
        private.append(folder / "file.json")
    replace_text(root.datasets / "key" / "thumbnails" / "1.png", "image")
    replace_text(root.downloads / "run" / "model.zip", "archive")
    private.append(root.datasets / "key" / ".." / ".." / "drafts" / "file.json")
    (root.datasets / "key" / "link.json").symlink_to(secret)
    private.append(root.datasets / "key" / "link.json")
    for path in private:
        for address in (f"/gradio_api/file={path}", f"/file={path}", f"/gradio_api/file%3D{path}"):
            answer = open_client.get(address)
            assert not answer.is_success, f"{address} was served"
            assert b"hidden words" not in answer.content and b"root:" not in answer.content
    for shown in (root.datasets / "key" / "thumbnails" / "1.png", root.downloads / "run" / "model.zip"):
        assert open_client.get(f"/gradio_api/file={shown}").status_code == 200


def test_static_files_stay_in_their_folders(open_client: TestClient) -> None:
    for mount in ("/studio-static/assets", "/studio-static/plotly"):
        for way in ("../pyproject.toml", "..%2fpyproject.toml", "%2e%2e/pyproject.toml", "/etc/passwd", ""):
            assert not open_client.get(f"{mount}/{way}").is_success, way


def test_the_page_names_no_outside_host(open_client: TestClient) -> None:
    page = open_client.get("/").text
    hosts = set(re.findall(r"(?:src|href)=[\"'](?:https?:)?//([^/\"']+)", page))
    assert hosts <= {"localhost:7860"}, hosts


@pytest.mark.parametrize("widget", ["many-file", "try-image"])
def test_a_path_that_a_browser_makes_up_is_no_upload(root: Home, widget: str) -> None:
    """Whoever reaches the page may upload a file, never name one that lies on this machine already."""
    name = "victim.png" if widget == "try-image" else "victim.csv"
    victim, inside = root.root.parent / name, root.root / name
    for path in (victim, inside):
        replace_text(path, "text,label\na,b\n")
    with TestClient(app_with(root), base_url="http://localhost:7860") as running:
        config = running.get("/config").json()
        entry = next(each for each in config["components"] if each["props"].get("elem_id") == widget)
        calls = [each for each in config["dependencies"] if entry["id"] in each["inputs"]]
        assert calls, "the widget has no handler"
        kinds = {each["id"]: each for each in config["components"]}
        typed = {"browserstate", "textbox"}
        others = {
            key: "0" * 24 if kind["type"] in typed else kind["props"].get("value", kind["props"].get("minimum"))
            for key, kind in kinds.items()
        }
        file, in_the_home = (
            {"path": str(path), "meta": {"_type": "gradio.FileData"}, "orig_name": name} for path in (victim, inside)
        )
        for number, call in enumerate(calls):
            for value in (file, None):
                data = [value if each == entry["id"] else others[each] for each in call["inputs"]]
                body = {"fn_index": call["id"], "data": data, "session_hash": f"s{number}"}
                assert running.post("/gradio_api/queue/join", json=body).is_success
                told = running.get(f"/gradio_api/queue/data?session_hash=s{number}").text
                assert (FORGED in told) == (value is file) and victim.name not in told, told
            data = [in_the_home if each == entry["id"] else others[each] for each in call["inputs"]]
            body = {"fn_index": call["id"], "data": data, "session_hash": f"s{number}"}
            assert running.post("/gradio_api/queue/join", json=body).status_code == 400
    assert victim.is_file() and inside.is_file() and not any(root.uploads.rglob("victim*"))


# --- starting -----------------------------------------------------------------------------------------


def test_a_port_in_use_is_said_without_a_traceback(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "studio", "ui", "--port", str(port), "--home", str(tmp_path), "--no-browser"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert f"Port {port} cannot be used." in ended.stderr and f"--port {port + 1}" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(StudioError, match="cannot be served at"):
        listen("203.0.113.7", 0)


def test_any_free_port_is_taken_when_asked_for_0() -> None:
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        assert one.getsockname()[1] != other.getsockname()[1]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.2"])
def test_an_open_door_has_to_be_wanted(host: str) -> None:
    with pytest.raises(StudioError, match="could use this studio") as told:
        refuse_open_door(ServerSettings(host=host))
    assert "--open-to-everyone" in str(told.value) and "--auth" in str(told.value)
    for wanted in ({"auth": ("a:b",)}, {"users": "users.txt"}, {"open_to_everyone": True}):
        refuse_open_door(ServerSettings(host=host, **wanted))


def test_this_machine_alone_needs_no_door() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        refuse_open_door(ServerSettings(host=host))
