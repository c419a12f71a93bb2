"""What visitors cost: many that watch one run, and what each page costs the server.

python benchmarks/many_visitors.py [--clients 100] [--seconds 20] [--repeats 3]

One run trains; the clients ask for its news twice a second each, or as seldom as the server wants it where they are
many, as the live chart does, over connections that stay open, from a process of their own on the same machine. `alone`
and `watched` take turns.

- steps/s: of the training. answer ms: median of the clients' waits. server cpu ms: the server's processor time for
  each answer.
- index page, page switch: processor time of the server for GET / and for a press in the stepper (the median of 15).
"""

import argparse
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import psutil
import tiny
from reporting import report
from studio_page import StudioServer

from studio.paths import Home
from studio.store import Run

SECONDS_BETWEEN = 0.5  # as the live chart asks
KEPT_OPEN = 4.0  # seconds that a connection may rest
PRESSES = 15
STEPPED = ("model", "runs")
JSON = {"Content-Type": "application/json"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {"watched": [], "alone": []}
    with tempfile.TemporaryDirectory() as folder:
        server = StudioServer(Home(Path(folder) / "home"))
        server.start()
        try:
            pages = [pages_cost(server)]
            run = begin(server, Path(folder))
            for _ in range(chosen.repeats):
                arms["alone"].append(steps_per_second(run, chosen.seconds))
                arms["watched"].append(watched(server, run, chosen.clients, chosen.seconds))
        finally:
            server.close()
    report(f"many_visitors: {chosen.clients} that watch one run", arms, "alone", ["steps/s"])
    report("many_visitors: what a page costs the server", {"processor time": pages}, "processor time", [])


def begin(server: StudioServer, folder: Path) -> Run:
    """A run that goes on for longer than anybody watches; returned once it trains."""
    data = tiny.write_reviews(folder / "reviews.csv", rows=2000)
    run = server.queue(
        "watched",
        task="text-classification",
        model={"id": "starter/text"},
        data={"source": str(data)},
        strategy={"name": "full"},
        training={"epochs": 1000, "batch_size": 8, "precision": "fp32", "device": "cpu"},
    )
    while run.state().step < 20:
        time.sleep(0.2)
    return run


def steps_per_second(run: Run, seconds: float) -> dict[str, float]:
    before, began = run.state().step, time.perf_counter()
    time.sleep(seconds)
    return {"steps/s": (run.state().step - before) / (time.perf_counter() - began), "answer ms": 0, "server cpu ms": 0}


def watched(server: StudioServer, run: Run, clients: int, seconds: float) -> dict[str, float]:
    chart = element(server, "live-chart")
    context = get_context("spawn")
    waits: Any = context.Queue()
    watching = context.Process(target=watch, args=(server.port, chart, run.id, clients, seconds + 4, waits))
    watching.start()
    time.sleep(3)  # everybody has got the beginning
    used = server_seconds(server)
    found = steps_per_second(run, seconds)
    used = server_seconds(server) - used
    each = waits.get()
    watching.join()
    found["answer ms"] = median(each) * 1000
    found["server cpu ms"] = used * 1000 / (clients * seconds / SECONDS_BETWEEN)
    return found


def watch(port: int, chart: int, run_id: str, clients: int, seconds: float, waits: Any) -> None:
    """In a process of its own: threads that ask until the time is over."""
    found: list[float] = []
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        offset = 0
        time.sleep(number * SECONDS_BETWEEN / clients)
        while time.monotonic() < end:
            query = {"run": run_id, "offset": offset}
            body = {"component_id": chart, "fn_name": "poll_run", "data": query, "session_hash": f"s{number}"}
            began = time.perf_counter()
            connection.request("POST", "/gradio_api/component_server", json.dumps(body), JSON)
            answer = json.loads(connection.getresponse().read())
            offset = answer["offset"]
            waited = time.perf_counter() - began
            found.append(waited)
            time.sleep(max(0.0, SECONDS_BETWEEN - waited, answer["wait"] - waited))
            if answer["wait"] > KEPT_OPEN:  # the server has ended it meanwhile
                connection.close()  # and the next request opens another, as a browser's does

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waits.put(found)


def pages_cost(server: StudioServer) -> dict[str, float]:
    stepper = element(server, "stepper")
    config = json.loads(asked(server, "GET", "/config"))
    opening = next(each for each in config["dependencies"] if each["targets"] == [[stepper, "select"]])
    presses: list[float] = []
    indexes: list[float] = []
    for number in range(PRESSES):
        body = {"fn_index": opening["id"], "data": ["0" * 24], "session_hash": "s"}
        body["event_data"] = {"key": STEPPED[number % len(STEPPED)]}
        used = server_seconds(server)
        asked(server, "POST", "/gradio_api/run/predict", json.dumps(body))
        presses.append(server_seconds(server) - used)
        used = server_seconds(server)
        asked(server, "GET", "/")
        indexes.append(server_seconds(server) - used)
    return {"index page ms": median(indexes) * 1000, "page switch ms": median(presses) * 1000}


def element(server: StudioServer, elem_id: str) -> int:
    config = json.loads(asked(server, "GET", "/config"))
    return next(each["id"] for each in config["components"] if each["props"].get("elem_id") == elem_id)


def asked(server: StudioServer, method: str, path: str, body: str | None = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, body, JSON)
    return connection.getresponse().read()


def server_seconds(server: StudioServer) -> float:
    assert server.process is not None
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    main()
