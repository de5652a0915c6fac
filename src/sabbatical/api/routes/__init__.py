"""Routes, one file a stage: read the request, call actions, answer a schema."""
