"""`slack`: the Slack simulator alone; its options are its own business."""

from __future__ import annotations

from typing import Any

from sandbox.slack_api.cli import add_parser


def add_to(subparsers: Any) -> None:
    add_parser(subparsers)
