"""What the collector promises in figures, measured: delivery under faults and `kill -9`, and cost.

Each script runs by itself (`python bench/soak_delivery.py --help`) and works against the Slack simulator on
loopback, with the input started as splunkd starts it. Nothing here ships, and nothing that ships knows of it.
"""
