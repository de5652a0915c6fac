"""A snapshot and a recipe become a model version."""
