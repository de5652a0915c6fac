"""A model version and items become predictions, kept once and the same for every use."""
