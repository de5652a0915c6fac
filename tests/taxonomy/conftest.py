"""The street of the demo: one tree, three customers."""

from __future__ import annotations

import pytest

from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

STREET = """
super-taxonomy: street
version: 1
classes:
  person: {exhaustive: true, children: {adult: {}, child: {}}}
  vehicle: {children: {car: {}, truck: {}, bus: {}}, rules: {box_includes_mirrors: false}}
  light: {}
  sign: {}
"""
AURORA = "{taxonomy: aurora, super-taxonomy: street, labels: {Human: person, Statue: ignore}}"
BASALT = """
taxonomy: basalt
super-taxonomy: street
labels: {Pedestrian_adult: adult, Pedestrian_child: child, Car: car, Truck: truck}
rules: {box_includes_mirrors: true}
"""
CORAX = "{taxonomy: corax, super-taxonomy: street, labels: {Vehicle: vehicle, Light: light}}"


@pytest.fixture
def street() -> SuperTaxonomy:
    return SuperTaxonomy.from_yaml(STREET)


@pytest.fixture
def aurora() -> Taxonomy:
    return Taxonomy.from_yaml(AURORA)


@pytest.fixture
def basalt() -> Taxonomy:
    return Taxonomy.from_yaml(BASALT)


@pytest.fixture
def corax() -> Taxonomy:
    return Taxonomy.from_yaml(CORAX)
