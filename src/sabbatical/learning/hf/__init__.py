"""Detectors of the `transformers` library, trained with the masks: RT-DETR v2 and D-FINE. An optional extra, `hf`.

network: the library's network, made of a configuration or read from a local folder; head: the face of a head of ours
around it; levels: its many answers (decoder layers, encoder, denoising) as sets; corners: what D-FINE learns besides.
"""
