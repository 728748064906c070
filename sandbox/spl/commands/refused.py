"""Commands that Splunk has and this engine refuses, with the way round. Nothing is done quietly by halves."""

from __future__ import annotations

from typing import Callable

from ..stream import TokenStream
from .base import COMMANDS, Command, Compiler

ADVICE: dict[str, str] = {
    "map": "It runs one search a row; use a lookup, or one search with stats BY.",
    "extract": "Write EXTRACT- in props.conf, or use rex.",
    "kv": "Write EXTRACT- in props.conf, or use rex.",
    "multikv": "Use rex or spath.",
    "xmlkv": "Use rex.",
    "set": "Use stats BY over both searches.",
    "gentimes": "Use makeresults and mvexpand.",
    "makecontinuous": "Use timechart, which fills gaps.",
    "rangemap": "Use eval with case().",
    "fieldformat": "It changes how values look, not what they are; use eval.",
    "fieldsummary": "Use stats with wildcards.",
    "autoregress": "Use streamstats current=f window=1 last(x).",
    "trendline": "Use streamstats window= avg(x).",
    "contingency": "Use chart.",
    "uniq": "Use dedup.",
    "abstract": "It shortens the text that is shown; leave it away.",
    "highlight": "It changes how events look; leave it away.",
    "reltime": "Use eval with now()-_time.",
    "setfields": "Use eval.",
    "tags": "Search for tag=.",
    "outlier": "Use eventstats and where.",
    "anomalies": "Use eventstats and where.",
    "kmeans": "Use eventstats and where.",
    "correlate": "Use stats.",
    "associate": "Use stats.",
    "arules": "Use stats.",
    "sichart": "Use chart and collect.",
    "sirare": "Use rare and collect.",
    "mstats": "There are no metrics here; use stats.",
    "mcollect": "There are no metrics here; use collect.",
    "mcatalog": "There are no metrics here.",
    "history": "The history of searches is not kept here.",
    "delete": "Events are never deleted here.",
    "run": "Scripts are not run; use an external lookup.",
    "typelearner": "Write event types in eventtypes.conf.",
    "savedsearch": "Write the search itself, or a macro.",
    "loadjob": "Results of other jobs do not exist here.",
    "datamodel": "Data models are not known here; search the events.",
    "from": "Data models and data sets are not known here; search the events.",
    "pivot": "Data models are not known here; use stats.",
    "rest": "There are no REST endpoints here.",
    "dbxquery": "There are no databases here.",
    "script": "Scripts are not run; use an external lookup.",
    "sendalert": "Alert actions are run by the scheduler.",
    "sendemail": "Alert actions are run by the scheduler.",
    "selfjoin": "Use streamstats or stats BY.",
    "metasearch": "Use tstats.",
    "metadata": "Use tstats with min(_time), max(_time) and count.",
    "eventcount": "Use tstats count.",
    "anomalydetection": "Use eventstats and where.",
    "cluster": "Use stats BY.",
    "predict": "Forecasting is not known here.",
    "inputcsv": "Use inputlookup.",
    "outputcsv": "Use outputlookup.",
    "sitop": "Use top.",
    "sistats": "Use stats and collect.",
    "sitimechart": "Use timechart and collect.",
    "summarize": "Use stats and collect.",
    "localize": "Use streamstats.",
    "geostats": "Maps are not known here.",
}


def _refuse(name: str, advice: str) -> Callable[[TokenStream, Compiler], Command]:
    def parser(stream: TokenStream, compiler: Compiler) -> Command:
        raise stream.error(f"The command {name} is not known here. {advice}")

    return parser


for _name, _advice in ADVICE.items():
    COMMANDS[_name] = _refuse(_name, _advice)
