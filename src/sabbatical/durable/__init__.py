"""Long work that survives: runs with progress, cancellation and recovery."""

BUSY = 4
"""Exit code of a process that found another one at work on the same thing."""
WORKER_LOCK = "worker.lock"
"""What the worker of a workspace holds while it lives."""
