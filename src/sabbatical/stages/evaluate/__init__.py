"""Model version and predictions -> report: overall, by class, by slice, by cohort, against another model."""
