"""Masks: which class each pixel shows, and where one thing ends and the next begins.

The same tables as for boxes, over a flat list of places; nothing in `losses` and `outcomes` knows that places lie on a
grid. Reads from labels to answers: outcomes -> losses -> head -> predict -> instances.
"""
