"""Readers, one file a format; `recognise` of the parent package chooses among them."""
