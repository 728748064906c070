"""A small app with a modular input, for tests that want to watch a script being started."""

from __future__ import annotations

from pathlib import Path

SCRIPT = r"""
import json, os, sys, time, signal
import xml.etree.ElementTree as ET

if "--scheme" in sys.argv:
    print("<scheme><title>Fake</title><description>d</description><use_external_validation>true"
          "</use_external_validation><use_single_instance>false</use_single_instance><streaming_mode>xml"
          "</streaming_mode><endpoint><args><arg name='mode'><title>m</title><data_type>string</data_type>"
          "<required_on_create>true</required_on_create></arg></args></endpoint></scheme>")
    sys.exit(0)
root = ET.fromstring(sys.stdin.buffer.read())
if "--validate-arguments" in sys.argv:
    mode = root.find("item/param[@name='mode']").text
    if mode == "bad":
        print("<error><message>mode is 'bad'; allowed are: good</message></error>")
        sys.exit(1)
    sys.exit(0)
stanza = root.find("configuration/stanza")
params = {p.get("name"): p.text for p in stanza.iterfind("param")}
mode = params["mode"]
seen = {"stanza": stanza.get("name"), "app": stanza.get("app"), "params": params,
        "key": root.findtext("session_key"), "uri": root.findtext("server_uri"),
        "host": root.findtext("server_host"), "checkpoints": root.findtext("checkpoint_dir"),
        "splunk_home": os.environ["SPLUNK_HOME"], "sid": os.getsid(0) == os.getpid(),
        "environment": sorted(os.environ)}
out = sys.stdout
out.write("<stream>")
def event(text):
    out.write("<event><time>100</time><data>%s</data></event>" 
              % text.replace("&", "&amp;").replace("<", "&lt;"))
    out.flush()
if mode == "tell":
    event(json.dumps(seen))
    print("WARN something small", file=sys.stderr)
    print("Traceback: no level", file=sys.stderr)
    print("INFO fine", file=sys.stderr)
elif mode == "hang":
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    event("before")
    while not asked: time.sleep(0.05)
    event("asked to stop")
    sys.exit(0)
elif mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        event("child %d" % os.getpid())
    while True: time.sleep(0.05)
elif mode == "garbled":
    event("good")
    out.write("print goes wrong & badly")
    event("never believed")
elif mode == "partial":
    event("whole")
    out.write("<event><data>ha"); out.flush()
    os.kill(os.getpid(), signal.SIGKILL)
elif mode == "fail":
    print("FATAL no way", file=sys.stderr)
    sys.exit(3)
elif mode == "count":
    event("run")
out.write("</stream>")
"""


def build(folder: Path, **prod: str) -> Path:
    """Write the app; `prod` are settings of its stanza `[slack_audit://prod]` in default/inputs.conf."""
    (folder / "bin").mkdir(parents=True)
    (folder / "default").mkdir()
    (folder / "bin" / "slack_audit.py").write_text(SCRIPT, encoding="utf-8")
    lines = [
        "[default]",
        "host = everyone",
        "[slack_audit]",
        "interval = 60",
        "index = slack_audit",
        "sourcetype = slack:audit",
        "disabled = 1",
        "",
        "[slack_audit://prod]",
    ]
    lines += [f"{name} = {value}" for name, value in prod.items()]
    (folder / "default" / "inputs.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "default" / "collections.conf").write_text("[declared]\nfield.a = string\n", encoding="utf-8")
    return folder
