"""A stand-in for splunkd: what the app needs of it, on one machine, without Splunk.

    inputs      start the app's modular input as splunkd does and read its events
    index       keep events; a restart of the stand-in finds them again
    scheduling  run saved searches over simulated time; triggers, throttling, fired alerts
    rest        the management endpoints that the input and splunklib's client use

It is no Splunk: one host, no roles, no clustering, plain http on loopback.
"""
