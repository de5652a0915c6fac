"""Label revisions become immutable snapshots with stable splits."""
