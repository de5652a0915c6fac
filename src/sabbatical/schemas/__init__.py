"""Contracts of the wire, one file per stage: the one place where a wire type is defined."""
