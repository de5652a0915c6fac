"""The command line: `sabbatical`, on the SDK only."""

from sabbatical.cli.app import main

__all__ = ["main"]
