"""`docs/taxonomies.md`: its files can be read, its table and its findings are what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, check, is_super_document, parse_yaml, tables

MANUAL = (Path(__file__).parents[2] / "docs" / "taxonomies.md").read_text(encoding="utf-8")


def street() -> tuple[SuperTaxonomy, dict[str, Taxonomy]]:
    documents = [parse_yaml(block) for block in re.findall(r"```yaml\n(.*?)```", MANUAL, flags=re.DOTALL)]
    tree = next(SuperTaxonomy.from_document(each) for each in documents if is_super_document(each))
    customers = [Taxonomy.from_document(each) for each in documents if not is_super_document(each)]
    return tree, {each.name: each for each in customers if each.super_taxonomy == tree.name}


def test_the_worked_table_is_that_of_the_files() -> None:
    tree, customers = street()
    header, *rows = re.findall(r"^\| (.*) \|$", MANUAL.split("## What a box says")[1].split("## What `check`")[0], re.M)
    assert tuple(header.lstrip("| ").split(" | ")) == tree.names
    checked = 0
    for line in rows[1:]:
        where, *cells = line.split(" | ")
        customer, what = where.split(", ")
        told = tables(tree, customers[customer])
        if what == "background":
            target, known = [0] * len(tree), told.covered_k
        else:
            label = customers[customer].index(what.removeprefix("box ").strip("`"))
            target, known = told.target_lk[label], told.known_lk[label]
        expected = [f"{int(t)}" if k else "·" for t, k in zip(target, known, strict=True)]
        assert cells == expected, line
        checked += 1
    assert checked == 8


def test_the_findings_are_those_of_check_word_for_word() -> None:
    tree, customers = street()
    printed = re.findall(r"^- (error|warning|note): (.*)$", MANUAL, re.M)
    assert printed == [(each.level, each.message) for each in check(tree, list(customers.values()))]
