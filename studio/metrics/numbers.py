"""How far predicted numbers are off."""

import math
from typing import TYPE_CHECKING

from studio.language import _
from studio.metrics.base import Metric, error
from studio.metrics.intervals import FEWEST_ROWS, NORMAL_975, Interval

if TYPE_CHECKING:
    import numpy

RMSE = error(
    "rmse",
    _("Typical error (RMSE)"),
    _("how far answers are off, in the unit of the numbers; large errors count more, and lower is better"),
    said=_("On the validation examples, the model's answers are now typically off by {value} (RMSE)."),
)
MAE = error(
    "mae", _("Mean error (MAE)"), _("how far answers are off on average, in the unit of the numbers; lower is better")
)
R2 = Metric(
    "r2", _("Explained variance (R²)"), _("1 is perfect, 0 no better than always answering the mean"), percent=False
)
SPEARMAN = Metric(
    "spearman", _("Rank correlation (Spearman)"), _("whether larger answers go with larger values"), percent=False
)


def number_metrics(true: "numpy.ndarray", guessed: "numpy.ndarray") -> dict[str, float]:
    """RMSE, MAE, R² (scikit-learn) and Spearman's rank correlation (SciPy); what is not defined is left out."""
    from scipy.stats import spearmanr
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    metrics = {
        RMSE.name: float(root_mean_squared_error(true, guessed)),
        MAE.name: float(mean_absolute_error(true, guessed)),
    }
    if len(true) > 1 and true.std() > 0:
        metrics[R2.name] = float(r2_score(true, guessed))
        if guessed.std() > 0:
            metrics[SPEARMAN.name] = float(spearmanr(true, guessed).statistic)
    return metrics


def rank_interval(counted: str, correlation: float, rows: int) -> Interval:
    """Of Spearman's rank correlation: Fisher's transform with the variance of Bonett and Wright (2000)."""
    if rows < FEWEST_ROWS or abs(correlation) >= 1:
        return Interval(counted)
    middle, half = math.atanh(correlation), NORMAL_975 * math.sqrt((1 + correlation**2 / 2) / (rows - 3))
    return Interval(counted, math.tanh(middle - half), math.tanh(middle + half))
