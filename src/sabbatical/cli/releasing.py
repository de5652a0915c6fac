"""Words and tables about releases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.padding import Padding

from sabbatical.cli.output import ago, out, say, table

if TYPE_CHECKING:
    from sabbatical.schemas import release as schema
    from sabbatical.schemas.serve import Serving

WORDS = {"passed": "passed", "failed": "failed", "undecided": "cannot tell"}


def tell_proposed(record: schema.Release) -> None:
    """What the gates say of a model, and where it is now."""
    against = f" against {record.champion}" if record.champion else ", the first model"
    say(f"[bold]{record.model}[/]{against}: release {record.name}")
    _tell_verdicts(record.gates)
    if record.stage == "failed":
        say(f"[red]Refused.[/] {_answers(record)}")
    elif record.stage == "gate" and record.passed is None:
        say(f"[yellow]Held at the gate:[/] there is not enough to judge by. {_answers(record)}")
        say("[dim]Do as it says and propose again, or take it on: `sabbatical release advance --anyway`.[/]")
    elif record.stage == "gate":
        say("[green]Passed;[/] it waits at the gate: `sabbatical release advance`.")
    elif record.stage == "full":
        say(f"[green]Passed;[/] [bold]{record.model}[/] is the champion.")
    else:
        say(f"[green]Passed;[/] it is in [bold]{record.stage}[/]{share(record)}.")
        _tell_stage(record)


def _answers(record: schema.Release) -> str:
    return f"{record.champion} answers as before." if record.champion else "No model answers yet."


def _tell_verdicts(verdicts: list[schema.GateVerdict]) -> None:
    table(["gate", "verdict", "*why"], [(one.gate, WORDS[one.verdict], one.reason) for one in verdicts])


def tell_refused(serving: Serving) -> None:
    """Models that should answer and cannot, as far as this server has tried."""
    for one in serving.refused:
        say(f"[red]{one.model} cannot answer: {escape(one.reason)}[/]")
    if serving.refused:
        say(f"{serving.answering or 'No model'} answers now; see `sabbatical served status`.")


def tell_standing(standing: schema.Champion, traffic: schema.Traffic | None) -> None:
    """Which model answers, and what the release under way waits for."""
    if standing.champion is None:
        say("No model answers yet.")
    else:
        since = f" since {ago(standing.since)}" if standing.since else ""
        pinned = f", pinned by {escape(standing.pinned_by)}" if standing.pinned_by else ""
        before = f"; before it {standing.former}" if standing.former else ""
        say(f"[bold]{standing.champion}[/] answers{since}{pinned}{before}.")
    record = standing.release
    if record is None:
        say("[dim]No release is under way; begin one with `sabbatical release propose`.[/]")
        return
    held = f", held by {'a person' if record.held_by == 'person' else 'the loop'}" if record.held_by else ""
    place = "waits at the gate" if record.stage == "gate" else f"is in [bold]{record.stage}[/]{share(record)}"
    say(f"{record.name}: [bold]{record.model}[/] {place}{held}; next: {record.next}.")
    _tell_verdicts(traffic.verdicts if traffic and traffic.verdicts else record.gates)
    if traffic and traffic.evidence and traffic.evidence.compared:
        say(f"[dim]Both say the same of {traffic.evidence.agreed:,} of {traffic.evidence.compared:,} items.[/]")


def share(record: schema.Release) -> str:
    """Of the units, in the stages that answer a part of them."""
    return f" with {_part(record)}" if record.stage in {"canary", "ab"} else ""


def _part(record: schema.Release) -> str:
    return f"{record.share:.0%} of the {'requests' if record.by_item else 'units'}"


def tell_moved(record: schema.Release, before: str) -> None:
    """Where a release is now, what it answers, and what comes next."""
    model = f"[bold]{record.model}[/]"
    say(f"{record.name}, the release of {model}, went from {before} to [bold]{record.stage}[/]{share(record)}.")
    if record.stage == "full":
        back = f" `sabbatical release revert` brings {record.champion} back." if record.champion else ""
        say(f"{model} is the champion and answers everything.{back}")
    else:
        _tell_stage(record)


def _tell_stage(record: schema.Release) -> None:
    """What a release answers in its stage, and what comes next."""
    model = f"[bold]{record.model}[/]"
    if record.stage == "shadow":
        say(f"{record.champion} answers everything; {model} answers beside it, and nobody sees that.")
    else:
        say(f"{model} answers {_part(record)}, {record.champion} all others.")
    say(f"Next: {record.next}{_once(record)}. `sabbatical release status` says how far it is.")


def _once(record: schema.Release) -> str:
    """What the stage waits for."""
    needed = next((one.requests for one in record.rules.stages if one.stage == record.stage), 0)
    return f", once {record.model} was asked {needed:,} times and nothing speaks against it" if needed else ""


def gates_in_short(record: schema.Release) -> str:
    passed = sum(one.verdict == "passed" for one in record.gates)
    return f"{passed} of {len(record.gates)} passed"


def tell_decisions(found: Sequence[schema.Decision]) -> None:
    """Each on a line, with the sentence that decided beneath it, as wide as the terminal."""
    for one in found:
        about = ", ".join(part for part in (one.model, f"{one.actor_kind} {one.actor}", ago(one.created_at)) if part)
        say(f"[bold]{decided(one)}[/]  [dim]{escape(about)}[/]")
        if why := because(one):
            out.print(Padding(escape(why), (0, 0, 0, 4)))


def decided(one: schema.Decision) -> str:
    """Which release, what, and where it went, unless the word says that."""
    moved = one.kind in {"gate", "advance"} and one.stage_to != one.stage_from
    return f"{one.release or ''} {one.kind}{f' to {one.stage_to}' if moved else ''}".strip()


def because(one: schema.Decision) -> str:
    """The sentence that decided."""
    if one.kind != "gate":
        return one.reasons[0] if one.reasons else ""
    gates = one.evidence.get("gates", [])
    against = [gate for gate in gates if gate["verdict"] != "passed"]
    worst = next((gate for gate in against if gate["verdict"] == "failed"), against[0] if against else None)
    return str(worst["reason"]) if worst else f"all {len(gates)} gates passed"
