"""What a claim, a query and a match look like in JSON."""
