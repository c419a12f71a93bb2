"""The real server, with a thread that writes down which heavy libraries its process holds.

python server_with_eyes.py HOME PORT REPORT
"""

import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

HEAVY = ("torch", "torchvision", "transformers", "peft", "datasets", "accelerate")


def watch(report: Path) -> None:
    """One line for each look: the heavy modules, or a dash."""
    while True:
        loaded = [name for name in HEAVY if name in sys.modules]
        with report.open("a", encoding="utf-8") as file:
            file.write((" ".join(loaded) or "-") + "\n")
        time.sleep(0.2)


if __name__ == "__main__":
    from studio.cli import main

    home, port, report = sys.argv[1:]
    threading.Thread(target=watch, args=[Path(report)], daemon=True).start()
    sys.exit(main(["ui", "--home", home, "--port", port, "--no-browser"]))
