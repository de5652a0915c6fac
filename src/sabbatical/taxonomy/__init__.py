"""Trees of classes, customers' taxonomies, and the tables with which one model learns from all of them."""

from sabbatical.taxonomy.check import check
from sabbatical.taxonomy.classes import IGNORE, ClassNode
from sabbatical.taxonomy.coverage import Coverage, coverage_words
from sabbatical.taxonomy.documents import is_super_document, parse_yaml
from sabbatical.taxonomy.findings import Finding
from sabbatical.taxonomy.labels import Label, Taxonomy
from sabbatical.taxonomy.tables import Masking, TableBank, Tables, bank, masked_tables, naive_tables, tables
from sabbatical.taxonomy.tree import SuperTaxonomy
from sabbatical.taxonomy.versions import Carried, carried, renewed

__all__ = [
    "IGNORE",
    "Carried",
    "ClassNode",
    "Coverage",
    "Finding",
    "Label",
    "Masking",
    "SuperTaxonomy",
    "TableBank",
    "Tables",
    "Taxonomy",
    "bank",
    "carried",
    "check",
    "coverage_words",
    "is_super_document",
    "masked_tables",
    "naive_tables",
    "parse_yaml",
    "renewed",
    "tables",
]
