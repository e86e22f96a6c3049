"""What dfr's last layer reaches, fitted as before and as now, on one and the same network.

Run: python docs/measurements/dfr.py   (a minute for each seed and task on one core)

For the table of docs/results/choices.md. "before": the mean of ten L2 fits of strength 0.1 to up to
ten held-out patients of each cell. The answer is decision rule version 2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression

from baselines.dfr import DFR, HeldOut, deal_folds, probabilities
from benchmark.api.card import TaskCard
from benchmark.api.data import Split
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.planning.run_spec import RunSpec
from benchmark.planning.seeds import development_seeds
from benchmark.presets.load import load_preset
from benchmark.running import predictions
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights

SEEDS = development_seeds(4)


def layers_before(features: np.ndarray, labels: np.ndarray, cells: np.ndarray, rng) -> np.ndarray:
    """Average ten fits to balanced subsets, as dfr did until it was made faithful."""
    layers = []
    for _ in range(10):
        drawn = [rng.permutation(np.flatnonzero(cells == cell))[:10] for cell in np.unique(cells)]
        rows = np.concatenate(drawn)
        fit = LogisticRegression(C=0.1, max_iter=1000).fit(features[rows], labels[rows])
        layers.append(np.column_stack([fit.coef_, fit.intercept_]))
    return np.mean(layers, axis=0)


def layer_now(features: np.ndarray, labels: np.ndarray, cells: np.ndarray, rng) -> np.ndarray:
    """Fit as dfr does."""
    weights = len(cells) * balanced_weights(cells, DFR().limit)
    patients, seed = HeldOut(features, labels, weights), int(rng.integers(2**31))
    return patients.fitted(patients.best_strength(deal_folds(cells, DFR().folds, rng), seed), seed)


def worst_group(val: Split, test: Split, card: TaskCard, on_val, on_test) -> float:
    """Return the lowest accuracy of a cell, label x one attribute, at the balanced cut of val."""
    logits = [np.log(p[:, 1:] + 1e-12) - np.log(p[:, :1] + 1e-12) for p in (on_val, on_test)]
    cut = LogisticRegression(class_weight="balanced", C=1e6)
    cut.fit(logits[0], card.encode_labels(val.table))
    right = cut.predict(logits[1]) == card.encode_labels(test.table)
    cells = [card.encode_cells(test.table, [a.name])[0] for a in card.attributes]
    return min(right[own == cell].mean() for own in cells for cell in np.unique(own))


def measure(name: str, seed: int) -> Iterator[tuple[str, float]]:
    """Yield the worst-group accuracy of the network's own last layer, and of both others."""
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
    labels, cells = task.card.encode_labels(held_out.table), task.card.encode_cells(held_out.table)
    features = network.features(held_out.images)
    mean, std = features.mean(0), features.std(0) + 1e-6
    seen = [(network.features(s.images) - mean) / std for s in (val, splits.test)]
    own = [network.predict_proba(s.images) for s in (val, splits.test)]
    yield "network", worst_group(val, splits.test, task.card, *own)
    for words, fit in (("before", layers_before), ("now", layer_now)):
        rng = ctx.rng("held out and balanced subsets")
        rng.permutation(len(train))  # as the method has drawn by then
        layer = fit((features - mean) / std, labels, cells[0], rng)
        answers = [probabilities(part, layer) for part in seen]
        yield words, worst_group(val, splits.test, task.card, *answers)


def main() -> None:
    """Print a line for each task and seed."""
    for name in sorted(find_tasks()):
        for seed in SEEDS:
            found = ", ".join(f"{words} {value:.3f}" for words, value in measure(name, seed))
            print(f"{name} {seed}: {found}", flush=True)


if __name__ == "__main__":
    main()
