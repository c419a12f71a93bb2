"""How scores are drawn, by the kind of view. A new kind: one file here, one line below."""

from studio.app.views.bars import BARS, HISTOGRAM
from studio.app.views.base import ViewKind as ViewKind
from studio.app.views.classes import CLASSES
from studio.app.views.confusion import CONFUSION
from studio.app.views.line import LINE
from studio.app.views.scatter import SCATTER
from studio.app.views.table import TABLE
from studio.registry import Registry

VIEWS: Registry[ViewKind] = Registry("kind of view", CONFUSION, CLASSES, SCATTER, LINE, HISTOGRAM, BARS, TABLE)
