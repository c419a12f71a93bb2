"""What visitors cost: many that watch one run, and what each page costs the server.

python benchmarks/many_visitors.py [--clients 100] [--seconds 20] [--repeats 3]

One run trains; the clients ask for its news twice a second each, or as seldom as the server wants it where they are
many, as the live chart does, over connections that stay open, from a process of their own on the same machine. `alone`
and `watched` take turns.

- steps/s: of the training. server %, clients %: of one processor. answer ms: median of the clients' waits.
- index page, page switch: processor time of the server for GET / and for a press in the stepper (the median of 15).
"""

import argparse
import asyncio
import http.client
import json
import os
import re
import sys
import tempfile
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

from studio.events import Step
from studio.paths import Home
from studio.store import Run

SECONDS_BETWEEN = 0.5  # as the live chart asks
KEPT_OPEN = 4.0  # seconds that a connection may rest
JOINING = 10.0  # seconds
PRESSES = 15
STEPPED = ("model", "runs")
JSON = {"Content-Type": "application/json"}
ASKING = (
    b"POST /gradio_api/component_server HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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
                arms["alone"].append(observed(server, run, chosen.seconds))
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


def observed(server: StudioServer, run: Run, seconds: float) -> dict[str, float]:
    """What the training and the server do while `seconds` pass."""
    offset, used, began = run.log_bytes, server_seconds(server), time.perf_counter()
    time.sleep(seconds)
    server_share = (server_seconds(server) - used) / (time.perf_counter() - began)
    steps = [event for event in run.read_from(offset)[0] if isinstance(event, Step)]
    rate = (steps[-1].step - steps[0].step) / (steps[-1].time - steps[0].time)
    return {"steps/s": rate, "server %": server_share * 100, "clients %": 0.0, "answer ms": 0.0}


def watched(server: StudioServer, run: Run, clients: int, seconds: float) -> dict[str, float]:
    chart = element(server, "live-chart")
    context = get_context("spawn")
    answers: Any = context.Queue()
    watching = context.Process(target=watch, args=(server.port, chart, run.id, clients, seconds + JOINING, answers))
    watching.start()
    time.sleep(JOINING)  # everybody has got the beginning, which costs more than what is new
    found = observed(server, run, seconds)
    waits, share = answers.get()
    watching.join()
    return found | {"clients %": share * 100, "answer ms": median(waits) * 1000}


def watch(port: int, chart: int, run_id: str, clients: int, seconds: float, answers: Any) -> None:
    """In a process of its own, which does as little as can be: real watchers sit at machines of their own."""
    answers.put(asyncio.run(ask_for(port, chart, run_id, clients, seconds)))


async def ask_for(port: int, chart: int, run_id: str, clients: int, seconds: float) -> tuple[list[float], float]:
    """Every wait for an answer, in seconds, and the share of a processor that asking took."""
    found: list[float] = []
    used, end = time.process_time(), time.monotonic() + seconds

    async def client(number: int) -> None:
        connection: Connection | None = None
        offset = 0
        await asyncio.sleep(number * SECONDS_BETWEEN / clients)
        while time.monotonic() < end:
            query = {"run": run_id, "offset": offset}
            body = {"component_id": chart, "fn_name": "poll_run", "data": query, "session_hash": f"s{number}"}
            began = time.perf_counter()
            connection = connection or await asyncio.open_connection("127.0.0.1", port)
            answer = await asked_over(connection, json.dumps(body).encode())
            offset, wait = int(numbered(b"offset", answer)), numbered(b"wait", answer)
            waited = time.perf_counter() - began
            found.append(waited)
            await asyncio.sleep(max(0.0, SECONDS_BETWEEN - waited, wait - waited))
            if wait > KEPT_OPEN:  # the server has ended it meanwhile, and the next request opens another
                connection[1].close()
                connection = None

    await asyncio.gather(*(client(number) for number in range(clients)))
    return found, (time.process_time() - used) / seconds


async def asked_over(connection: Connection, body: bytes) -> bytes:
    """The body of the answer."""
    reader, writer = connection
    writer.write(ASKING % (len(body), body))
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(head.decode())
    return await reader.readexactly(int(LENGTH.search(head)[1]))  # type: ignore[index]


def numbered(name: bytes, answer: bytes) -> float:
    """The number of that name in an answer's JSON, of which nothing else is read."""
    return float(re.search(rb'"%s":([\d.]+)' % name, answer)[1])  # type: ignore[index]


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
