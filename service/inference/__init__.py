"""Text to vectors: protocols and their implementations."""
