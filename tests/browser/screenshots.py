"""The README's pictures: `uv run python tests/browser/screenshots.py`. Not a test.

Walks the whole way with the sample messages and the text encoder that comes with the studio, and writes
assets/screenshots/{page}_{light,dark}_{1280,390}.webp of every page, and way.webp, which moves.
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

PAGES = ("model", "data", "strategy", "train", "test", "runs", "share", "projects")
WIDTHS = (1280, 390)
FOLDER = assets() / "screenshots"
HEIGHT = 900
FILM_SIZE = (960, 675)
LONG, SHORT = 2.0, 0.25  # seconds that a picture is shown
MOST_OF_TRAINING = 16  # pictures, however long it takes


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

    def thin(self, begin: int, most: int) -> None:
        """Leave out pictures evenly, so that from `begin` on there are at most so many."""
        step = max(1, -(-(len(self.frames) - begin) // most))
        self.frames[begin:], self.seconds[begin:] = self.frames[begin::step], self.seconds[begin::step]

    def write(self, file: Path) -> None:
        first, *others = self.frames
        durations = [round(seconds * 1000) for seconds in self.seconds]
        first.save(file, save_all=True, append_images=others, duration=durations, loop=0, quality=60, method=6)


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
    visit.sees("#offered button", "Fix all").click()
    visit.sees("#put-right", "Undo all")
    film.take(LONG)
    visit.forward("strategy")
    visit.choose_preset("thorough")
    visit.sees("#page-strategy", "Full fine-tuning: everything learns")
    film.take(LONG)
    visit.forward("train")
    run, begin = visit.start(), len(film.frames)
    while run.state().status not in ("completed", "failed"):
        film.take(SHORT)
        visit.page.wait_for_timeout(1500)
    film.thin(begin, MOST_OF_TRAINING)
    visit.status("Finished", timeout=600_000)
    film.take(LONG)
    visit.forward("test")
    visit.sees("#examples tbody tr >> nth=2").click()
    visit.sees("#answer", "Before training", timeout=120_000)
    film.take(LONG)
    film.write(FOLDER / "way.webp")


def take(visit: Visitor, page: str) -> None:
    """A page in both widths and both schemes, lossy, which keeps the files small."""
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in ("light", "dark"):
            visit.page.wait_for_timeout(1200)  # charts and fonts have settled
            image = Image.open(BytesIO(visit.page.screenshot()))
            image.convert("RGB").save(FOLDER / f"{page}_{scheme}_{width}.webp", quality=70, method=6)
            visit.page.get_by_test_id("theme-toggle").click()


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
                    take(visit, page)
        finally:
            server.close()


if __name__ == "__main__":
    main()
