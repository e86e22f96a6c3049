"""How large files and functions may be, and what may not be fetched by a string."""

from statistics import median, quantiles

from docs.measurements import structure

MEDIAN_FILE, MEDIAN_FUNCTION, NINE_IN_TEN = 150, 12, 30  # lines


def longer(lengths, most):
    return {name: lines for name, lines in lengths.items() if lines > most}


def test_files_are_short():
    lengths = structure.file_lengths()
    assert longer(lengths, structure.LONGEST_FILE) == {}
    assert median(lengths.values()) <= MEDIAN_FILE


def test_functions_are_short():
    lengths = structure.function_lengths()
    assert longer(lengths, structure.LONGEST_FUNCTION) == {}
    assert median(lengths.values()) <= MEDIAN_FUNCTION
    assert quantiles(lengths.values(), n=10)[-1] <= NINE_IN_TEN


def test_what_a_method_declares_is_not_fetched_by_a_string():
    assert structure.getattr_on_methods() == []


def test_no_digest_is_taken_over_a_list_of_files_kept_by_hand():
    assert structure.hand_kept_digests() == []
