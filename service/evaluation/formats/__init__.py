"""One module per format of evaluation sets."""
