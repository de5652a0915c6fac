"""The loop, stage by stage."""
