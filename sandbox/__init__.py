"""The sandbox: the app at work without Splunk. Shipped code never imports it."""
