"""Failures become issues, issues become campaigns."""
