import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leaderboard.charts.plots import (
    MOST_NAMES,
    Canvas,
    Point,
    _overlaps,
    named,
    place_labels,
    plane,
    spark,
    split_far,
)

CANVAS = Canvas(980, 560, (0.5, 1.0), (0.5, 1.0))
share = st.floats(0.5, 1.0, allow_nan=False)


def point(name, x, y, kind="baseline"):
    return Point(name, kind, f"row-{name}", (x, x, x), (y, y, y))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(share, share), min_size=1, max_size=12))
@example([(1.0, 1.0)] * 12)
@example([(0.5, 0.5)] * 12)
def test_names_never_cover_each_other_and_stay_inside(places):
    boxes = place_labels(CANVAS, [point("group_resampling", x, y) for x, y in places])
    left, top, right, bottom = CANVAS.frame
    for k, box in enumerate(boxes):
        assert left <= box[0] and box[2] <= right and top <= box[1] and box[3] <= bottom
        assert k == 0 or _overlaps(np.array([box]), np.array(boxes[:k]))[0] == 0


def test_axes_run_the_usual_way():
    assert (CANVAS.x(0.5), CANVAS.x(1.0)) == (CANVAS.frame[0], CANVAS.frame[2])
    assert (CANVAS.y(0.5), CANVAS.y(1.0)) == (CANVAS.frame[3], CANVAS.frame[1])


def test_far_control_is_named_and_not_drawn():
    points = [point("erm", 0.8, 0.7), point("majority_class", 0.5, 0.0, "control")]
    near, far = split_far(points, "row-erm")
    assert [p.name for p in near] == ["erm"]
    assert [p.name for p in far] == ["majority_class"]


def test_a_method_far_below_all_others_is_not_drawn_but_plain_training_always_is():
    points = [point("good", 0.9, 0.8), point("fine", 0.9, 0.8), point("erm", 0.8, 0.4)]
    near, far = split_far([*points, point("broken", 0.8, 0.1, "method")], "row-erm")
    assert near == points
    assert [p.name for p in far] == ["broken"]


def test_whisker_beyond_the_frame_ends_in_an_arrow_head():
    inside = plane([point("erm", 0.8, 0.7)], "row-erm", ("x", "y"), (980, 560), "wide")
    long = Point("erm", "baseline", "row-erm", (0.8, 0.8, 0.8), (0.7, 0.1, 0.72))
    beyond = plane([long], "row-erm", ("x", "y"), (980, 560), "wide")
    assert inside.count('class="head') == 0
    assert beyond.count('class="head') == 1


def test_of_many_points_the_reference_and_the_highest_have_names():
    points = [point(f"m{k}", 0.8, 0.6 + k / 1000) for k in range(2 * MOST_NAMES)]
    chosen = named([point("erm", 0.7, 0.5), *points], "row-erm")
    assert [p.name for p in chosen] == ["erm", *(p.name for p in points[1 - MOST_NAMES :])]
    assert named(points[:3], "") == points[:3]


def test_a_point_without_a_name_is_drawn_and_says_its_name_when_pointed_at():
    points = [point(f"m{k}", 0.8, 0.6 + k / 1000) for k in range(2 * MOST_NAMES)]
    drawn = plane(points, "", ("x", "y"), (980, 560), "wide")
    assert drawn.count('class="dot') == len(points)
    assert drawn.count("</text></a>") == MOST_NAMES
    assert "<title>m0: " in drawn


def test_overlap_by_hand():
    boxes = np.array([(0, 0, 2, 2), (5, 5, 6, 6)])
    assert _overlaps(boxes, np.array([(1, 1, 3, 3), (0, 0, 1, 1)])).tolist() == [2, 0]


def test_hostile_name_is_escaped_in_the_drawing():
    drawn = plane([point("<b>", 0.8, 0.7)], "erm", ("x", "y"), (980, 560), "wide")
    assert "<b>" not in drawn
    assert "&lt;b&gt;" in drawn


def test_spark_without_interval_has_no_whisker():
    assert "whisker" not in spark(0.5, None, None, None)
    assert 'width="100.0"' in spark(0.5, 0.4, 0.6, 0.5)
