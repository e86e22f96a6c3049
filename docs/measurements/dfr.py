"""What dfr's last layer reaches when its penalty is chosen in different ways, on one network.

Run: python docs/measurements/dfr.py   (half a minute for each seed and task on one core)

For the table of docs/results/choices.md. The answer is decision rule version 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from baselines.dfr import DFR, STRENGTHS, WeightedPatients, probabilities
from benchmark.api.card import TaskCard
from benchmark.api.data import Split
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.planning.run_spec import RunSpec
from benchmark.planning.seeds import development_seeds
from benchmark.presets.load import load_preset
from benchmark.running import predictions
from benchmark.training.classifier import train_classifier

SEEDS = development_seeds(5)
FOLDS = 5


def take(patients: WeightedPatients, rows: np.ndarray) -> WeightedPatients:
    """Return the patients of the given rows."""
    parts = (patients.features[rows], patients.labels[rows], patients.weights[rows])
    return replace(patients, **dict(zip(("features", "labels", "weights"), parts, strict=True)))


def by_cross_validation(patients: WeightedPatients, strength: float) -> float:
    """Return the mean loss on left-out fifths of the held-out patients, dealt class by class."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    losses = [
        len(out) * take(patients, out).loss(take(patients, rest).fitted(strength, seed=0))
        for rest, out in folds.split(patients.features, patients.labels)
    ]
    return sum(losses) / len(patients.labels)


def worst_group(val: Split, test: Split, card: TaskCard, on_val, on_test) -> float:
    """Return the lowest accuracy of a cell, label x one attribute, at the balanced cut of val."""
    logits = [np.log(p[:, 1:] + 1e-12) - np.log(p[:, :1] + 1e-12) for p in (on_val, on_test)]
    cut = LogisticRegression(class_weight="balanced", C=1e6)
    cut.fit(logits[0], card.encode_labels(val.table))
    right = cut.predict(logits[1]) == card.encode_labels(test.table)
    cells = [card.encode_cells(test.table, [a.name])[0] for a in card.attributes]
    return min(right[own == cell].mean() for own in cells for cell in np.unique(own))


def measure(name: str, seed: int) -> Iterator[tuple[str, float]]:
    """Yield the worst-group accuracy of the network's own last layer, and of each choice."""
    task, method = load_task(find_tasks()[name]), DFR()
    spec = RunSpec(name, "dfr", task.knobs.variant(), seed, load_preset("quick"), device="cpu")
    splits = task.load(spec.source, spec.variant, seed)
    train, val = (predictions.visible(s, task.card, method) for s in (splits.train, splits.val))
    predictions.make_repeatable(spec)
    ctx = predictions.make_context(task, method, spec, lambda line: None)
    order = ctx.rng("held out and balanced subsets").permutation(len(train))
    kept = round(method.held_out * len(train))
    held_out = train.take(np.sort(order[:kept]))
    network = train_classifier(train.take(np.sort(order[kept:])), val, ctx)
    features = network.features(held_out.images)
    mean, std = features.mean(0), features.std(0) + 1e-6
    seen = [(network.features(s.images) - mean) / std for s in (val, splits.test)]
    own = [network.predict_proba(s.images) for s in (val, splits.test)]
    yield "network", worst_group(val, splits.test, task.card, *own)
    patients = method.weighted((features - mean) / std, held_out, task.card)
    judges = method.weighted(seen[0], val, task.card)
    layers = {strength: patients.fitted(strength, seed=0) for strength in STRENGTHS}
    choices = {
        "cross-validation": min(STRENGTHS, key=lambda one: by_cross_validation(patients, one)),
        "val": min(STRENGTHS, key=lambda one: judges.loss(layers[one])),
    }
    for words, strength in choices.items():
        answers = [probabilities(part, layers[strength]) for part in seen]
        yield words, worst_group(val, splits.test, task.card, *answers)


def main() -> None:
    """Print a line for each task and seed."""
    for name in sorted(find_tasks()):
        for seed in SEEDS:
            found = ", ".join(f"{words} {value:.3f}" for words, value in measure(name, seed))
            print(f"{name} {seed}: {found}", flush=True)


if __name__ == "__main__":
    main()
