"""Measurements, one module each; `python -m benchmarks NAME` runs one. No test asserts a time."""
