"""An event of ours, handed to the splunkd that started us. Knows the endpoint; what the event says is its writer's."""

from __future__ import annotations

from slack_audit_monitor.kvstore import SplunkdRest

_RECEIVER = "/services/receivers/simple"


def send_event(rest: SplunkdRest, event: str, *, index: str, sourcetype: str, source: str) -> None:
    """Write one event of one line.

    Raises:
        KvStoreUnavailable: splunkd does not take events now.
        FatalError: splunkd refuses the event, for example because the index does not exist.
    """
    rest.call(
        "POST",
        _RECEIVER,
        params={"index": index, "sourcetype": sourcetype, "source": source, "output_mode": "json"},
        body=(event + "\n").encode("utf-8", "replace"),
    )
