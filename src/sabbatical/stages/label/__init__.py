"""An item becomes a task, a task a reviewed label revision."""
