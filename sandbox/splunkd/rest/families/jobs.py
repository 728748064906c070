"""search/jobs and search/v2/jobs: run a search text, watch it, read what it found."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.wrappers import Response

from sandbox.spl.errors import SplError
from sandbox.splunkd.rest.answers import (
    Entry,
    RestError,
    entry_response,
    feed_response,
    json_response,
    message_response,
    page_of,
    xml_response,
)
from sandbox.splunkd.rest.results import export_stream, iso_time, results_response
from sandbox.splunkd.rest.routing import Call, Endpoint
from sandbox.splunkd.search_jobs import DEFAULT_TTL_SECONDS, Job, Jobs
from sandbox.splunkd.searching import SearchService, Windows, as_command

_MODES = ("normal", "blocking", "oneshot")
_ACTIONS = (
    "pause",
    "unpause",
    "finalize",
    "cancel",
    "touch",
    "setttl",
    "setpriority",
    "enablepreview",
    "disablepreview",
    "save",
    "unsave",
)
_ONESHOT_PAGE = 100  # as the results endpoint


class JobEndpoints:
    """The jobs of one stand-in over REST."""

    def __init__(self, jobs: Jobs, service: SearchService) -> None:
        self._jobs = jobs
        self._service = service

    def endpoints(self) -> list[Endpoint]:
        found = []
        for base in ("search/jobs", "search/v2/jobs"):
            found += [
                Endpoint(base, ["GET"], self._list),
                Endpoint(base, ["POST"], self._create),
                Endpoint(f"{base}/export", ["GET", "POST"], self._export),
                Endpoint(f"{base}/<sid>", ["GET"], self._read),
                Endpoint(f"{base}/<sid>", ["POST"], self._touch),
                Endpoint(f"{base}/<sid>", ["DELETE"], self._delete),
                Endpoint(f"{base}/<sid>/control", ["POST"], self._control),
                Endpoint(f"{base}/<sid>/results", ["GET", "POST"], self._results),
                Endpoint(f"{base}/<sid>/results_preview", ["GET", "POST"], self._preview),
                Endpoint(f"{base}/<sid>/events", ["GET", "POST"], self._events),
                Endpoint(f"{base}/<sid>/search.log", ["GET"], self._log),
                Endpoint(f"{base}/<sid>/summary", ["GET"], self._summary),
                Endpoint(f"{base}/<sid>/timeline", ["GET"], self._timeline),
            ]
        found.append(Endpoint("search/parser", ["GET", "POST"], self._parser))
        found.append(Endpoint("search/v2/parser", ["GET", "POST"], self._parser))
        return found

    # -- making jobs

    def _create(self, call: Call) -> Response:
        mode = call.arguments.get("exec_mode", "normal")
        if mode not in _MODES:
            raise RestError(400, f"Invalid exec_mode: '{mode[:40]}'. Allowed are {', '.join(_MODES)}.", "FATAL")
        job = self._prepare(call)
        if mode == "normal":
            self._jobs.start(job)
        else:
            self._jobs.run(job)
        if mode == "oneshot":
            self._jobs.cancel(job.sid)
            if job.failed:
                return message_response(400, job.messages[-1][1], "FATAL", call.output_mode)
            return self._page(call, job, job.rows, job.fields, post_process="")
        return sid_response(job.sid, call.output_mode)

    def _export(self, call: Call) -> Response:
        job = self._jobs.run(self._prepare(call))
        self._jobs.cancel(job.sid)
        if job.failed:
            return message_response(400, job.messages[-1][1], "FATAL", call.output_mode)
        return export_stream(job.rows, job.fields, call.arguments.get("output_mode", "xml"), self._service.zone)

    def _prepare(self, call: Call) -> Job:
        given = call.arguments
        if not given.get("search"):
            raise RestError(400, "The following required arguments are missing: search.")
        if given.get("search_mode", "normal") != "normal":
            raise RestError(400, "Real-time searches are not supported: search_mode must be normal.", "FATAL")
        try:
            now = moment(given.get("now"), self._service)
            windows = Windows(
                given.get("earliest_time"),
                given.get("latest_time"),
                given.get("index_earliest"),
                given.get("index_latest"),
            )
            return self._jobs.prepare(
                as_command(given["search"]),
                windows,
                app=call.app,
                owner=call.user,
                now=now,
                sid=given.get("id"),
                label=given.get("label", ""),
                ttl=_seconds(given.get("timeout"), DEFAULT_TTL_SECONDS),
                custom={name: value for name, value in given.items() if name.startswith("custom.")},
            )
        except SplError as error:
            raise RestError(400, str(error), "FATAL") from None

    # -- reading jobs

    def _list(self, call: Call) -> Response:
        # Pages ask for the state of all their jobs at once: id=...&id=... No manual names it.
        wanted = call.lists.get("id")
        if wanted:
            found = [self._jobs.get(sid) for sid in wanted]
            entries = [job_entry(job) for job in found if job is not None]
            return feed_response(page_of(entries, "search/jobs", {**call.arguments, "count": "0"}), call.output_mode)
        entries = [job_entry(job) for job in self._jobs.all()]
        return feed_response(page_of(entries, "search/jobs", call.arguments), call.output_mode)

    def _job(self, sid: str) -> Job:
        job = self._jobs.get(sid)
        if job is None:
            raise RestError(404, "Unknown sid.", "FATAL")
        return job

    def _read(self, call: Call, sid: str) -> Response:
        return entry_response("search/jobs", job_entry(self._job(sid)), call.output_mode)

    def _touch(self, call: Call, sid: str) -> Response:
        job = self._job(sid)
        job.custom = {**job.custom, **{k: v for k, v in call.arguments.items() if k.startswith("custom.")}}
        self._jobs.changed(job)
        return entry_response("search/jobs", job_entry(job), call.output_mode)

    def _delete(self, call: Call, sid: str) -> Response:
        self._job(sid)
        self._jobs.cancel(sid)
        return message_response(200, "Search job cancelled.", "INFO", call.output_mode)

    def _control(self, call: Call, sid: str) -> Response:
        job, action = self._job(sid), call.arguments.get("action", "")
        if action not in _ACTIONS:
            raise RestError(400, f"Invalid action: '{action[:40]}'. Allowed are {', '.join(_ACTIONS)}.", "FATAL")
        if action == "cancel":
            self._jobs.cancel(sid)
        elif action == "setttl":
            self._jobs.set_ttl(job, _seconds(call.arguments.get("ttl"), None))
        elif action == "setpriority":
            job.priority = int(_seconds(call.arguments.get("priority"), None))
        elif action in ("save", "unsave"):
            job.saved = action == "save"
            self._jobs.changed(job)
        elif action in ("enablepreview", "disablepreview"):
            job.previews = action == "enablepreview"
        said = {
            "cancel": "Search job cancelled.",
            "touch": "Search job touched.",
            "finalize": "Search job finalized.",
            "pause": "Search job paused.",
            "unpause": "Search job unpaused.",
            "setttl": f"The ttl of the search job was changed to {job.ttl:.0f}.",
            "setpriority": "The search job's priority was changed.",
        }.get(action, "The search job was changed.")
        return message_response(200, said, "INFO", call.output_mode)

    def _results(self, call: Call, sid: str) -> Response:
        job = self._job(sid)
        if not job.done.is_set():
            return Response("", 204)
        return self._page(call, job, job.rows, job.fields)

    def _preview(self, call: Call, sid: str) -> Response:
        job = self._job(sid)
        # The engine gives no rows before the end: until then a preview is empty.
        rows = job.rows if job.done.is_set() else []
        return self._page(call, job, rows, job.fields, preview=not job.done.is_set())

    def _events(self, call: Call, sid: str) -> Response:
        job = self._job(sid)
        if not job.done.is_set():
            return Response("", 204)
        return self._page(call, job, job.events, job.fields if job.events else [])

    def _page(
        self,
        call: Call,
        job: Job,
        rows: Sequence[Mapping[str, Any]],
        fields: Sequence[str],
        *,
        preview: bool = False,
        post_process: str | None = None,
    ) -> Response:
        given = call.arguments
        search = given.get("search", "") if post_process is None else post_process
        if search:
            try:
                rows = self._service.filter(search, rows, job.now)
            except SplError as error:
                raise RestError(400, str(error), "FATAL") from None
            fields = list(dict.fromkeys(name for row in rows for name in row))
        wanted = call.lists.get("f") or [name for name in given.get("field_list", "").split(",") if name]
        if wanted:
            fields = [name for name in wanted if name in fields]
        offset = int(_seconds(given.get("offset"), 0))
        count = int(_seconds(given.get("count"), _ONESHOT_PAGE))
        if offset < 0:
            offset = max(0, len(rows) + offset)
        page = rows[offset : offset + count] if count > 0 else rows[offset:]
        return results_response(
            page,
            fields,
            given.get("output_mode", "xml"),
            preview=preview,
            offset=offset,
            messages=job.messages,
            zone=self._service.zone,
        )

    def _log(self, call: Call, sid: str) -> Response:
        job = self._job(sid)
        lines = [f"INFO SearchParser - search={job.search}", f"INFO dispatchRunner - state={job.state}"]
        lines += [f"{level} SearchMessages - {sentence}" for level, sentence in job.messages]
        return Response("\n".join(lines) + "\n", 200, content_type="text/plain; charset=UTF-8")

    def _summary(self, call: Call, sid: str) -> Response:
        job = self._job(sid)
        if call.output_mode == "json":
            counts = {name: {"count": sum(name in row for row in job.rows)} for name in job.fields}
            return json_response({"event_count": len(job.events), "fields": counts})
        root = ElementTree.Element("results", {"preview": "0"})
        summary = ElementTree.SubElement(
            root, "summary", {"earliest_time": iso_time(0), "latest_time": iso_time(job.now)}
        )
        for name in job.fields:
            count = str(sum(name in row for row in job.rows))
            ElementTree.SubElement(summary, "field", {"k": name, "c": count})
        return xml_response(root)

    def _timeline(self, call: Call, sid: str) -> Response:
        """One bucket over everything: the stand-in keeps no timeline, as with status_buckets = 0."""
        job = self._job(sid)
        root = ElementTree.Element("timeline", {"c": str(len(job.events)), "cursor": "0"})
        return xml_response(root)

    def _parser(self, call: Call) -> Response:
        """Says whether a search is understood; the parsed form of Splunk's own parser is not imitated."""
        text = call.arguments.get("q", "")
        try:
            self._service.check(as_command(text))
        except SplError as error:
            raise RestError(400, str(error), "FATAL") from None
        if call.output_mode == "json":
            return json_response({"remoteSearch": "", "eventsSearch": text, "commands": []})
        root = ElementTree.Element("response")
        holder = ElementTree.SubElement(root, "dict")
        ElementTree.SubElement(holder, "key", {"name": "eventsSearch"}).text = text
        return xml_response(root)


