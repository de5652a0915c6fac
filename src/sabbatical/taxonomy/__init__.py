"""Trees of classes, customers' taxonomies, and the tables with which one model learns from all of them."""

from sabbatical.taxonomy.classes import IGNORE, ClassNode
from sabbatical.taxonomy.documents import is_super_document, parse_yaml
from sabbatical.taxonomy.labels import Label, Taxonomy
from sabbatical.taxonomy.tables import TableBank, Tables, bank, naive_tables, tables
from sabbatical.taxonomy.tree import SuperTaxonomy

__all__ = [
    "IGNORE",
    "ClassNode",
    "Label",
    "SuperTaxonomy",
    "TableBank",
    "Tables",
    "Taxonomy",
    "bank",
    "is_super_document",
    "naive_tables",
    "parse_yaml",
    "tables",
]
