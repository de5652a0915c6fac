"""Writers, one file a format: labels and their items out of the system, with a word on what a format cannot carry."""

from sabbatical.stages.label.formats.export import FORMATS, write
from sabbatical.stages.label.formats.items import ExportItem, ExportReport, Lost

__all__ = ["FORMATS", "ExportItem", "ExportReport", "Lost", "write"]
