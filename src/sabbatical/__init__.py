"""Sabbatical: one system for the whole life of an ML model."""
