"""Lines of scheduler.log: what became of each run of a scheduled search.

In Splunk's own words and order, so that a search over `index=_internal sourcetype=scheduler` finds here what it would
find there. An error is a line of level ERROR without `savedsearch_name`, as splunkd writes it.
"""

from __future__ import annotations

from collections.abc import Sequence

COMPONENT = "SavedSplunker"
FILE = "scheduler.log"
SOURCETYPE = "scheduler"


def run_made(
    app: str,
    name: str,
    slot: float,
    *,
    sid: str,
    results: int,
    actions: Sequence[str],
    seconds: float,
    suppressed: int = 0,
    triggered: int = 0,
) -> str:
    """A run that came to its end."""
    return (
        f"{_about(app, name)}, priority=default, status=success, digest_mode=0, scheduled_time={int(slot)}, "
        f'window_time=0, dispatch_time={int(slot)}, run_time={seconds:.3f}, result_count={results}, '
        f'alert_actions="{",".join(actions)}", sid="{sid}", suppressed={suppressed}, triggered={triggered}'
    )


def run_skipped(app: str, name: str, slot: float, reason: str) -> str:
    """A run that was left out."""
    return f'{_about(app, name)}, priority=default, status=skipped, reason="{reason}", scheduled_time={int(slot)}'


def run_failed(app: str, name: str, message: str) -> str:
    """A run that ended with an error."""
    return f'savedsearch_id="nobody;{app};{name}", message="{_quoted(message)}"'


def _about(app: str, name: str) -> str:
    return (
        f'savedsearch_id="nobody;{app};{name}", search_type="scheduled", user="nobody", app="{app}", '
        f'savedsearch_name="{name}"'
    )


def _quoted(text: str) -> str:
    return " ".join(text.replace('"', "'").split())
