"""A stand-in for Splunk Web on loopback: the app's views, in a browser, with Splunk's own components.

The pages stand in `ui/harness`; this package serves them with what Splunk Web would tell them, and passes their calls
on to splunkd's stand-in. It knows the app as data alone: views, navigation, web.conf.
"""
