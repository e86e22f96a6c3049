from leaderboard.words.glossary import ranking_terms


def test_the_gap_says_why_it_ends_its_interval():
    words = (
        "Chance makes gaps too large, so the interval reaches below the value and may end at it."
    )
    assert words in dict(ranking_terms())["Gap"]


def test_the_version_of_a_metric_that_has_changed_is_told():
    terms = dict(ranking_terms())
    assert terms["Gap"].endswith("Version 2 of this metric.")
    assert "Version" not in terms["AUROC"]


def test_every_explanation_is_a_sentence():
    assert [term for term, text in ranking_terms() if not text.endswith(".")] == []
