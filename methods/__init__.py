"""Debiasing methods: one file or one folder each. Drop yours in; nothing else changes."""
