"""Every metric that a task may report, with its formula. A new one: one file here, one line below."""

from studio.metrics.base import Metric
from studio.metrics.boxes import MAP, MAP_50, RECALL_100
from studio.metrics.calibration import CALIBRATION_ERROR
from studio.metrics.classes import ACCURACY, F1_MACRO, PRECISION_MACRO, RECALL_MACRO
from studio.metrics.descriptions import CIDER
from studio.metrics.found import F1, PRECISION, RECALL
from studio.metrics.generated import BLEU, CHRF, ROUGE_1, ROUGE_2, ROUGE_L
from studio.metrics.heard import CER, WER
from studio.metrics.labels import AVERAGE_PRECISION, F1_MICRO
from studio.metrics.loss import LOSS
from studio.metrics.numbers import MAE, R2, RMSE, SPEARMAN
from studio.metrics.preferences import REWARD_ACCURACY, REWARD_MARGIN
from studio.metrics.quotes import EXACT_MATCH
from studio.metrics.ranking import ACCURACY_1, COVERAGE, MRR, NDCG_10, RECALL_10
from studio.metrics.regions import IOU, MIOU, PIXEL_ACCURACY
from studio.metrics.tokens import PERPLEXITY, TOKEN_ACCURACY
from studio.metrics.two_classes import ROC_AUC, SENSITIVITY, SPECIFICITY
from studio.registry import Registry

METRICS: Registry[Metric] = Registry(
    "metric",
    *(ACCURACY, F1_MACRO, PRECISION_MACRO, RECALL_MACRO),
    CALIBRATION_ERROR,
    *(ROC_AUC, SENSITIVITY, SPECIFICITY),
    *(F1_MICRO, AVERAGE_PRECISION),
    *(F1, PRECISION, RECALL),
    EXACT_MATCH,
    *(CHRF, BLEU),
    CIDER,
    *(ROUGE_L, ROUGE_1, ROUGE_2),
    *(PERPLEXITY, TOKEN_ACCURACY),
    *(WER, CER),
    *(REWARD_ACCURACY, REWARD_MARGIN),
    *(MAP, MAP_50, RECALL_100),
    *(MIOU, IOU, PIXEL_ACCURACY),
    *(NDCG_10, MRR, RECALL_10, ACCURACY_1, COVERAGE),
    *(RMSE, MAE, R2, SPEARMAN),
    LOSS,
)


def metric_named(name: str) -> Metric:
    """The metric as a log or a file names it. One that another version knew is shown as it is written."""
    return METRICS[name] if name in METRICS else Metric(name, name.replace("_", " "), "", percent=False)
