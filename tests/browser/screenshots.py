"""The README's pictures: `uv run python tests/browser/screenshots.py`. Not a test.

Walks the whole way with the sample messages and the text encoder that comes with the studio, and writes
assets/screenshots/{model,data,strategy,train,test}_{light,dark}.png, train_390.png, and way.webp, which moves.
"""

import sys
import tempfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from browser_support import FLAGS, find_chromium  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from studio_page import StudioServer, Visitor, visitor  # noqa: E402

from studio.paths import Home, assets  # noqa: E402

PAGES = ("model", "data", "strategy", "train", "test")
FOLDER = assets() / "screenshots"
HEIGHT = 900
FILM_SIZE = (960, 675)
LONG, SHORT = 2.0, 0.25  # seconds that a picture is shown


@dataclass
class Film:
    """What is seen on the way, one picture after another."""

    visit: Visitor
    frames: list[Image.Image] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def take(self, seconds: float) -> None:
        """The page as it is now, to be shown for so long."""
        image = Image.open(BytesIO(self.visit.page.screenshot()))
        self.frames.append(image.convert("RGB").resize(FILM_SIZE, Image.Resampling.LANCZOS))
        self.seconds.append(seconds)

    def write(self, file: Path) -> None:
        first, *others = self.frames
        durations = [round(seconds * 1000) for seconds in self.seconds]
        first.save(file, save_all=True, append_images=others, duration=durations, loop=0, quality=70, method=6)


def walk(visit: Visitor) -> None:
    """From an empty page to a finished run, filmed."""
    film = Film(visit)
    visit.open()
    film.take(LONG)
    visit.choose_task("text-classification")
    visit.sees("[data-testid='card-starter/text']").click()
    film.take(LONG)
    visit.forward("data")
    visit.sees("#samples [role=radio]").click()
    visit.way_on("strategy")
    film.take(LONG)
    visit.forward("strategy")
    visit.choose_preset("thorough")
    film.take(LONG)
    visit.forward("train")
    run = visit.start()
    while run.state().status not in ("completed", "failed"):
        film.take(SHORT)
        visit.page.wait_for_timeout(1500)
    visit.status("Finished", timeout=600_000)
    film.take(LONG)
    visit.forward("test")
    visit.sees("#examples tbody tr >> nth=2").click()
    visit.sees("#answer", "Before training", timeout=120_000)
    film.take(LONG)
    film.write(FOLDER / "way.webp")


def take(visit: Visitor, name: str) -> None:
    """One page as a palette PNG, which keeps it small."""
    visit.page.wait_for_timeout(1200)  # charts and fonts have settled
    image = Image.open(BytesIO(visit.page.screenshot(full_page=False)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(FOLDER / f"{name}.png", optimize=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        server = StudioServer(Home(Path(folder)))
        server.start()
        try:
            with visitor(browser, server) as visit:
                visit.page.set_viewport_size({"width": 1280, "height": HEIGHT})
                walk(visit)
                for page in PAGES:
                    visit.step(page)
                    if page == "test":
                        visit.page.locator("#examples tbody tr").nth(2).click()
                        visit.sees("#answer", "Before training", timeout=120_000)
                    for scheme in ("light", "dark"):
                        take(visit, f"{page}_{scheme}")
                        visit.page.get_by_test_id("theme-toggle").click()
                visit.step("train")
                visit.page.set_viewport_size({"width": 390, "height": 1100})
                take(visit, "train_390")
        finally:
            server.close()


if __name__ == "__main__":
    main()
