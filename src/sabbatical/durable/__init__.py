"""Long work that survives: runs with progress, cancellation and recovery."""
