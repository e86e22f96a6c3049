"""What the columns of the generators' tables mean, for the page's glossary."""

from benchmark.metrics.generation.catalogue import ASKED_METRICS, NEUTRAL_METRICS

# Of the table of generated patients.
GENERATION_TERMS = tuple((m.title, m.help) for m in ASKED_METRICS.values() if m.shown == "column")

# Of the table of neutral prompts. Terms that the first table has as well are only explained there.
MIX_TERMS = (
    (
        "Points off",
        "How far the shares of the groups are from the target, in percentage points: half the sum "
        "of all differences, averaged over the prompts that tuning may use and over seeds. Held "
        "out: the same over prompts that tuning never used.",
    ),
    (
        "A perfect generator",
        "It draws every group exactly as often as the target says. It is still counted to be off, "
        "by the chance of so few images and by the errors of the group counters, which are "
        "measured on few patients themselves. A generator that draws exact "
        "quotas could be off by less.",
    ),
    (
        "By counter",
        "Several networks count groups, and their probabilities are averaged. This is what single "
        "networks count, from the lowest to the highest: each may take the look of drawn images "
        "for one of the groups. They share some of the patients, so that all of them may make the "
        "same mistake.",
    ),
    (
        "A group's share, corrected, by anatomy",
        "The share of one group (a column with its name) over the tuned prompts, as the counters "
        "find it; the same, corrected for how often the counters are wrong on real patients of "
        "each group; and the share that the areas of regions in the images suggest. Where "
        "it differs from the networks' by more than real patients of the target mix do, it counts.",
    ),
    (
        "KL",
        "Kullback-Leibler divergence of the mix of all tuned prompts together from the target, in "
        "nats: errors of single prompts cancel in it.",
    ),
    *(
        (metric.title, metric.help)
        for name, metric in NEUTRAL_METRICS.items()
        if metric != ASKED_METRICS.get(name)
    ),
    ("Before", "What a method's author gives as the generator before it was tuned."),
)
