"""Alignment fine-tuning: a text-to-image generator's groups are made to match a target."""
