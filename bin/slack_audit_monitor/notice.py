"""What stands in Splunk's message bar about an input, and when it is taken off again.

Splunk has no list of our own messages that could be asked cheaply each minute, so a small file beside the checkpoint
remembers that one stands there. Knows nothing of what the messages say.
"""

from __future__ import annotations

import os
import time

from slack_audit_monitor.files import file_stem
from slack_audit_monitor.log import one_line
from slack_audit_monitor.splunk import Splunkd

#: Slack may be away for so long before an admin is called.
PATIENCE_SECONDS = 3_600


class Notice:
    """One line in the message bar.

    Args:
        folder: where the checkpoint is; "" for none.
        kind: "" for what an admin must do, "advice" for what the connection test would have otherwise.
    """

    def __init__(self, splunkd: Splunkd, folder: str, input_name: str, kind: str = "") -> None:
        self._splunkd = splunkd
        self._input_name = input_name
        suffix = f"-{kind}" if kind else ""
        self._name = f"slack_audit_monitor_{file_stem(input_name)}{suffix}"
        stem = os.path.join(folder, file_stem(input_name) + suffix) if folder else ""
        self._flag, self._well = stem and stem + ".message", stem and stem + ".well"
        self.was_shown = False

    def show(self, text: str, severity: str = "error") -> None:
        """Put the line there, in place of an older one."""
        self.was_shown = True
        told = one_line(f"Slack Audit Monitor, input {self._input_name}: {text}")
        if self._splunkd.show_message(self._name, told, severity) and self._flag:
            _touch(self._flag)  # else the message stays until an admin closes it

    def remove(self) -> None:
        """Take the line off, if one was put there; no call to splunkd otherwise."""
        if self._flag and os.path.exists(self._flag):
            self._splunkd.remove_message(self._name)
            try:
                os.remove(self._flag)
            except OSError:
                pass

    def went_well(self) -> None:
        """Note that Slack was read just now; what stands there is over, unless this very run put it there."""
        if self._well:
            _touch(self._well)
        if not self.was_shown:
            self.remove()

    def went_wrong(self, text: str) -> None:
        """Call an admin if Slack has been unreadable for long."""
        try:
            last_well = os.path.getmtime(self._well)
        except OSError:  # never before; the patience begins now
            _touch(self._well)
            return
        if time.time() - last_well > PATIENCE_SECONDS:
            self.show(f"Nothing could be read for {int((time.time() - last_well) // 60)} minutes. {text}")


def _touch(path: str) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8"):
            os.utime(path)
    except OSError:
        pass
