"""Formats in which a finished run is exported. A new exporter: one file here, one line below."""

from studio.exporters.base import Exporter
from studio.exporters.folder import Folder
from studio.exporters.merged import Merged
from studio.language import _
from studio.registry import Registry

EXPORTERS: Registry[Exporter] = Registry(_("exporter"), Folder(), Merged())
