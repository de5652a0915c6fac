"""Reports as one self-contained HTML file: pure functions from data to markup. Imports schemas and core only."""

from sabbatical.report.drift_page import drift_chapter, drift_page
from sabbatical.report.page import demo_page, evaluation_page
from sabbatical.report.picture import Picture, picture_of

__all__ = ["Picture", "demo_page", "drift_chapter", "drift_page", "evaluation_page", "picture_of"]
