"""Seconds and clicks from the opened page to a prediction of one's own tuned model: the guided demos.

python benchmarks/demo.py [--repeat 3] [--chromium PATH]

Each demo is clicked through in a real browser on a fresh home, the server cut off from the network; the clock runs
from the moment the page is asked for. There is nothing to set beside it: no other studio gives a prediction without
a network. `training` is the part between Start and the end of the run.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from reporting import report

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from browser_support import FLAGS, find_chromium  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from studio_page import StudioServer, Visitor, visitor  # noqa: E402

from studio.app.demo_list import DEMOS, Demo  # noqa: E402
from studio.paths import Home  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chromium", help="the browser, where it is not found")
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {demo.name: [] for demo in DEMOS}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chosen.chromium or find_chromium(), args=FLAGS)
        for _ in range(chosen.repeat):
            for demo in DEMOS:
                arms[demo.name].append(measure(browser, demo))
                print(demo.name, arms[demo.name][-1], file=sys.stderr, flush=True)
    report("demo", arms, next(iter(DEMOS)).name, ["seconds", "training", "clicks", "test accuracy"])


def measure(browser: Any, demo: Demo) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        cut_off = {"PYTHONPATH": str(ROOT / "tests" / "offline"), "HF_HUB_OFFLINE": "0"}
        server = StudioServer(Home(Path(folder)), environment=cut_off)
        server.start()
        try:
            with visitor(browser, server) as visit:
                began = time.perf_counter()
                training = click_through(visit, demo)
                seconds = time.perf_counter() - began
                clicks = visit.page.evaluate("window.clicks")
            test = next(iter(server.store)).state().test
            accuracy = test.metrics["accuracy"] if test else float("nan")
            return {"seconds": seconds, "training": training, "clicks": clicks, "test accuracy": accuracy}
        finally:
            server.close()


def click_through(visit: Visitor, demo: Demo) -> float:
    """Always the next button; the seconds between Start and the end of the run."""
    visit.open()
    visit.page.evaluate("() => { window.clicks = 0; addEventListener('click', () => { window.clicks += 1; }, true); }")
    visit.sees(f"[data-testid=card-{demo.name}]").click()
    visit.forward("#to-strategy", "strategy")
    visit.forward("#to-train", "train")
    visit.sees("#start:visible").click()
    began = time.perf_counter()
    visit.status("Finished", timeout=600_000)
    training = time.perf_counter() - began
    visit.forward("#to-test", "test")
    visit.sees("#examples tbody tr, #examples .ui-gallery-item").click()
    visit.sees("#answer", "before training")
    return training


if __name__ == "__main__":
    main()
