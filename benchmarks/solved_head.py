"""What a head that is solved at once is worth beside one that learns by gradient descent, and what LP-FT makes of it.

python benchmarks/solved_head.py reviews.csv [--rows 3000 --train 400] [--model starter/text] [--lp-ft]
python benchmarks/solved_head.py images.zip --model starter/image

One run of each way for each seed, which draws the splits and the new head. All share a home, and recordings in it: so
`training` is what compares, the seconds of training itself, without its checks. Accuracy is that of the test split, and
that of the validation split, by which gradient descent chooses its best step and the solved head chooses nothing.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from head_again import spent, trained
from reporting import report

from studio.paths import Home

CHECKS = 50  # rows of the validation split, of a table
ARMS = {
    "gradient descent": ("{name: freeze, last_blocks: 0}", "{epochs: 20, early_stopping: 5}"),  # as Quick has it
    "solved": ("{name: freeze, last_blocks: 0, head: solve}", "{}"),
    "lp-ft": ("{name: lp-ft}", "{epochs: 4, early_stopping: 3}"),
    "lp-ft, solved": ("{name: lp-ft, head: solve}", "{epochs: 4, early_stopping: 3}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="starter/text")
    parser.add_argument("--rows", type=int, default=3000, help="of a table, all splits together")
    parser.add_argument("--train", type=int, default=400, help="of them to train on; the rest but 50 is tested")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--lp-ft", action="store_true", help="these ways too, which train all of the model")
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {name: [] for name in ARMS if chosen.lp_ft or "lp-ft" not in name}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, chosen.seeds + 1):
            for name, numbers in arms.items():
                run, queued = trained(Home(Path(folder)), config_of(chosen, *ARMS[name], seed), warm=True)
                state = run.state()
                assert state.test is not None and state.best is not None
                scores = {"test": state.test.metrics["accuracy"], "validation": state.best.metrics["accuracy"]}
                numbers.append({**scores, "training": spent(run, queued)["training"]})
                print(seed, name, numbers[-1], file=sys.stderr)
    report(f"solved_head: {chosen.data.name}, {chosen.model}", arms, "solved", ["training"])


def config_of(chosen: argparse.Namespace, strategy: str, training: str, seed: int) -> str:
    is_table, split = chosen.data.suffix != ".zip", f"seed: {seed}"
    limit = f"limit: {chosen.rows}, " if is_table else ""
    if is_table:
        train, validation = chosen.train / chosen.rows, CHECKS / chosen.rows
        split += f", train: {train}, validation: {validation}, test: {1 - train - validation}"
    return (
        f"task: {'text' if is_table else 'image'}-classification\nmodel: {{id: {chosen.model}}}\n"
        f"data: {{source: '{chosen.data.resolve()}', {limit}split: {{{split}}}}}\n"
        f"strategy: {strategy}\ntraining: {{seed: {seed}, {training[1:]}\n"
    )


if __name__ == "__main__":
    main()
