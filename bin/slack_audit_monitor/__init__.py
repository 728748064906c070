"""Slack Audit Monitor's own code: what runs inside Splunk's processes."""

APP_ID = "slack_audit_monitor"
