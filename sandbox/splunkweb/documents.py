"""The HTML documents of the stand-in: what Splunk Web puts around a page, and the little scripts that it serves.

No script stands in a document: a page gets what the server knows as JSON, `window.$C` from /config.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

# Splunk Web has RequireJS on its pages. A script that registers itself there without a name breaks, as it does there.
_REQUIRE_JS = """\
window.define = function () {
    if (typeof arguments[0] !== 'string') throw new Error('Mismatched anonymous define() module');
};
window.define.amd = {};
"""

_CLOCK = """\
window.Date = new Proxy(Date, {
    construct: (real, given, wanted) =>
        Reflect.construct(real, given.length ? given : [real.now() - (BEHIND)], wanted === window.Date ? real : wanted),
    apply: (real) => new real(real.now() - (BEHIND)).toString(),
    get: (real, name) => (name === 'now' ? () => real.now() - (BEHIND) : Reflect.get(real, name)),
});
"""

_STYLE = """\
html, body { margin: 0; padding: 0; }
body[data-theme=dark] { background: #1a1c20; color: #f5f5f5; color-scheme: dark; }
body[data-theme=light] { background: #f2f4f5; color: #2c2c2d; }
.dashboard-body { padding: 20px; }
.dashboard-header h1 { font: 500 24px/1.3 'Splunk Platform Sans', 'Open Sans', Helvetica, Arial, sans-serif; margin: 0 0 16px; }
.dashboard-row { display: flex; gap: 10px; }
.dashboard-cell { flex: 1; min-width: 0; }
.dashboard-panel { padding: 0; }
"""  # noqa: E501 - a style sheet


def document(page: Mapping[str, Any], entry: str, assets: str, root: str, *, body: str = "", script: str = "") -> str:
    """A page: `entry` is the harness's script, `body` what the server writes itself, `script` the view's own."""
    # `</` would end the element that holds the JSON.
    told = json.dumps(page, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")
    title = html.escape(f"{page.get('title', '')} | {page.get('appLabel', '')}".strip(" |"))
    own = f'<script src="{html.escape(script)}" defer></script>' if script else ""
    return f"""<!DOCTYPE html>
<html lang="{html.escape(root.strip("/")[:2])}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/page.css">
{f'<link rel="stylesheet" href="{assets}/dashboard.css">' if entry == "dashboard" else ""}
<script type="application/json" id="page">{told}</script>
<script src="{root}/config?autoload=1"></script>
<script src="{assets}/clock.js"></script>
<script src="{assets}/require.js"></script>
<script type="module" src="{assets}/{entry}.js"></script>
</head>
<body data-theme="{html.escape(str(page.get("theme", "light")))}">
<div id="shell"></div>
{body}
{own}
</body>
</html>
"""


def small_files() -> dict[str, tuple[str, str]]:
    """Name -> type and text of what belongs to each page."""
    return {"require.js": ("text/javascript", _REQUIRE_JS), "page.css": ("text/css", _STYLE)}


def classic_body(label: str, panels: str) -> str:
    """The part of a classic dashboard that Splunk Web writes."""
    return (
        '<main class="dashboard-body" id="dashboard">'
        f'<div class="dashboard-header"><h1>{html.escape(label)}</h1></div>{panels}</main>'
    )


def config_script(settings: Mapping[str, Any]) -> str:
    """What /config answers: `window.$C`."""
    return f"window.$C = {json.dumps(settings)};\n"


def theme_script(theme: str) -> str:
    """build/api/get_theme.js as splunk-utils expects it."""
    return f"window.__get_theme__ = {{ getTheme: function () {{ return Promise.resolve({json.dumps(theme)}); }} }};\n"


def clock_script(seconds: float) -> str:
    """Let the pages live in the stand-in's time, when that is another than the machine's: `seconds` behind it."""
    return _CLOCK.replace("BEHIND", str(round(seconds * 1000)))


def message_page(heading: str, sentences: Sequence[str], theme: str) -> str:
    """A page that only says something, such as that there is no such view."""
    said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(heading)}</title>'
        f"<style>{_STYLE}</style></head>"
        f'<body data-theme="{theme}"><main class="dashboard-body"><h1>{html.escape(heading)}</h1>{said}</main></body>'
        "</html>"
    )
