"""A report becomes a verdict by gates; a model goes through shadow and canary to all traffic, and back at any time."""
