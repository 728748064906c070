"""Breaks each promise of the collector on purpose and looks whether a test notices: `python -m bench.break_promises`.

Works on a copy of the tree; the tests that must fail are those that docs/promises.md names for the promise. Prints a
line for each; the exit code is 1 if a broken promise went unnoticed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("bin", "README", "default", "lookups", "sandbox", "tests", "bench", "pyproject.toml", "lib")
PACKAGE = "bin/slack_audit_monitor/"


@dataclass(frozen=True)
class Break:
    """One fault put into the code: `old` becomes `new` in `file`, and one of `tests` (pytest's -k) must fail."""

    promise: int
    what: str
    file: str
    old: str
    new: str
    tests: str


BREAKS = (
    Break(1, "the position moves with each batch", "collect.py", "        self._checkpoint.state.window = window\n",
          "        self._checkpoint.state.window = window\n        self._checkpoint.state.position = window.latest\n"
          "        self._checkpoint.save()\n", "position_only_moves"),
    Break(1, "a page with a cursor drops `oldest`", "client.py", '            "oldest": str(query.oldest),\n',
          '            **({} if query.cursor else {"oldest": str(query.oldest)}),\n', "repeats_all_parameters"),
    Break(1, "`latest` lies in the future", "windows.py", "MARGIN_SECONDS = 1\n", "MARGIN_SECONDS = -5\n",
          "test_manners or while_paging"),
    Break(1, "an unfinished window counts as read", "collect.py", "if page.next_cursor is None or", "if True or",
          "first_run_brings or every_form"),
    Break(2, "no look back", "windows.py", "if upto - looked_at >= late_check_seconds:", "if False:", "late_up_to"),
    Break(2, "no overlap", "windows.py", "    ordinary = max(position + 1 - overlap_seconds, look_back_from)\n",
          "    ordinary = position + 1\n", "late_within or at_the_edge"),
    Break(2, "repeats are not recognised", "seen.py", "        if key in bucket:\n            return False\n",
          "", "first_run_brings"),
    Break(2, "what was sent is never forgotten", "seen.py", "        if second < self.horizon:\n",
          "        if False:\n", "memory_of_repeats"),
    Break(3, "recorded before it is written", "collect.py",
          "            self._writer.flush()\n        window = replace(window, reached=reached)\n"
          "        self._checkpoint.state.window = window\n        self._checkpoint.batch_sent(window, batch)\n",
          "            pass\n        window = replace(window, reached=reached)\n"
          "        self._checkpoint.state.window = window\n        self._checkpoint.batch_sent(window, batch)\n"
          "        if batch:\n            self._writer.flush()\n", "a_kill_repeats"),
    Break(3, "batches are ten times as large", "collect.py", "BATCH_ENTRIES = 500\n", "BATCH_ENTRIES = 5_000\n",
          "a_kill_repeats"),
    Break(3, "a power cut takes what was recorded", "checkpoint_files.py", "            os.fsync(self._journal)\n",
          "            pass\n", "power_cut"),
    Break(3, "the mark moves below an unreadable second before that is noted", "unreadable.py",
          "            self._checkpoint.save()  # before the mark moves below it", "            # not saved",
          "found_and_noted"),
    Break(2, "what is out of an unreadable second is forgotten", "seen.py", "        self._held.add(second)\n",
          "        pass\n", "second_of_many or read_since_then"),
    Break(2, "a slow answer moves the beginning of the first walk", "collect.py",
          "        if is_first and (state.position is not None", "        if False and (state.position is not None",
          "answer_that_took_long"),
    Break(4, "a repeated cursor is followed", "collect.py",
          "usable = page.next_cursor is None or page.next_cursor not in trail", "usable = True", "repeat_themselves"),
    Break(4, "a refused cursor ends the run", "collect.py", "            except CursorRefused as problem:\n",
          "            except ZeroDivisionError as problem:\n", "refused_cursor"),
    Break(4, "a poisoned checkpoint ends the run", "checkpoint_files.py",
          "            except (ValueError, RecursionError) as problem:\n",
          "            except ZeroDivisionError as problem:\n", "damaged_checkpoint"),
    Break(4, "one bad place ends every run", "detour.py", "        if self._taken >= MOST_DETOURS:\n",
          "        if True:\n", "all_but_the_bad"),
    Break(5, "the budget starts anew with each run", "caller.py",
          "Budget(settings.calls_per_minute, checkpoint.calls, checkpoint.not_before)",
          "Budget(settings.calls_per_minute)", "kept_across_runs"),
    Break(5, "Retry-After is not kept", "retry.py",
          "        self.not_before = max(self.not_before, now + wait)\n", "", "every_third_call or not_ours"),
    Break(5, "a Retry-After that is a date is not read", "client.py",
          "return max(0.0, parsedate_to_datetime(header).timestamp() - clock.slack_now())", "return None", "a_date"),
    Break(6, "no end of patience with a silent server", "client.py",
          "min(settings.read_timeout_seconds, settings.answer_timeout_seconds)", "None", "silent_server"),
    Break(6, "no word in the message bar", "modinput.py", "        run.notice.show(str(problem))\n", "",
          "refusal_ends_the_run"),
    Break(6, "a refusal is tried again and again", "refusals.py", "    if code in MEANINGS:\n",
          "    if code in MEANINGS:\n        return SlackUnavailable(code)\n", "6_refusals"),
    Break(7, "events are written anew from what was parsed", "entries.py",
          '    data = text.encode("utf-8", "surrogatepass")\n',
          '    data = __import__("json").dumps(__import__("json").loads(text)).encode()\n', "arrives_as_sent"),
    Break(7, "odd entries are dropped", "collect.py", "            writer.add(entry)\n",
          "            if entry.problem:\n                continue\n            writer.add(entry)\n",
          "unreadable_entry or odd_types"),
    Break(7, "odd shapes are not counted", "summary.py", "            self.odd_shapes[entry.problem] += 1\n",
          "            pass\n", "counted_by_name"),
    Break(8, "no lock on the host", "files.py", "            file.close()\n            return False\n",
          "            pass\n", "two_at_once"),
    Break(8, "the lease asks nobody", "lease.py", "if beat is not None and not self._may_follow(beat):", "if False:",
          "members_started_at_once or stand_by"),
    Break(9, "the new pair is used but not stored", "rotation.py", "        self._store_surely(new.stored_text())\n",
          "", "test_rotation and week or stored_before_use"),
    Break(9, "a renewal overwrites the admin's new pair", "pair_store.py",
          "        self._splunkd.store_secret(self._token_name + RENEWED_SUFFIX, pair)\n",
          "        self._splunkd.store_secret(self._token_name + RENEWED_SUFFIX, pair)\n"
          "        self._splunkd.store_secret(self._token_name, pair)\n", "test_token_replaced and old_one_is_renewed"),
    Break(9, "what an admin removed comes back", "pair_store.py",
          'if origin_of(self._splunkd.secrets().get(self._token_name, "")) != self._origin:', "if False:",
          "does_not_come_back"),
    Break(9, "the refresh token is used without a note", "rotation.py",
          "        self._note(replace(old, renewal_began_at=self._clock.now()))\n", "",
          "cannot_be_stored or leaves_two_hours"),
    Break(9, "known secrets are not hidden", "log.py",
          "    for secret in _known_secrets:\n", "    for secret in ():\n", "repeats_the_apps_secret"),
    Break(9, "the token follows a redirection", "client.py", "allow_redirects=False", "allow_redirects=True",
          "redirection"),
    Break(9, "a netrc replaces the token", "client.py", "self._session.trust_env = False",
          "self._session.trust_env = True", "netrc"),
    Break(10, "--scheme loads what only a run needs", "settings.py", "import re\n", "import re\nimport requests\n",
          "scheme_is_quick"),
    Break(10, "a backlog in small windows", "windows.py", "TARGET_ENTRIES = 500_000\n", "TARGET_ENTRIES = 5_000\n",
          "backlog_of_100000"),
    Break(11, "unknown actions are not named", "summary.py",
          '            "unknown_action_names": _names(self.unknown_actions),\n', "", "odd_types"),
    Break(11, "the summary has no position", "run.py", '            found["position"] = iso(position)\n', "",
          "own_log_has"),
    Break(11, "the summary never lags", "run.py", "max(0, round(self._clock.slack_now() - position))", "0",
          "how_far_behind"),
)  # fmt: skip


def main() -> int:
    """Break, test, mend, one after the other; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.break_promises", description=__doc__.splitlines()[0])
    parser.add_argument("--promise", type=int, action="append", help="only these (default: all)")
    chosen = parser.parse_args()
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="promises-") as folder:
        tree = Path(folder) / "app"
        tree.mkdir()
        for name in COPIED:
            _copy(ROOT / name, tree / name)
        for item in BREAKS:
            if chosen.promise and item.promise not in chosen.promise:
                continue
            started = time.monotonic()
            said = _try(tree, item)
            unnoticed += said != "noticed"
            line = f"{item.promise:>2}  {item.what:<52} {said} ({time.monotonic() - started:.0f} s)"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return 1 if unnoticed else 0


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.exists():
        shutil.copy2(source, target)


def _try(tree: Path, item: Break) -> str:
    path = tree / PACKAGE / item.file
    good = path.read_text(encoding="utf-8")
    if good.count(item.old) != 1:
        return f"CANNOT BE BROKEN: the text to change stands {good.count(item.old)} times in {item.file}"
    path.write_text(good.replace(item.old, item.new), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "tests/unit", "tests/collect"]
        done = subprocess.run(  # noqa: S603 - our own tests
            [*command, "-k", item.tests], cwd=tree, capture_output=True, text=True, timeout=300, check=False
        )
    except subprocess.TimeoutExpired:
        return "noticed"  # a run that never ends is a failure, too
    finally:
        path.write_text(good, encoding="utf-8")
    if done.returncode == 1:
        return "noticed"
    return "NOT NOTICED" if done.returncode == 0 else f"NO TEST RAN: {done.stdout[-200:]}"


if __name__ == "__main__":
    sys.exit(main())
