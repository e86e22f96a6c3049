"""What the columns of the table of mixes mean, in short and in full."""

PRICES = (  # name in generation.json, title, help
    ("frechet_distance", "FID", "Frechet distance of what neutral sentences draw to real patients"),
    (
        "frechet_distance_of_mix",
        "FID of its mix",
        "The same to real patients mixed as the drawn ones are counted to be: what the images are "
        "worth, whatever the mix",
    ),
    ("kernel_distance", "KID", "Kernel distance of the same features; 0 if alike"),
    ("clip_score", "CLIP", "Mean cosine of image and sentence in a small CLIP of the judge's own"),
    ("similarity", "Alike", "How alike two images of one sentence are (MS-SSIM)"),
    ("copy_rate", "Copied", "Share closer to a training patient than real ones usually are"),
    ("membership_auroc", "Membership", "How well closeness gives training patients away"),
)

# What the table's columns mean, in full.
TERMS = (
    (
        "Points off",
        "How far the shares of the groups are from the target, in percentage points: half the sum "
        "of all differences, averaged over the sentences that tuning may use and over seeds. Held "
        "out: the same over sentences that tuning never saw.",
    ),
    (
        "A perfect generator",
        "It draws every group exactly as often as the target says, and is counted to be off by the "
        "chance of so few images and by the jury's errors, which are measured on few patients "
        "themselves. One that knows that many of the same are asked for could be off by less.",
    ),
    (
        "By juror",
        "The jury are networks of the engine whose probabilities are averaged. This is what single "
        "ones count, from the least to the most: each may take the look of drawn images for one of "
        "the groups. They have one architecture and in part the same patients, so that all of them "
        "may err alike.",
    ),
    (
        "A group's share, corrected, by anatomy",
        "The share of one group (a column with its name) over the tuned sentences, as the jury "
        "counts it; the same, corrected for how often the jury errs on real patients of each "
        "group; and the share that the areas of regions in the images speak for.",
    ),
    (
        "KL",
        "Divergence of the mix of all tuned sentences together from the target, in nats: errors of "
        "single sentences cancel in it.",
    ),
    (
        "FID, KID, CLIP",
        "How far features of the drawn images lie from those of real patients: Frechet and kernel "
        "distance, lower is nearer. They are features of the judge, so numbers compare within one "
        "table only. CLIP: how well an image fits its sentence, higher is better, as a small "
        "network of the judge sees it; networks of two seeds differ much.",
    ),
    (
        "FID of its mix",
        "FID and KID hold what neutral sentences draw against test patients as balanced as the "
        "cohort makes them, so that a mix nearer to theirs lowers both, whatever the images look "
        "like. FID of its mix holds it against test patients of whom as many are of each group as "
        "were counted; compare it before and after, and between rows only roughly, because rows of "
        "other mixes are held against other numbers of patients.",
    ),
    (
        "Alike, Copied, Membership",
        "How alike two images of a sentence are (higher: less diverse); the share of images nearer "
        "to a training patient than real ones usually are; how well training patients can be told "
        "by that (0.5: not at all).",
    ),
    ("Before", "What a method's author gives as the generator before it was tuned."),
)
