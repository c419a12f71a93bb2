"""An adapter merged into its base model: one standard model that loads with plain transformers."""

from pathlib import Path

from studio.config import RunConfig
from studio.exporters.folder import describe, empty_folder, unfinished
from studio.language import _
from studio.models.sources import locate
from studio.processes import trusts_remote_code
from studio.store import Run
from studio.tasks.loading import load_tuned


class Merged:
    name = "merged"
    title = _("Merged into one model")
    sentence = _("The adapter and the pretrained model as one, so that nobody needs peft to use it.")

    def why_not(self, run: Run) -> str | None:
        return unfinished(run) or RunConfig.from_file(run.config_file).chosen_strategy.why_not_merge()

    def export(self, run: Run, to: Path) -> Path:
        """Loads the model, so it belongs into a process of its own."""
        config = RunConfig.from_file(run.config_file)
        empty_folder(to, run)
        base = locate(config.model.id, config.model.revision)
        strategy = config.chosen_strategy
        bundle = load_tuned(config.chosen_task, run.model, config.task_options, strategy, trusts_remote_code(), base)
        strategy.merge(bundle.model).save_pretrained(to)
        bundle.tools.processor.save_pretrained(to)
        describe(run, config, to, None)
        return to
