"""Chapter: how a text model behaves when words change, and when it leaves the answer to a person."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table
from sabbatical.report.charts.answered import answered
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.markup import render
from sabbatical.report.story import Abstention, Behaviour, BehaviourTest, Probe
from sabbatical.report.words import Stress, Words, bad, new, percent, points, strong
from sabbatical.schemas.evaluate import Report


def behaviour(chapter: Behaviour, context: Context) -> Section:
    passed = sum(test.passed for test in chapter.tests)
    total = sum(test.total for test in chapter.tests)
    cards = [_tests(chapter.tests)] if chapter.tests else []
    words: list[str | Stress] = [f"It passes {passed} of {total} behavioural checks"]
    if chapter.abstention:
        cards += _abstention(chapter.abstention, context)
        words += [", and is right on ", new(f"{points(chapter.abstention.chosen[1])} of 100"), " texts it answers"]
    whole = [test.name for test in chapter.tests if test.passed == test.total]
    numbers: Words = (
        (
            strong(f"{len(whole)} of {len(chapter.tests)}"),
            " tests pass wholly. A test changes words and says what must follow.",
        )
        if chapter.tests
        else ()
    )
    return Section("Behaviour", (*words, "."), numbers, tuple(cards), f"{passed} of {total}")


def behaviour_of(report: Report) -> Behaviour:
    """The behavioural tests of a report as a chapter."""
    return Behaviour(
        tuple(
            BehaviourTest(
                name=one.name,
                kind="minimum functionality" if one.kind == "minimum" else one.kind,
                passed=one.passed,
                total=one.total,
                failures=tuple(Probe(failure.text, failure.expected, failure.got) for failure in one.failures),
            )
            for one in report.behaviour
        )
    )


def _tests(tests: tuple[BehaviourTest, ...]) -> Card:
    failing = [test.name for test in tests if test.passed < test.total]
    says: Words = ("Fails at: ", bad(", ".join(failing)), ".") if failing else ("Every test passes.",)
    body = render("behaviour.html", tests=tests)
    return Card("Behavioural tests", body, "invariance, direction, minimum functionality", says=says, width=7)


def _abstention(data: Abstention, context: Context) -> list[Card]:
    share, right = data.chosen
    says: Words = (
        "Below ",
        strong(f"{data.threshold:.2f}"),
        " it proposes nothing: it answers ",
        strong(percent(share)),
        f" of the texts itself and is right on {points(right)} of 100 of them.",
    )
    rows = tuple((percent(a), points(r)) for a, r in zip(data.answered, data.right, strict=True))
    table = Table(("answered", "right of 100"), rows)
    cards = [
        Card("When it is not sure", answered(data), "right of 100 over share answered", says=says, table=table, width=5)
    ]
    if data.unsure:
        cards.append(Card("Not sure", text_list(data.unsure, context), "least sure first; a person decides"))
    return cards
