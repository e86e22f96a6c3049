"""Checks that a path in a table is a file of the table's folder.

A problem of a folder names the folder, so that its files do not each have a line.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath


def path_problem(folder: Path, text: str) -> str:
    """Say what is wrong with a path, as in "'a/b.png' does not exist"; empty if it is a file."""
    relative = PurePosixPath(text)
    if relative.is_absolute() or ".." in relative.parts or "\\" in text or ":" in text:
        return f"{text!r} must be relative to the folder, with '/', without '..'"
    for inside in reversed(relative.parents[:-1]):  # from the top; the last one is the folder
        if problem := _folder_problem(folder, inside):
            return f"its folder {str(inside)!r} {problem}"
    path = folder / relative
    if not _stays(path, folder):
        return f"{text!r} is a link out of the folder; copy the file into it"
    return "" if path.is_file() else f"{text!r} does not exist"


def _folder_problem(folder: Path, inside: PurePosixPath) -> str:
    path = folder / inside
    if path.is_symlink() and not path.exists():
        return "is a broken link; make it again, or copy the files into the folder"
    if not _stays(path, folder):
        return "is a link out of the folder; copy its files into it"
    if not path.exists():
        return "does not exist"
    return "" if path.is_dir() else "is no folder"


def _stays(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
