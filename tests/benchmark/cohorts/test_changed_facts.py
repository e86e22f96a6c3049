from pathlib import Path

import pandas as pd

from benchmark.cohorts.changed_facts import changed_facts
from benchmark.cohorts.participants import Participants
from benchmark.cohorts.toy import toy_task

CARD = toy_task(2, 2).card


def participants(*rows):
    """Rows of patient, label and site; the first is row 2 of the file."""
    table = pd.DataFrame(rows, columns=["patient_id", "label", "site"])
    table.index = pd.RangeIndex(2, len(table) + 2)
    return Participants(Path("participants.tsv"), table, (), ())


def test_a_patient_of_two_labels_or_sites_is_named_with_both_rows():
    rows = [("a", "low", "north"), ("b", "low", "south"), ("a", "high", "south")]
    (words,) = changed_facts(participants(*rows), CARD)
    assert words.startswith(
        "participants.tsv: patient a has label low (row 2) and high (row 4); patient a has site "
        "north (row 2) and south (row 4). If this is a slip, mend the table;"
    )


def test_several_images_that_agree_and_empty_cells_need_no_word():
    rows = [("a", "low", "north"), ("a", "low", "north"), ("b", "", "south"), ("b", "low", "")]
    assert changed_facts(participants(*rows), CARD) == []


def test_many_are_counted():
    rows = [(f"p{k}", label, "north") for k in range(8) for label in ("low", "high")]
    (words,) = changed_facts(participants(*rows), CARD)
    assert words.count("patient p") == 6 and "; and 2 more. If" in words
