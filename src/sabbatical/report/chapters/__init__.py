"""Chapters: one function each, from its data to a section of the page.

`section.register(MyChapter, my_function)` adds another kind.
"""

from __future__ import annotations

from functools import singledispatch

from sabbatical.core.errors import Broken
from sabbatical.report.card import Context, Section
from sabbatical.report.chapters.behaviour import behaviour
from sabbatical.report.chapters.contest import contest
from sabbatical.report.chapters.customers import customers
from sabbatical.report.chapters.drift import drift
from sabbatical.report.chapters.duel import duel
from sabbatical.report.chapters.judgement import judgement
from sabbatical.report.chapters.labeled import labeled
from sabbatical.report.chapters.mined import mined
from sabbatical.report.chapters.release import release
from sabbatical.report.chapters.succession import succession
from sabbatical.report.chapters.summary import summary
from sabbatical.report.chapters.teaching import teaching
from sabbatical.report.chapters.turn import turn
from sabbatical.report.loop_story import Drift, Labeled, Mined, Released, Succession, TurnSteps
from sabbatical.report.story import Behaviour, Chapter, Contest, Customers, Duel, Judgement, Summary, Teaching


@singledispatch
def section(chapter: Chapter, context: Context) -> Section:
    """The section that tells a chapter.

    Raises:
        Broken: nobody registered how to tell this kind.
    """
    raise Broken(f"No section is registered for the chapter {type(chapter).__name__}.")


section.register(Customers, customers)
section.register(Teaching, teaching)
section.register(Duel, duel)
section.register(Contest, contest)
section.register(Judgement, judgement)
section.register(Behaviour, behaviour)
section.register(Summary, summary)
section.register(Released, release)
section.register(Drift, drift)
section.register(Mined, mined)
section.register(Labeled, labeled)
section.register(Succession, succession)
section.register(TurnSteps, turn)
