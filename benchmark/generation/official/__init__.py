"""The official judge of a digital task: made once per task version, frozen, pinned by hash."""
