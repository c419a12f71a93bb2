"""The run file of "Auto": one of a search whose trials are whole ways of training."""

import yaml

from studio.config import RunConfig
from studio.sweeps.candidates import AUTO, Auto
from studio.sweeps.options import SweepOptions
from studio.sweeps.space import SECTION
from studio.yaml_text import parsed


def auto_text(config: RunConfig, auto: Auto, minutes: float) -> str:
    """Raises StudioError where the minutes are none."""
    how = SweepOptions.read({"method": AUTO, "trials": len(auto.candidates), "minutes": minutes}, within=SECTION)
    values = parsed(config.to_text())
    values[AUTO] = auto.model_dump(mode="json")
    values[SECTION] = how.model_dump(exclude_none=True)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
