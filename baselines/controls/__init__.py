"""Controls: rows that are no method but a yardstick for methods."""
