"""Raw files and streams become stored, validated, deduplicated items."""
