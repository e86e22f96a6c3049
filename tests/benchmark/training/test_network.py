import numpy as np
import timm
import torch
from torch.nn import functional

from benchmark.training.classifier import Classifier, train_classifier


def test_features_under_the_last_layer_are_the_predictions(toy):
    splits, ctx = toy
    classifier = train_classifier(splits.train, splits.val, ctx)
    features = torch.from_numpy(classifier.features(splits.val.images))
    last = classifier.network.get_classifier()
    with torch.no_grad():
        probability = last(features).softmax(1).numpy()
    assert np.allclose(probability, classifier.predict_proba(splits.val.images), atol=1e-5)


def test_asked_it_folds_batch_statistics_and_gives_them_back(monkeypatch):
    network = timm.create_model("test_byobnet", in_chans=1, num_classes=2)
    network(torch.randn(8, 1, 32, 32))  # in training mode: the statistics are not zero and one
    images = np.random.default_rng(0).random((6, 1, 32, 32), np.float32)
    asked = Classifier(network, torch.tensor(0.0), torch.tensor(1.0), torch.device("cpu"))
    with torch.no_grad():
        plain = network(torch.from_numpy(images)).softmax(1).numpy()
    calls, norm = [], functional.batch_norm
    monkeypatch.setattr(functional, "batch_norm", lambda *a, **k: calls.append(1) or norm(*a, **k))
    assert np.allclose(asked.predict_proba(images), plain, atol=1e-6)
    assert not calls
    with torch.no_grad():
        after = network(torch.from_numpy(images)).softmax(1).numpy()
    assert calls and np.array_equal(after, plain)
