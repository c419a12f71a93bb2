"""AdaLoRA's budget: after every step the least important ranks are taken away, as peft counts them."""

from typing import Any

import torch

from studio.engine.callbacks.base import Callback
from studio.engine.loop import Loop

WARM_UP, AT_REST = 0.1, 0.3  # shares of all steps: before ranks are cut, and after the last cut
SCORES = ("ipt", "exp_avg_ipt", "exp_avg_unc")  # what peft's allocator remembers of every weight


class RankAllocation(Callback):
    name = "rank-allocation"

    def __init__(self, tuner: Any, total_steps: int) -> None:
        """tuner: the peft AdaLoraModel."""
        self._tuner = tuner
        self._config = tuner.peft_config[tuner.trainable_adapter_name]
        self._config.total_step = max(3, total_steps)
        self._config.tinit = round(WARM_UP * self._config.total_step)
        self._config.tfinal = max(1, round(AT_REST * self._config.total_step))

    def on_update(self, loop: Loop) -> None:
        self._tuner.update_and_allocate(loop.state.step + 1)

    def on_train_end(self, loop: Loop) -> None:
        """Saved as they are, with zeros for what was taken away: peft would cut other steps' weights to the last
        pattern."""
        if loop.state.ended:
            self._config.rank_pattern = None

    def state(self) -> dict[str, Any]:
        return {"pattern": self._config.rank_pattern or None}

    def restore(self, state: dict[str, Any]) -> None:
        self._config.rank_pattern = state["pattern"]

    def tensors(self) -> dict[str, torch.Tensor]:
        allocator = self._tuner.rankallocator
        return {f"{kind}/{name}": tensor for kind in SCORES for name, tensor in getattr(allocator, kind).items()}

    def restore_tensors(self, tensors: dict[str, torch.Tensor]) -> None:
        allocator, devices = self._tuner.rankallocator, {n: p.device for n, p in self._tuner.model.named_parameters()}
        allocator.reset_ipt()
        for key, tensor in tensors.items():
            kind, _, name = key.partition("/")
            getattr(allocator, kind)[name] = tensor.to(devices[name])
