"""The page at the server's own address, for a person with a browser: what this is, how to begin, and every route.

Self-contained: nothing is loaded from anywhere. It tells nothing of what the workspace holds.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sabbatical import __version__

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STYLE = Path(__file__).parent / "front.css"
TITLE = "Sabbatical is at work here"
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sabbatical</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{}{}</style></head>'
)
FIRST = (
    ("sabbatical ingest street/annotations.json", "a COCO file, a YOLO, VOC or image folder, an archive, a CSV"),
    ("sabbatical snapshot create", "what is labeled now, frozen"),
    ("sabbatical train", "one model"),
    ("sabbatical evaluate --page report.html", "by class, slice and customer"),
    ("sabbatical predict v1 new-images/", "answers, kept"),
)


def page(contract: dict[str, Any], address: str) -> str:
    """The page as HTML; `contract` is the OpenAPI document, `address` where this server is."""
    # Jinja is not needed to answer anything else.
    from markupsafe import Markup  # noqa: PLC0415

    from sabbatical.report.markup import el, join, style  # noqa: PLC0415

    commands = [(f"export SABBATICAL_URL={address}", "in another terminal"), *FIRST]
    head = Markup(HEAD).format(style("tokens.css"), Markup(_style()))  # noqa: S704 - both are ours
    body = el(
        "main",
        el("p", f"Sabbatical {__version__}", class_="version"),
        el("h1", TITLE),
        el(
            "p",
            "This server takes data in, learns one model from every customer's labels, judges it and answers. "
            "Use it from the command line, from Python, or over HTTP.",
            class_="lead",
        ),
        el("h2", "Begin"),
        el("dl", *(join((el("dt", el("code", line)), el("dd", words))) for line, words in commands)),
        el("h2", "Every route"),
        el("p", "The contract for machines is ", el("a", "/v1/openapi.json", href="/v1/openapi.json"), "."),
        *_stages(contract),
    )
    return join((head, el("body", body), Markup("</html>")))


def _stages(contract: dict[str, Any]) -> list[Any]:
    """A table of routes for each stage, in the order of the contract."""
    from sabbatical.report.markup import el  # noqa: PLC0415

    rows: dict[str, list[Any]] = {}
    for path, methods in contract["paths"].items():
        for method, route in methods.items():
            words = (route.get("description") or route["summary"]).split("\n")[0]
            cells = [el("td", el("code", text)) for text in (method.upper(), path)]
            rows.setdefault(route["tags"][0], []).append(el("tr", *cells, el("td", words)))
    return [
        el("section", el("h3", stage), el("div", el("table", el("tbody", *found)), class_="scroll"))
        for stage, found in rows.items()
    ]


@cache
def _style() -> str:
    return STYLE.read_text("utf-8")
