"""What both parts of the soak set up alike: Slack, the store of the token, and the input between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.input_process import Input
from bench.pace import Pace
from bench.secret_store import SecretStore
from bench.world import World
from sandbox.slack_api import SlackSimulator

READ_TIMEOUT_SECONDS = 1


@contextmanager
def collecting(world: World, slack: SlackSimulator, folder: Path, pace: Pace, page_limit: int) -> Iterator[Input]:
    """Serve Slack and the token while the block runs; yields the input, ready to start."""
    settings = {
        "start_time": world.start_at,
        "calls_per_minute": 50,
        "page_limit": page_limit,
        "read_timeout_seconds": READ_TIMEOUT_SECONDS,
    }
    store = SecretStore(slack.token)
    try:
        with slack:
            yield Input(folder, slack.api_url, store.uri, settings, pace)
    finally:
        store.close()
