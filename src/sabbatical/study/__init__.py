"""The studies behind what we claim of masking: each trial kept as it ends, figures with intervals, claims, a report."""
