"""The HTTP interface over fakes."""
