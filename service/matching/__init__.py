"""From a query to scored and judged matches."""
