"""Tasks: one folder each, with a task.py that holds a card and a cohort."""
