"""What a comparison of a run's labels and attributes with its cohort has found."""

from __future__ import annotations

from benchmark.records.base import Part


class Checked(Part):
    """At most one of the three says something; if none does, the table is that of the cohort."""

    wrong: str = ""  # where it differs: the run has failed
    unknown: str = ""  # why a run of a digital cohort could not be compared: it gets no place
    believed: str = ""  # why the labels of a folder of patients are taken as they are