def moment(text: str | None, service: SearchService) -> float | None:
    """The `now` of a request: epoch seconds, ISO 8601, or a modifier of the current time. Raises SplError."""
    if not text:
        return None
    from sandbox.spl.events import iso_time as epoch_of

    try:
        return float(text)
    except ValueError:
        found = epoch_of(text)
        if found is None:
            raise SplError(f"now is no time: {text!r}; epoch seconds or ISO 8601 are expected.") from None
        return found


def sid_response(sid: str, output_mode: str, status: int = 201) -> Response:
    if output_mode == "json":
        return json_response({"sid": sid}, status)
    root = ElementTree.Element("response")
    ElementTree.SubElement(root, "sid").text = sid
    return xml_response(root, status)


def job_entry(job: Job) -> Entry:
    """A job with the properties that the manual lists, those that mean something here."""
    over = job.done.is_set()
    given = job.windows.given
    content: dict[str, Any] = {
        "sid": job.sid,
        "search": job.search,
        "label": job.label,
        "dispatchState": job.state,
        "doneProgress": "1.00000" if over else "0.00000",
        "isDone": over,
        "isFailed": job.failed,
        "isFinalized": False,
        "isPaused": False,
        "isPreviewEnabled": job.previews,
        "isRealTimeSearch": False,
        "isSaved": job.saved,
        "isSavedSearch": bool(job.name),
        "isZombie": False,
        "isTTLCanceled": False,
        "eventCount": len(job.events) or len(job.rows),
        "eventAvailableCount": len(job.events),
        "resultCount": len(job.rows),
        "resultPreviewCount": len(job.rows),
        "resultIsStreaming": bool(job.events),
        "scanCount": len(job.events) or len(job.rows),
        "runDuration": f"{job.run_seconds:.3f}",
        "dispatchTime": iso_time(job.created_at),
        "earliestTime": given["earliest"] or "",
        "latestTime": given["latest"] or "",
        "cursorTime": iso_time(job.now),
        "priority": job.priority,
        "ttl": int(job.ttl),
        "defaultTTL": int(DEFAULT_TTL_SECONDS),
        "delegate": "scheduler" if job.scheduled else "",
        "provenance": "scheduler" if job.scheduled else "",
        "keywords": "",
        "messages": {
            level.lower(): [sentence for kind, sentence in job.messages if kind == level] for level, _ in job.messages
        },
        "request": {"search": job.search, **{name: str(value) for name, value in given.items() if value is not None}},
        **job.custom,
    }
    return Entry(job.sid, content, owner=job.owner, app=job.app, sharing="global")


def _seconds(text: str | None, default: float | None) -> float:
    if text is None or text == "":
        if default is None:
            raise RestError(400, "A number is missing.", "FATAL")
        return default
    try:
        return float(text)
    except ValueError:
        raise RestError(400, f"'{text[:40]}' is no number.", "FATAL") from None
