"""Vectors and words to wordings; derived and disposable."""
