"""splunkd's management endpoints on loopback, one module per family of endpoints.

server      the listeners: werkzeug, plain http, `Connection: close` on each answer
routing     from path and method to a handler; authentication; errors in Splunk's form
answers     Atom and JSON as Splunk words them
sessions    who may speak
hec         the HTTP Event Collector, a listener and answers of its own
families/   what can be asked; a new family is one module and one line in `families`
"""
