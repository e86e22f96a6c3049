"""Baselines: one file each, readable alone. Controls are in controls/."""
