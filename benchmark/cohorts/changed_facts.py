"""Patients about which a table says two things: a slip in most cases, and possible in some.

A label may change between the images of a patient, before and after a disease, and so may an
attribute such as age. So it is a warning and no refusal.
"""

from __future__ import annotations

from benchmark.api.card import TaskCard
from benchmark.cohorts.participants import Participants

MOST_LINES = 6  # patients that are named


def changed_facts(participants: Participants, card: TaskCard) -> list[str]:
    """Name patients whose rows differ in label or an attribute, each with its first two rows."""
    table = participants.table
    found = []
    for column in ("label", *(a.name for a in card.attributes if a.name in table)):
        known = table[(table[column] != "") & (table["patient_id"] != "")]
        facts = known.drop_duplicates(["patient_id", column])
        for patient, rows in facts[facts.duplicated("patient_id", keep=False)].groupby(
            "patient_id", sort=False
        ):
            (first, one), (second, other) = list(rows[column].items())[:2]
            found.append(
                f"patient {patient} has {column} {one} (row {first}) and {other} (row {second})"
            )
    if not found:
        return []
    more = f"; and {len(found) - MOST_LINES} more" if len(found) > MOST_LINES else ""
    return [
        f"{participants.path}: {'; '.join(found[:MOST_LINES])}{more}. If this is a slip, mend the "
        "table; if the patient changed between images, nothing is wrong."
    ]
