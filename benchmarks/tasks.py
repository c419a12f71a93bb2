"""What each kind of task reaches on real data, beside what anyone would try first.

python benchmarks/tasks.py --data FOLDER --to tasks.jsonl
python benchmarks/tasks.py digits-by-speaker spam --data FOLDER --to tasks.jsonl

Trains as `studio train` does, one case after another. A case that is longer at work than its minutes is stopped, and
what was best until then is judged; its status says so. `before`: the validation split before the first step.
`validation` and `test`: of the step that was best on the validation split. `baseline`: on the same test rows, by a
plain method that learned from the same training rows. Each case is a line of the file as soon as it has ended, and one
that stands there with a result is not run again: the benchmark goes on where it ended.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil
import yaml
from reporting import machine
from task_cases import CASES, Case

from studio.config import RunConfig
from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.paths import Home
from studio.store import Store
from studio.tasks import TASKS

SECONDS_TO_END = 600  # what a stopped run has for its last check and the test
COLUMNS = ("data", "task", "model", "strategy", "rows", "metric", "before", "validation", "test", "baseline", "seconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all if none is named")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True, help="JSON lines, to which results are added")
    parser.add_argument("--minutes", type=float, help="of each case, instead of its own")
    parser.add_argument("--home", type=Path, help="runs are kept there, a folder a case; otherwise removed")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.cases if name not in CASES]:
        parser.error(f"there is no case {unknown[0]}")
    for name in chosen.cases or CASES:
        if rows_in(chosen.to).get(name, {}).get("test") is not None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            home = Home((chosen.home or Path(folder)).resolve() / name)
            row = trained(CASES[name], chosen.data, home, chosen.minutes or CASES[name].minutes)
        with chosen.to.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"case": name, **row, "machine": machine()}) + "\n")
    rows = rows_in(chosen.to)
    print(as_table(rows.values()), file=sys.stderr)
    print(json.dumps(rows))


def rows_in(file: Path) -> dict[str, dict[str, Any]]:
    """By case; the last one of each counts."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {row["case"]: row for row in map(json.loads, lines)}


def trained(case: Case, data: Path, home: Home, minutes: float) -> dict[str, Any]:
    """One case's row. A run that ends otherwise than by its own end is told as that."""
    with tempfile.TemporaryDirectory() as folder:
        values = case.run_file(data, Path(folder))
        run_file = Path(folder) / "benchmark.yaml"
        run_file.write_text(yaml.safe_dump(values), encoding="utf-8")
        found = followed([sys.executable, "-m", "studio", "train", str(run_file), "--json"], home, 60 * minutes)
        if "run" not in found:
            return {**case.told, "status": "refused", "error": found}
        row = {**case.told, **told_by(found, home, case.metric or TASKS[case.task].headline)}
        if case.baseline is not None:
            row |= {"baseline": measured(case, values, home), "baseline_is": case.baseline.title}
        return row


def followed(command: list[str], home: Home, seconds: float) -> dict[str, Any]:
    """What the command says at its end. After so many seconds its run is stopped, and if need be ended."""
    end = time.monotonic() + seconds
    with subprocess.Popen([*command, "--home", str(home.root)], stdout=subprocess.PIPE, text=True) as process:
        try:
            while (said := said_within(process, 2)) is None:
                if (late := time.monotonic() - end) > SECONDS_TO_END:
                    end_workers(home)
                elif late > 0:
                    for run in Store(home).busy():
                        run.command("stop")
        finally:
            end_workers(home)
    return dict(json.loads(said.splitlines()[-1]))


def said_within(process: "subprocess.Popen[str]", seconds: float) -> str | None:
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        return None


def end_workers(home: Home) -> None:
    """A worker goes on by itself when whoever started it ends. No other case works in this home."""
    for run in Store(home).busy():
        worker = run.worker
        if worker is not None and worker.is_alive:
            psutil.Process(worker.pid).kill()


def told_by(found: Mapping[str, Any], home: Home, metric: str) -> dict[str, Any]:
    state = Store(home).get(found["run"]).state()
    first = next((event.metrics for event in state.validation if event.step == 0), {})
    scores = {"before": first, **found["metrics"]}
    return {
        "status": found["status"],
        "rows": sum(state.plan.examples.values()) if state.plan else None,
        "metric": metric,
        **{split: metrics.get(metric) for split, metrics in scores.items()},
        "seconds": found["seconds"],
        "scores": scores,
        "remarks": found["remarks"].get("test", []),
        "error": found.get("error"),
    }


def measured(case: Case, values: Mapping[str, Any], home: Home) -> float:
    """The baseline on the rows that the run used."""
    assert case.baseline is not None
    config, task = RunConfig.read(dict(values)), TASKS[case.task]
    imported = import_source(config.data.source, config.data.reading, home, Limits())
    return case.baseline.score(assemble(imported, config.data, task.columns, task.check).table, imported.files)


def as_table(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [f"| case | {' | '.join(COLUMNS)} | status |", f"|{'---|' * (len(COLUMNS) + 2)}"]
    for row in rows:
        cells = [row["case"], *(_cell(row.get(column)) for column in COLUMNS), row["status"]]
        lines.append(f"| {' | '.join(cells)} |")
        lines += [f"| | {remark} |" for remark in row.get("remarks") or []]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
