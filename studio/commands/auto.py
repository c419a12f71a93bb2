"""`studio auto`: the best model for a run file's data, found within some minutes."""

import argparse
from pathlib import Path
from typing import Any

from studio.commands.checking import read_source, told_doubts
from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.output import Progress
from studio.commands.sweep import follow_sweep
from studio.commands.train import name_of, subject
from studio.config import read_run_file
from studio.errors import StudioError
from studio.hardware import probe
from studio.preflight import read_checked
from studio.processes import TRUST_VARIABLE
from studio.sweeps.auto import auto_text
from studio.sweeps.candidates import plan
from studio.sweeps.driver import start_driver
from studio.sweeps.folder import Sweeps

EXAMPLE = """\
Tries whole ways of training (a head alone, LP-FT, full fine-tuning, LoRA ...), the most promising for its time first,
and keeps the best by the validation split. The run file's own strategy and learning rate do not matter. It goes on in
a process of its own, also when this command is killed: go on with `studio sweep SWEEP`. Ctrl-C stops it.
"""


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser("auto", help="find the best model for your data", epilog=EXAMPLE)
    parser.add_argument("run_file", metavar="RUN.yaml", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long to train (5)")
    parser.add_argument("--name", help="what to call the search; otherwise the name of the run file")
    parser.add_argument("--trust-remote-code", action="store_true", help="let the model run Python code of its own")
    add_shared_flags(parser)
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    home, path, trusts = chosen_home(arguments), arguments.run_file, arguments.trust_remote_code
    config = read_checked(read_run_file(path), path.resolve().parent, home, trusts)
    progress = Progress()
    _imported, assembled, doubts = read_source(config.data, config.task, home, progress)
    for line in told_doubts(doubts):
        progress.line(line)
    about = subject(config, assembled, home, trusts)
    if about is None:
        raise StudioError(
            f"The model '{config.model.id}' is not on this machine.",
            "How long its training takes cannot be said before.",
            "Train it once with `studio train`, which downloads it.",
        )
    text = auto_text(config, plan(config, about, arguments.minutes, probe(), home), arguments.minutes)
    sweep = Sweeps(home).create(text, arguments.name or name_of(path))
    start_driver(sweep, {TRUST_VARIABLE: "1"} if trusts else {})
    return follow_sweep(sweep, arguments.json)
