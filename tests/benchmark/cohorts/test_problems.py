from benchmark.cohorts.problems import by_row


def test_problems_stand_in_the_order_of_the_rows():
    found = ["t.tsv, row 12, sex: a", "t.tsv, row 3, age: b", "has no column 'x'."]
    assert by_row(found) == [found[2], found[1], found[0]]


def test_equal_problems_are_one_line_with_their_rows():
    found = [f"t.tsv, row {row}, sex: 'F'. Allowed: female." for row in (9, 2, 5, 7)]
    other = "t.tsv, row 6, sex: 'M'. Allowed: female."
    assert by_row([*found, other]) == [
        "t.tsv, rows 2, 5, 7, ... (4 rows), sex: 'F'. Allowed: female.",
        other,
    ]
    assert by_row(found[:2]) == ["t.tsv, rows 2, 9, sex: 'F'. Allowed: female."]
