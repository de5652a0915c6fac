"""Models in plain PyTorch: detectors, text models, their losses, the training loop, export. No SQL, no HTTP.

Reads from data to prediction: samples -> augmentation -> loader -> backbone -> pyramid -> a head (centre or anchor)
-> masking and losses -> training -> weights -> predict, export. Modules that need torch are imported by name, so that
importing this package costs nothing.
"""
