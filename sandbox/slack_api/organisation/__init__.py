"""An invented organisation, its ordinary life, and what goes wrong in it."""

from __future__ import annotations

from .model import Organisation

__all__ = ["Organisation"]
