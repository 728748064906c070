"""Entry point that splunkd starts for the scheme `slack_audit`: sets up the import path and hands over."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from slack_audit_monitor.modinput import main  # noqa: E402 - the path must be set first

if __name__ == "__main__":
    sys.exit(main(sys.argv))
