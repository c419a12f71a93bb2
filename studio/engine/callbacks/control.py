"""Pause and Stop, looked for after every step."""

from studio.engine import ranks
from studio.engine.callbacks.base import Callback, StepResult
from studio.engine.loop import Loop
from studio.store import Run


class Control(Callback):
    def __init__(self, run: Run) -> None:
        self._run = run

    def on_step_end(self, loop: Loop, result: StepResult) -> None:
        match ranks.agreed(self._run.pending_command):
            case "pause":
                loop.pausing = True
            case "stop":
                loop.state.ended = "stopped"
