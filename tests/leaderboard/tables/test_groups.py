import pytest

from benchmark.api.scores import Score, ScoreKey
from leaderboard.rank.means import mean_over_seeds
from leaderboard.read.score_table import table_of
from leaderboard.tables.groups import GroupTables, support
from leaderboard.tables.heat_map import tone


@pytest.mark.parametrize(
    ("needs", "images"),
    [("positives", 20), ("negatives", 70), ("every class", 20), ("images", 90)],
)
def test_a_value_rests_on_the_label_that_its_metric_looks_at(needs, images):
    assert support((90, 20, 70), needs) == images


def test_a_value_of_more_than_two_classes_rests_on_all_images():
    assert support((90, -1, -1), "every class") == 90


def written(card, **score):
    key = ScoreKey("auroc", ("volume_band",), ("small",))
    return GroupTables(card).groups(mean_over_seeds([table_of([Score(key, **score)])], [0]))


def test_a_value_stands_over_its_interval(fake):
    html = written(fake.BRAIN, value=0.75, n=200, positives=100, low=0.5, high=1.0)
    assert "<td>0.750<small>0.500–1.000</small></td>" in html


def test_a_value_on_few_images_says_how_many(fake):
    html = written(fake.BRAIN, value=0.75, n=60, positives=12, low=0.5, high=1.0)
    assert '<td class="faint" title="Rests on 12 images.">0.750' in html


def test_why_a_value_is_undefined_is_escaped(fake):
    html = written(fake.BRAIN, value=None, n=60, note="no <b>")
    assert '<td class="undefined" title="seed 0: no &lt;b&gt;">undefined</td>' in html


def test_a_group_with_a_hostile_name_is_escaped(fake):
    card = type(
        "Card",
        (),
        {
            "attributes": fake.BRAIN.attributes,
            "intersections": (),
            "classes": fake.BRAIN.classes,
            "attribute": lambda self, name: fake.BRAIN.attribute(name),
            "group_names": lambda self, names: [("<i>",)],
        },
    )()
    assert "&lt;i&gt;" in written(card, value=0.5, n=60)


@pytest.mark.parametrize(
    ("accuracy", "style"), [(0.95, "t0"), (0.9, "t0"), (0.89, "t1"), (0.5, "t4"), (0.49, "t5")]
)
def test_the_lower_the_accuracy_the_stronger_the_colour(accuracy, style):
    assert tone(accuracy) == style
