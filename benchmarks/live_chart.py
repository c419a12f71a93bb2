"""A poll of the live chart at 20,000 points, beside sending the whole chart again as `gr.Plot` does.

python benchmarks/live_chart.py [--points 20000] [--polls 60]

`bytes` is the JSON that goes to the browser for one update, `server ms` the processor time to make it. Between two
updates five new steps are logged. The figure is thinned to 2,000 points or whole.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from logs import at_work, make_run, step, write, write_steps
from reporting import report

from studio.app.live import poll
from studio.app.states import States
from studio.paths import Home
from studio.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--polls", type=int, default=60)
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store, states = Store(Home(Path(folder))), States()
        run = write_steps(at_work(make_run(store)), chosen.points)
        before = time.process_time()
        first = poll(store, states, run.id, 0)
        arms["studio, first poll"] = [measured(first, before)]
        offset, points = first["offset"], list(states.of(run).train)
        for number in range(chosen.polls):
            for new in range(5):
                number_of_step = chosen.points + 5 * number + new + 1
                write(run, step(number_of_step))
                points.append((number_of_step, 1.0 / number_of_step))
            before = time.process_time()
            news = poll(store, states, run.id, offset)
            arms.setdefault("studio", []).append(measured(news, before))
            offset = news["offset"]
            if number % 10 == 0:  # they are slow
                every = max(1, len(points) // 2000)
                for name, shown in (("gr.Plot, 2,000 points", points[::every]), ("gr.Plot, all points", points)):
                    before = time.process_time()
                    arms.setdefault(name, []).append(measured(figure(shown), before))
    report(f"live_chart: {chosen.points:,} points", arms, "studio", ["bytes", "server ms"])


def figure(points: list[tuple[int, float]]) -> dict[str, object]:
    """What `gr.Plot` sends for a plotly figure: its own postprocessing."""
    import gradio
    import plotly.graph_objects as plots

    drawn = plots.Figure(plots.Scatter(x=[x for x, _ in points], y=[y for _, y in points], mode="lines"))
    data = gradio.Plot().postprocess(drawn)
    return data.model_dump() if data else {}


def measured(message: dict[str, object], before: float) -> dict[str, float]:
    size = len(json.dumps(message))
    return {"bytes": size, "server ms": (time.process_time() - before) * 1000}


if __name__ == "__main__":
    main()
