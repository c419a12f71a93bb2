"""An adapter merged into its base model: one standard model that loads with plain transformers."""

from pathlib import Path

from studio.config import RunConfig
from studio.exporters.card import Kind, kind_of
from studio.exporters.folder import describe, empty_folder, unfinished
from studio.models.sources import locate
from studio.processes import trusts_remote_code
from studio.store import Run
from studio.tasks.loading import load_tuned

REASONS: dict[Kind, str] = {
    "whole": "This run trained the model itself, not an adapter: the standard folder is whole already.",
    "prompt": "A learned prompt goes before every text: it cannot become part of the weights.",
    "bottleneck": "The networks between the layers cannot become part of the weights; the standard folder holds both.",
}


class Merged:
    name = "merged"
    title = "Merged into one model"
    sentence = "The adapter and the pretrained model as one, so that nobody needs peft to use it."

    def why_not(self, run: Run) -> str | None:
        reason = unfinished(run)
        if reason:
            return reason
        return REASONS.get(kind_of(run.model))

    def export(self, run: Run, to: Path) -> Path:
        """Loads the model, so it belongs into a process of its own."""
        config = RunConfig.from_file(run.config_file)
        empty_folder(to, run)
        base = locate(config.model.id, config.model.revision)
        bundle = load_tuned(config.chosen_task, run.model, config.task_options, trusts_remote_code(), base)
        merged = bundle.model.merge_and_unload()
        merged.save_pretrained(to)
        bundle.tools.processor.save_pretrained(to)
        describe(run, config, to, "whole")
        return to
