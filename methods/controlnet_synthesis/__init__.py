"""ControlNet synthesis: fill the cells that the training set lacks with generated patients."""
