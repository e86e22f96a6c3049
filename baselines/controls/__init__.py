"""Controls: rows that are not ranked and show what the numbers of methods are worth."""
