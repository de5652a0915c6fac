"""The report of a demo on boxes: the naive super-dataset beside tree masking."""

from __future__ import annotations

from collections.abc import Iterable

from sabbatical.core.errors import BadFile, NotFound
from sabbatical.demo.chapters import customers_chapter, parents_of, teaching_chapter
from sabbatical.demo.loop import Turned
from sabbatical.demo.play import Contest
from sabbatical.demo.telling import Teller
from sabbatical.demo.turning import loop_chapters, loop_headline
from sabbatical.report.picture import Picture, picture_of
from sabbatical.report.story import Duel, Judgement, Step, Story, Summary, Trace
from sabbatical.schemas.evaluate import Report
from sabbatical.sdk.model import Model

NAMES = {"naive": "naive", "masked": "masked"}


def tell_boxes(contest: Contest, teller: Teller, turned: Turned | None = None) -> Story:
    """The story, chapter by chapter, with its pictures; of both halves, if there was a second."""
    taken = contest.taken
    pictures: dict[str, Picture] = {}
    texts: dict[str, str] = {}
    with teller.step("Report", "One file with pictures, to keep and to send.") as told:
        parents = parents_of(taken)
        plain = contest.evaluations[1].report
        judged = contest.judged.report
        chapters = [
            customers_chapter(taken, pictures, texts),
            teaching_chapter(taken, pictures, texts),
            _duel(contest, plain),
            Judgement(judged),
            *(loop_chapters(turned, taken.project, pictures) if turned else ()),
            _summary(contest, teller),
        ]
        _add_pictures(contest, (plain, judged), pictures)
        told.summary = f"{len(pictures)} pictures."
    compared = contest.evaluations[1].report.comparison
    headline = loop_headline(compared, turned) if turned and compared else None
    return Story(
        title=f"Sabbatical demo, {taken.ready.name}",
        classes=tuple(parents),
        chapters=tuple(chapter for chapter in chapters if chapter is not None),
        parents=parents,
        pictures=pictures,
        headline=headline[0] if headline else (),
        numbers=headline[1] if headline else (),
        place=taken.ready.name,
    )


def _duel(contest: Contest, plain: Report) -> Duel:
    naive, masked = contest.models
    comparison = plain.comparison
    assert comparison is not None
    seconds = masked.record.record["seconds"]
    steps = masked.record.recipe["steps"]
    return Duel(
        before="naive",
        after="masked",
        comparison=comparison,
        recall=tuple(comparison.recall),
        precision=tuple(change for change in comparison.changes if change.kind == "class"),
        loss=(_trace(naive, "naive", "loss", "old"), _trace(masked, "masked", "loss", "new")),
        rate=(_trace(masked, "both", "learning_rate", "new"),),
        budget=f"the same {steps:,} steps of {masked.record.recipe['batch']} images, {seconds:.0f} s on one core",
    )


def _trace(model: Model, name: str, curve: str, tone: str) -> Trace:
    curves = model.record.record["curves"]
    return Trace(name, tuple(curves["step"]), tuple(curves[curve]), tone=tone)  # type: ignore[arg-type]


def _add_pictures(contest: Contest, reports: Iterable[Report], pictures: dict[str, Picture]) -> None:
    for report in reports:
        shown = [sample.item for sample in report.worst]
        if report.comparison:
            shown += [one.item for one in (*report.comparison.wrong_to_right, *report.comparison.right_to_wrong)]
        for item in dict.fromkeys(shown):
            if item in pictures:
                continue
            try:
                pictures[item] = picture_of(contest.taken.project.media(item))
            except (BadFile, NotFound):
                continue


def _summary(contest: Contest, teller: Teller) -> Summary:
    naive, masked = contest.evaluations[0].report, contest.evaluations[1].report
    head = ("", "naive", "masked", "")
    rows: list[tuple[str, ...]] = []
    for name in masked.classes:
        old, new = naive.metrics.by_class[name], masked.metrics.by_class[name]
        if old.ap50 is None or new.ap50 is None:
            continue
        recalls = f"{100 * (old.recall or 0):.0f}", f"{100 * (new.recall or 0):.0f}"
        rows.append(
            (
                f"{name}: recall at 0.5, AP",
                f"{recalls[0]}, {100 * old.ap50:.0f}",
                f"{recalls[1]}, {100 * new.ap50:.0f}",
                f"{new.n:,}",
            )
        )
    overall = [(report.metrics.overall.map50 or 0, report.metrics.overall.recall or 0) for report in (naive, masked)]
    rows.append(
        ("all classes: recall at 0.5, mAP", *(f"{100 * recall:.0f}, {100 * ap:.0f}" for ap, recall in overall), "")
    )
    return Summary(
        head=(*head[:3], "true boxes"),
        rows=tuple(rows),
        steps=tuple(Step(told.name, told.seconds, told.summary) for told in teller.steps if told.summary),
        commands=(
            ("sabbatical ingest FOLDER", "take in your own images and labels, or a COCO, YOLO, VOC or CSV file"),
            ("sabbatical snapshot create", "freeze what is labeled"),
            ("sabbatical train", "one model from every taxonomy"),
            ("sabbatical evaluate", "judge it by class and slice"),
            ("sabbatical predict v1 FOLDER", "ask it"),
            ("sabbatical release propose v1", "gates, then shadow, canary and all traffic"),
            ("sabbatical autopilot on", "let the loop go on by itself"),
        ),
    )
