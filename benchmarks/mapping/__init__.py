"""What `benchmarks.proposals` is made of: taxonomies perturbed by chance, sightings of texts and boxes, the fit."""
