"""A preset of seconds, for toy tasks: a method is tried under it, and tests run under it."""

from __future__ import annotations

from benchmark.presets.settings import Preset

TOY_PRESET = Preset.from_dict(
    {
        "name": "toy",
        "source": {"image_size": 32, "train": 160, "val": 80, "test": 48, "recruited": 40},
        "classifier": {
            "backbone": "test_resnet",
            "steps": 25,
            "batch_size": 32,
            "learning_rate": 3e-3,
            "weight_decay": 0.01,
            "evaluations": 2,
        },
        "generator": {
            "fold": 4,
            "components": 8,
            "widths": [16, 32],
            "last_noise": 300,
            "base_sampling_steps": 3,
            "base_last_noise": 100,
            "base_steps": 20,
            "steps": 20,
            "tuning_steps": 4,
            "tuning_batch": 8,
            "reader": "test_convnext",
            "batch_size": 8,
            "accumulation": 1,
            "learning_rate": 2e-3,
            "sampling_steps": 2,
            "guidance": 1.0,
            "judged": 48,
        },
        "run": {"seeds": [0], "time_limit_minutes": 1, "threads": 1},
    }
)
