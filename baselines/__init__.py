"""Baselines: one file each, readable alone. Controls, the yardsticks, are in controls/."""
