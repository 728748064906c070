"""Entry point of the alert action `slack_audit_digest`: sets up the import path and hands over."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from slack_audit_monitor.digest_action import main  # noqa: E402 - the path must be set first

if __name__ == "__main__":
    sys.exit(main(sys.argv))
