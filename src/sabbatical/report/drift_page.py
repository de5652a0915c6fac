"""One look for drift: as the chapter that a story tells, and as a page of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sabbatical.report.card import Context
from sabbatical.report.chapters.drift import drift
from sabbatical.report.loop_story import Column, Drift, Grown, Month, Spread
from sabbatical.report.page import page
from sabbatical.report.picture import Picture
from sabbatical.report.story import Shot, Tagged
from sabbatical.schemas.monitor import Cohort, DriftColumn, DriftReport, DriftSlice, Histogram

TESTS = {"ks": "Kolmogorov-Smirnov", "chi2": "chi-squared", "mmd": "permutation of the mean"}
REFERENCES = {
    "served": "of its own first answers",
    "snapshot": "items of its snapshot",
    "items": "items that were named",
}


def drift_page(
    report: DriftReport,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    *,
    pictures: Mapping[str, Picture] | None = None,
    texts: Mapping[str, str] | None = None,
) -> str:
    """A look as one HTML file, with some items of the reference (`before`) and of the window (`after`)."""
    context = Context({}, pictures or {}, texts or {})
    told = drift(drift_chapter(report, before, after), context)
    alone = replace(told, headline=(), numbers=())
    return page(f"Drift in {report.project}", report.model, told.headline, told.numbers, [alone], context)


def drift_chapter(report: DriftReport, before: Sequence[str] = (), after: Sequence[str] = ()) -> Drift:
    """A look as a chapter; `before` and `after` are items to show."""
    boxes = report.task == "boxes"
    return Drift(
        model=report.model,
        columns=tuple(_column(one) for one in report.columns),
        reference=report.reference.items,
        window=report.window.items,
        sure=report.sure,
        effect=report.effect,
        against=REFERENCES[report.reference.source],
        grown=tuple(_grown(one) for one in report.slices),
        months=tuple(_month(one) for one in report.cohorts),
        shots_before=tuple(Shot(item) for item in before) if boxes else (),
        shots_after=tuple(Shot(item) for item in after) if boxes else (),
        texts_before=() if boxes else tuple(Tagged(item) for item in before),
        texts_after=() if boxes else tuple(Tagged(item) for item in after),
    )


def _column(one: DriftColumn) -> Column:
    return Column(
        name=one.name,
        effect=one.effect,
        p=one.p_value,
        alarm=one.drifted,
        kind=one.about,
        test=TESTS[one.test],
        statistic=one.statistic,
        before=one.before,
        after=one.after,
        spread=_spread(one.histogram),
        shares=tuple((share.value, share.before, share.after) for share in one.shares),
        note=one.note or "",
    )


def _spread(one: Histogram | None) -> Spread | None:
    return None if one is None else Spread(tuple(one.edges), tuple(one.before), tuple(one.after))


def _grown(one: DriftSlice) -> Grown:
    return Grown(
        name=one.name,
        before=one.before,
        after=one.after,
        items=one.items,
        score=one.top_score,
        rest=one.top_score_rest,
        unsure=one.unsure,
        unsure_rest=one.unsure_rest,
    )


def _month(one: Cohort) -> Month:
    return Month(one.month, one.items, one.effects, tuple(one.drifted))
