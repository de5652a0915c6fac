"""Numbers that judge models: matching, average precision, thresholds, calibration, resampling; pure NumPy."""
