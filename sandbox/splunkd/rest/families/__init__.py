"""Families of management endpoints, each a module with a class that lists its `endpoints`."""
