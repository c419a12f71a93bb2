"""The studio as a user sees it: a server in its own process, and a page that is clicked through.

Used by the browser tests and by the script that takes the screenshots.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas
from browser_support import PATIENCE, barriers, complaints_of

from studio.app.nested import value_at
from studio.config import RunConfig
from studio.files import read_json
from studio.paths import Home
from studio.processes import Identity
from studio.store import Run, Store

START_SECONDS = PATIENCE / 1000
LOOK_EVERY = 100  # milliseconds; by default a page is asked for every frame, which it then has to draw
# Learned in a moment by the tiny models, and with enough difference to see before and after.
FAST = {"epochs": 12, "learning_rate": 0.005, "early_stopping": 0}
ROOT = Path(__file__).resolve().parent.parent


def reserve_port() -> tuple[int, socket.socket]:
    """A free port, and what keeps it from being given to others until it is closed, where the system can do that."""
    holder = socket.socket()
    if sys.platform == "linux":  # a server that reuses addresses may listen there all the same
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port = int(holder.getsockname()[1])
    if sys.platform != "linux":
        holder.close()
    return port, holder


@dataclass
class StudioServer:
    """`studio ui` as a process, which may be killed and started again on the same port and home."""

    home: Home
    flags: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    reserved: tuple[int, socket.socket] = field(default_factory=reserve_port)

    @property
    def port(self) -> int:
        return self.reserved[0]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Store:
        return Store(self.home)

    def start(self) -> None:
        """Start, and wait until the page is served."""
        self.home.root.mkdir(parents=True, exist_ok=True)
        log = (self.home.root / "server.log").open("ab")
        command = [sys.executable, "-m", "studio", "ui", "--no-browser", "--port", str(self.port)]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        environment |= self.environment
        with log:
            self.process = subprocess.Popen(
                [*command, "--home", str(self.home.root), *self.flags],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
            )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError((self.home.root / "server.log").read_text(encoding="utf-8"))
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.address, timeout=60) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refusal:
            return refusal.code == 401  # it asks who comes
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """kill -9: nothing is tidied up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """End the server, and every worker of its home that is still at work."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        for run in self.store:
            kill_worker(run)
        self.reserved[1].close()

    def drafts(self) -> list[dict[str, Any]]:
        files = sorted(self.home.drafts.glob("*.json")) if self.home.drafts.is_dir() else []
        return [read_json(file) or {} for file in files]

    def queue(self, name: str, **settings: Any) -> Run:
        """Write a run file and queue it, as Start does; `settings` are those of the run file."""
        run = self.store.create(RunConfig.read(settings, "settings").to_text(), name)
        run.annotate(data=Path(settings["data"]["source"]).name)
        run.enqueue()
        return run


def kill_worker(run: Run) -> Identity | None:
    """kill -9 of the run's worker if it lives; its pid is only used while it is surely the worker's."""
    worker = run.worker
    if worker is not None and worker.is_alive:
        os.kill(worker.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        return worker
    return None


# Where the keyboard is, seen from an element: there, in the same group of choices (arrows lead on), or elsewhere.
PLACE_OF_KEYS = """node => {
    const group = (one) => one.closest('[role=radiogroup]');
    const now = document.activeElement;
    if (now === node) return 'here';
    return node.role === 'radio' && now.role === 'radio' && group(now) === group(node) ? 'beside' : '';
}"""
FARTHEST = 300  # presses of a key
MOVING = """() => document.getAnimations().filter(each => each.playState === 'running').map(each =>
    `${each.animationName || each.transitionProperty} of ${each.effect.target.className}`)"""


@dataclass
class Visitor:
    """A person in front of the page. by_keys: has no mouse. presses: of buttons, cards and fields, so far."""

    page: Any
    server: StudioServer
    complaints: list[str] = field(default_factory=list)
    by_keys: bool = False
    presses: int = 0

    # --- looking --------------------------------------------------------------------------------

    def open(self) -> "Visitor":
        self.page.goto(self.server.address)
        self.page.wait_for_selector("[data-testid^=step-][aria-current]", timeout=PATIENCE)
        return self

    def sees(self, selector: str, text: str | None = None, timeout: float = PATIENCE) -> Any:
        """Wait until something is visible, and holds `text` if given."""
        found = self.page.locator(selector)
        if text is not None:
            found = found.filter(has_text=text)
        found.first.wait_for(state="visible", timeout=timeout)
        return found.first

    def until(self, condition: str, argument: Any = None, timeout: float = PATIENCE) -> Any:
        """Wait until a JavaScript function of `argument` gives something true; the value it gave."""
        return self.page.wait_for_function(condition, arg=argument, timeout=timeout, polling=LOOK_EVERY).json_value()

    def status(self, title: str, timeout: float = PATIENCE) -> None:
        """Wait until the chart's own label says so."""
        self.sees("[data-testid=live-status]", title, timeout)
        if self.by_keys:  # wherever the last press was, and however often the heading was drawn anew
            self.until("() => document.activeElement.matches('#page-train *')")

    def curve(self, trace: int = 0) -> list[int]:
        """The steps that are drawn in the live chart."""
        return self.page.evaluate(
            "trace => [...(document.querySelector('#live-chart .js-plotly-plot')?.data?.[trace]?.x ?? [])]", trace
        )

    def curve_longer_than(self, count: int, timeout: float = PATIENCE) -> None:
        self.until(
            "count => document.querySelector('#live-chart .js-plotly-plot')?.data?.[0]?.x.length > count",
            count,
            timeout,
        )

    def rows_of_split(self) -> dict[str, int]:
        """The row counts under the split bar, once they are the true ones."""
        self.unfold("#split-settings")
        read = "split => document.querySelector(`[data-testid=split-rows-${split}]`).textContent"
        self.until(
            "() => ['train', 'validation', 'test'].every(split => "
            "/^[\\d,]+ \\w+$/.test(document.querySelector(`[data-testid=split-rows-${split}]`)?.textContent))"
        )
        return {
            split: int(re.sub(r"\D", "", self.page.evaluate(read, split))) for split in ("train", "validation", "test")
        }

    def finds_no_fault(self) -> None:
        """With the page as it is now: for people who use no mouse, hear it, see it narrow, or bear no motion."""
        assert barriers(self.page) == []
        assert self.page.evaluate(MOVING) == []
        width, room = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= room, f"the page is {width} pixels wide, the screen {room}"

    # --- going ----------------------------------------------------------------------------------

    def press(self, what: Any) -> Any:
        """Press an element, or the first that a selector finds, once it can be seen."""
        found = self.sees(what) if isinstance(what, str) else what
        self.presses += 1
        if self.by_keys:
            self.reach(found)
            is_box = found.evaluate("node => node.matches('input[type=checkbox], input[type=radio]')")
            self.page.keyboard.press("Space" if is_box else "Enter")
        else:
            found.click()
        return found

    def reach(self, found: Any) -> None:
        """Bring the keyboard there, by the keys that a person would use."""
        for _ in range(FARTHEST):
            place = found.evaluate(PLACE_OF_KEYS)
            if place == "here":
                return
            self.page.keyboard.press("ArrowRight" if place == "beside" else "Tab")
        raise AssertionError(f"the keyboard never comes to {found}")

    def step(self, key: str) -> None:
        self.press(self.page.get_by_test_id(f"step-{key}"))
        self.arrives(key)

    def arrives(self, key: str) -> None:
        self.sees(f"[data-testid=step-{key}][aria-current]")
        self.page.locator(f"#page-{key}").wait_for(state="visible", timeout=PATIENCE)

    def way_on(self, key: str) -> Any:
        """Wait until the button at the foot of the page leads there."""
        return self.sees(f"#way-on button[data-key={key}]:not([aria-disabled])")

    def forward(self, key: str) -> None:
        """Press it."""
        self.press(self.way_on(key))
        self.arrives(key)

    def unfold(self, fold: str) -> None:
        """Open an accordion, if it is closed."""
        button = self.sees(f"{fold} > button")
        if "open" not in (button.get_attribute("class") or "").split():
            button.click()

    def choose_task(self, task: str) -> None:
        self.press("[data-testid=card-own]")
        self.press(f"[data-testid=card-{task}]")
        self.sees("#other-models")

    def choose_folder(self, folder: Path) -> None:
        """Name a model folder of this machine."""
        field_ = self.page.locator("#model-folder textarea, #model-folder input")
        if not field_.is_visible():
            self.press(self.page.locator("#other-models button").first)
        field_.fill(str(folder))
        self.press("#use-folder")
        self.sees("#model-summary", f"{folder.name} is ready")

    def upload(self, file: Path) -> None:
        self.page.set_input_files("#upload input[type=file]", str(file))
        self.way_on("strategy")

    def choose_preset(self, name: str) -> None:
        self.press(f"#presets [data-testid=card-{name}]")
        self.sees(f"#presets [data-testid=card-{name}][aria-checked=true]")
        self.sees("#strategy-numbers", "Trained parameters")
        self.way_on("train")

    def open_advanced(self) -> None:
        """With every panel in it."""
        self.page.locator("#advanced > button").click()
        self.sees("#training-epochs")
        closed = self.page.locator("#advanced .ui-fold-button[aria-expanded=false]:visible")
        while closed.count():
            closed.first.click()

    def set_training(self, name: str, value: float, owner: str = "training", part: str = "training") -> None:
        """Type a number into a field of Advanced and leave the field; returns once it is kept.

        owner, part: of a setting of the task its name and "options".
        """
        field_ = self.page.locator(f"#{owner}-{name} input")
        field_.fill(str(value))
        field_.press("Tab")
        self.wait(lambda: any(value_at(draft, f"config.{part}.{name}") == value for draft in self.server.drafts()))

    def wait(self, holds: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
        """Wait until something holds on the server's side."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"waited {seconds:.0f} s in vain"
            self.page.wait_for_timeout(50)

    def prepare(self, task: str, model: Path, data: Path) -> None:
        """From an empty page to the Strategy page."""
        self.open()
        self.choose_task(task)
        self.choose_folder(model)
        self.forward("data")
        self.upload(data)
        self.forward("strategy")

    def start(self) -> Run:
        """Press Start; the run that came of it."""
        known = {run.id for run in self.server.store}
        self.press("#start:visible, #start-again:visible")
        self.wait(lambda: len(list(self.server.store)) > len(known))
        if self.by_keys:  # though the button may be there no more
            self.until("() => document.activeElement.matches('#page-train *')")
        return next(run for run in self.server.store if run.id not in known)

    def open_numbers(self) -> None:
        """On the Test page: the metrics and their figures."""
        self.page.locator("#more-numbers > button").click()
        self.sees("#views .ui-figure")

    # --- taking away ----------------------------------------------------------------------------

    def predictions(self, inputs: Path) -> pandas.DataFrame:
        """On the Test page: the file that comes back for a file of inputs."""
        self.page.locator("#many > button").click()
        self.page.set_input_files("#many-file input[type=file]", str(inputs))
        with self.page.expect_download() as download:
            self.sees("#many-download a").click()
        return pandas.read_csv(download.value.path())

    def take_away(self, folder: Path) -> Path:
        """By way of the Share page: the model of the open run as a folder, unpacked below `folder`."""
        self.step("share")
        with self.page.expect_download() as download:
            self.press("#download-model")
        with zipfile.ZipFile(download.value.path()) as archive:
            archive.extractall(folder)
        return next(folder.rglob("config.json")).parent

    def pick_run(self, run: Run) -> None:
        """On the Runs page, where it may be one of many."""
        self.step("runs")
        self.sees("#runs tbody tr")
        self.page.fill("#runs input[type=search]", run.name)
        self.sees("#runs tbody tr", run.name).click()
        self.sees("#run-title", run.name)

    def open_run(self, run: Run) -> None:
        self.pick_run(run)
        self.page.click("#run-open")
        self.arrives("train")
        self.sees("#page-train h2", run.name)


class PlainTransformers:
    """A process that knows transformers and nothing of the studio. It is asked as `transformers.pipeline` is."""

    CODE = """
import json, os, sys
from transformers import pipeline
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    task, folder, asked, settings = json.loads(line)
    os.chdir(folder)
    print(json.dumps(pipeline(task, model=folder)(asked, **settings), default=float), file=answers, flush=True)
"""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, "-c", self.CODE], stdin=pipe, stdout=pipe, text=True)

    def __call__(self, task: str, folder: Path, asked: Any, **settings: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps([task, str(folder), asked, settings]), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, f"{folder} was not loaded: see the output of the tests"
        return json.loads(answer)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def first_visit(profile: Any, server: StudioServer) -> Iterator[Visitor]:
    """A page of the one browser that keeps what it has compiled: nothing is remembered of a person, before or after."""
    page = profile.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        yield Visitor(page, server, complaints_of(page))
    finally:
        page.evaluate("() => localStorage.clear()")
        page.close()
        profile.clear_cookies()


@dataclass(frozen=True)
class Look:
    """How somebody sits in front of the page."""

    name: str
    width: int = 1280
    scheme: str = "light"
    by_keys: bool = False  # and in the colours of the system, as many have it who see little


LOOKS = (Look("wide and light"), Look("narrow and dark", 390, "dark"), Look("by keyboard", by_keys=True))


@contextmanager
def looking(browser: Any, server: StudioServer, look: Look) -> Iterator[Visitor]:
    colours = {"forced_colors": "active"} if look.by_keys else {}
    with visitor(browser, server, look.width, look.scheme, **colours) as visit:
        visit.by_keys = look.by_keys
        yield visit
        assert visit.complaints == []


@contextmanager
def visitor(
    browser: Any, server: StudioServer, width: int = 1280, scheme: str = "light", **settings: Any
) -> Iterator[Visitor]:
    """A browser of its own, with nothing remembered."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, **{"reduced_motion": "reduce", **settings}
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        yield Visitor(page, server, complaints_of(page))
    finally:
        context.close()
