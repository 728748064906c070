"""Text of others, made harmless: it stays readable and nothing takes it for more than text.

Names of people, apps, channels and files are whatever somebody typed. In a digest they meet mail programs that make
links of addresses, web pages, spreadsheets and Splunk's own tokens. Here they lose all of it: characters that are
not seen or that turn the direction of reading, the signs of markup, and the form of an address. Dots and colons of
addresses are put in brackets, as analysts write them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

#: Longer names are cut: nobody reads on, and a page must not be filled with one of them.
LONGEST_NAME = 80
LONGEST_SENTENCE = 600
CUT = "..."

#: < > & $ { } ` \ mean something to HTML, Splunk, our own placeholders, Markdown, Windows.
_SIGNS = str.maketrans(
    {"<": "‹", ">": "›", "&": "＆", "$": "＄", "{": "(", "}": ")", "`": "'", "\\": "⧵", "|": "¦", '"': "'"}
)
_EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"
EMAIL = re.compile(_EMAIL)
#: An address of mail, or a name of a host: labels with dots whose last one begins with a letter. Labels are \w, as
#: look-alike letters of other scripts make addresses too.
_ADDRESS = re.compile(rf"(?P<email>{_EMAIL})(?![\w@-])|(?<![\w-])(?P<host>(?:[\w-]+[.。]){{1,20}}[^\W\d_][\w-]*)")
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}):(?=[/⧵]{1,2}|\[)")
_SPEAKING_SCHEME = re.compile(
    r"(?i)\b(javascript|vbscript|data|mailto|tel|sms|file|blob|about|slack|ms-\w+|https?|ftp):(?=\S)"
)
_MARKDOWN_LINK = re.compile(r"\](?=[(\[])")
#: Marks over marks would cover the lines above.
_STACKED = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")
_FORMULA = re.compile(r"^[=+@-]")
#: Endings of files that are no top-level domain: `report.pdf` stays what it is.
_FILE_ENDINGS = frozenset(
    """7z bak bat bin bmp cfg cmd conf csv db dll dmg doc docm docx env exe gif gz heic htm html ini iso jar jpeg jpg
    js json key keynote kdbx log lnk mp3 mp4 msi numbers odt ods pages pcap pdf pem pfx pkg png ppt pptx ps1 psd rar rtf
    scr sql sqlite svg tar tgz tif tiff tsv txt vbs wav webp xls xlsb xlsm xlsx xml yaml yml""".split()
)


def inert(text: str, limit: int = LONGEST_NAME, people: Collection[str] = ()) -> str:
    """Return the text in one line, as nothing but text.

    Args:
        limit: the longest result, in characters.
        people: mail addresses of accounts, in small letters; they alone keep their form.
    """
    # Compatibility forms first: a full-width "<" or "．" would become the plain one wherever somebody normalises.
    plain = "".join(_visible(letter) for letter in unicodedata.normalize("NFKC", text[: 20 * limit]))
    plain = _STACKED.sub(r"\1", " ".join(plain.translate(_SIGNS).split()))
    plain = _SCHEME.sub(r"\1[:]", plain)
    plain = _SPEAKING_SCHEME.sub(r"\1[:]", plain)
    plain = _MARKDOWN_LINK.sub("] ", plain)
    plain = _ADDRESS.sub(lambda match: _defanged(match, people), plain)
    plain = _FORMULA.sub(lambda match: "'" + match.group(), plain)
    return plain if len(plain) <= limit else plain[: limit - len(CUT)].rstrip() + CUT


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    if category[0] == "C":  # format (direction, zero width, tags), surrogate, private, not assigned
        return ""
    # Filler letters that look like nothing.
    return "" if letter in "\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u034f" else letter


def _defanged(match: re.Match[str], people: Collection[str]) -> str:
    found = match.group()
    if match.group("email"):
        return found if found.lower() in people else found.replace(".", "[.]")
    labels = re.split("[.。]", found)
    last = labels[-1]
    # No top-level domain holds an underscore; Slack's actions do: pref.sso_setting_changed.
    if "_" in last or len(last) < 2 or (len(labels) == 2 and last.lower() in _FILE_ENDINGS):
        return found
    return "[.]".join(labels)
