from leaderboard.words.glossary import ranking_terms


def test_the_gap_says_why_it_ends_its_interval():
    assert dict(ranking_terms())["Gap"].endswith(
        "Chance makes gaps too large, so the interval reaches below the value and may end at it."
    )


def test_every_explanation_is_a_sentence():
    assert [term for term, text in ranking_terms() if not text.endswith(".")] == []
