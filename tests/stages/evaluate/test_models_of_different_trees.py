"""Detectors that speak different versions of the super-taxonomy are compared on what both can say."""

from __future__ import annotations

from sabbatical.schemas.evaluate import Report
from sabbatical.stages.evaluate import actions as evaluations
from sabbatical.stages.project import actions as projects
from tests.stages.conftest import NOW
from tests.stages.train.conftest import shapes
from tests.stages.train.shapes import SUPER, TINY, Shapes

__all__ = ["shapes"]

GROWN = {
    **SUPER,
    "version": 2,
    "classes": {"shape": {"children": {"square": {}, "round": {"children": {"disc": {}}}}}, "star": {}},
}


def test_a_model_is_compared_with_one_of_a_smaller_tree(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    with shapes.workspace.database.transaction() as session:
        projects.add_taxonomy(session, shapes.project, GROWN, NOW)
    shapes.run("train", settings=TINY)
    for model, against, classes in (("v2", "v1", 5), ("v1", "v2", 3)):
        done = shapes.run("evaluate", model=model, against=against)
        report = Report.model_validate_json(evaluations.report(shapes.workspace, shapes.project, done["evaluation"]))
        assert report.comparison is not None
        assert len(report.classes) == classes
