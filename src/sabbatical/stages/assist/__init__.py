"""What a model already says of an item, for the person who labels it."""
