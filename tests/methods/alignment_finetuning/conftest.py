"""A context in which the tests of one file share what is trained."""

import dataclasses

import pytest


@pytest.fixture(scope="module")
def cache_of(tmp_path_factory):
    return tmp_path_factory.mktemp("alignment")


@pytest.fixture
def shared(ctx, cache_of):
    """A context whose base and guide are trained by the first test of a file that asks."""
    return dataclasses.replace(ctx, cache=dataclasses.replace(ctx.cache, root=cache_of))
