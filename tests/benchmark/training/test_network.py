import numpy as np
import torch

from benchmark.training.classifier import train_classifier


def test_features_under_the_last_layer_are_the_predictions(toy):
    splits, ctx = toy
    classifier = train_classifier(splits.train, splits.val, ctx)
    features = torch.from_numpy(classifier.features(splits.val.images))
    last = classifier.network.get_classifier()
    with torch.no_grad():
        probability = last(features).softmax(1).numpy()
    assert np.allclose(probability, classifier.predict_proba(splits.val.images), atol=1e-5)
