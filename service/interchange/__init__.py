"""One module per format, each an iterator of claims."""
