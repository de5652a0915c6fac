"""Answers of one time against those of another: what came in, how sure the model was, what it found."""
