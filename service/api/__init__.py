"""The HTTP interface: one blueprint per resource, and the shape of every error."""
