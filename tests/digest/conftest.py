"""A stand-in with the secrets of a model, the model, and the action between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.digest.digest_world import World
from tests.digest.digester import Digester
from tests.digest.model_server import KEY, ModelServer


@pytest.fixture(scope="module")
def splunk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("splunk"), [])
    world.secret("digest_model.127.0.0.1", KEY)
    world.secret("prod", "xoxp-1234-invented-slack-token")
    yield world
    world.close()


@pytest.fixture
def model() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def digester(splunk: World, model: ModelServer, tmp_path: Path) -> Digester:
    return Digester(splunk, model, tmp_path)


# -- a good model
