"""Requests become answers: online on ONNX Runtime, by the arm of a release, each kept; feedback points at them."""
