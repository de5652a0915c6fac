"""Text classification from texts that carry labels of different taxonomies."""
