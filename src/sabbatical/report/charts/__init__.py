"""Charts: one small typed function a file, from data to markup. Rates lie in 0..1."""
