"""Gradual unfreezing: layers that begin to learn stage by stage, in one run with one curve."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studio.engine.callbacks.base import Callback
from studio.engine.loop import Loop
from studio.engine.reporting import Interrupted, Reporter
from studio.events import Phase
from studio.language import _
from studio.strategies.base import UnfreezingPlan


class Unfreezing(Callback):
    """Switches on what the plan of unfreezing says, when it says it.

    refresh(loop, stage, passes): what to do after a change of what trains, of which so many passes over the examples
    come. restore_best(step): load the best weights.
    announce(loop): report it in the log.
    """

    name = "unfreezing"

    def __init__(
        self,
        unfreezing_plan: UnfreezingPlan,
        reporter: Reporter,
        refresh: Callable[[Loop, int, float], None],
        restore_best: Callable[[int], None],
        announce: Callable[[Loop], None],
    ) -> None:
        self._plan = unfreezing_plan
        self._reporter = reporter
        self._refresh = refresh
        self._restore_best = restore_best
        self._announce = announce
        self.stage = 0
        self._joined = [0]  # the step at which each stage began
        self._checks_without_gain = 0
        self._over = False  # nothing joins any more

    def place(self, loop: Loop) -> None:
        """Let exactly what has joined by now take gradients."""
        learning = frozenset().union(*(stage.unfreezes for stage in self._plan.stages[: self.stage + 1]))
        for name, parameter in loop.trained.items():
            parameter.requires_grad_(name in learning)
            if name not in learning:
                parameter.grad = None

    def on_step_begin(self, loop: Loop) -> None:
        if self._is_due(loop):
            try:
                self._move_on(loop)
            except Interrupted as interruption:
                if interruption.command == "stop":
                    loop.state.ended = "stopped"
                else:
                    loop.pausing = True
                return
            loop.train_mode()
            self._reporter.emit(Phase(name="training", sentence=_("Training.")))
        rate = self._plan.stages[self.stage].rate
        for group in loop.optimizer.param_groups:
            group["lr"] *= rate * self._warmth(group["stage"], loop.state.step)

    def on_evaluated(self, loop: Loop, is_best: bool) -> None:
        self._checks_without_gain = 0 if is_best else self._checks_without_gain + 1

    def _is_due(self, loop: Loop) -> bool:
        if self._plan.every == "plateau" and self._is_more_to_come():
            return self._checks_without_gain >= self._plan.amount
        return loop.state.step >= self._next(loop)

    def passes_ahead(self, loop: Loop) -> float:
        """Over the training examples, until the next stage begins or training ends; at most, where a check decides."""
        plan = loop.plan
        return (min(self._next(loop), plan.total_steps) - loop.state.step) / plan.steps_per_epoch

    def _next(self, loop: Loop) -> float:
        """The step before which the next stage begins; infinite where none does, or a check decides."""
        steps = {"share": loop.plan.total_steps, "epochs": loop.plan.steps_per_epoch, "steps": 1, "plateau": math.inf}
        if not self._is_more_to_come():
            return math.inf
        return self._plan.begins(self.stage + 1) * steps[self._plan.every]

    def _is_more_to_come(self) -> bool:
        return not self._over and self.stage + 1 < len(self._plan.stages)

    def _move_on(self, loop: Loop) -> None:
        step, best_step = loop.state.step, loop.state.best_step
        if best_step is not None and self._hurt(best_step):
            self._over, self.stage = True, self.stage - 1
            self._restore_best(best_step)
            self._reporter.note(
                _(
                    "Back to the weights of step {step:,}: the validation split got worse with what was unfrozen last "
                    "({layers}). No further stage begins.",
                    step=best_step,
                    layers=self._plan.stages[self.stage + 1].title,
                )
            )
        else:
            self.stage += 1
            self._joined.append(step)
            self._reporter.note(
                _(
                    "From step {step:,} on, more of the model learns: {layers}.",
                    step=step + 1,
                    layers=self._plan.stages[self.stage].title,
                )
            )
        self._checks_without_gain = 0
        self.place(loop)
        self._announce(loop)
        self._refresh(loop, self.stage, self.passes_ahead(loop))

    def _hurt(self, best_step: int) -> bool:
        """No check since the newest stage began was better than the best before."""
        return self._plan.rollback and self.stage > 0 and best_step <= self._joined[self.stage]

    def _warmth(self, stage: int, step: int) -> float:
        if stage == 0 or stage > self.stage or not self._plan.rewarm:
            return 1.0
        return min(1.0, (step - self._joined[stage] + 1) / self._plan.rewarm)

    def state(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "joined": self._joined,
            "checks_without_gain": self._checks_without_gain,
            "over": self._over,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.stage, self._joined, self._over = state["stage"], list(state["joined"]), state["over"]
        self._checks_without_gain = state["checks_without_gain"]


def stages_by_name(unfreezing_plan: UnfreezingPlan | None) -> Mapping[str, int]:
    """Parameter name -> the stage in which it joins."""
    stages: Sequence[Any] = unfreezing_plan.stages if unfreezing_plan else ()
    return {name: number for number, stage in enumerate(stages) for name in stage.unfreezes}
