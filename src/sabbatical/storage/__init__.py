"""Where things are kept: SQL tables, media by content, columns for questions about all data."""
