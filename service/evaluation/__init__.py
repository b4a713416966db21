"""Judgements and runs in, figures and a report out."""
