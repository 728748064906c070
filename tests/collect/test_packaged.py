"""The built package where hosts share the work or have little: members of a cluster, a forwarder without KV store."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

import pytest

from tests.packages import built_and_unpacked

spec = importlib.util.spec_from_file_location("cluster_double", Path(__file__).with_name("cluster_double.py"))
cluster_double = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cluster_double)

pytestmark = pytest.mark.once  # the package is the same on every Python, and test_app_package runs it on each


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return built_and_unpacked(tmp_path_factory.mktemp("package"))


@pytest.fixture
def hosts(package, slack, tmp_path, prod):
    """Makes hosts by number and role, all of one KV store."""
    store = cluster_double.SharedStore()
    doubles = []

    def make(number, *roles):
        doubles.append(cluster_double.MemberDouble(store, number, roles=roles))
        host = type(prod)(tmp_path / f"host{number}", slack, doubles[-1])
        host.app = package
        return host

    make.store = store
    yield make
    for double in doubles:
        double.close()
    store.rows.close()


@pytest.fixture
def many(slack, make_entry):
    now = int(time.time())
    slack.entries = [make_entry(i, now - 5 - i) for i in range(1_200)]
    return sorted(entry["id"] for entry in slack.entries)


def test_two_members_of_a_cluster(hosts, many):
    one, two = hosts(1, "search_head", "shc_captain"), hosts(2, "search_head", "shc_member")
    assert sorted(one.run().ids()) == many
    stands_by = two.run()
    assert stands_by.code == 0 and stands_by.ids() == [] and "outcome=stopped" in stands_by.stderr
    assert hosts.store.all("log") and not list(one.folder.glob("prod-*.json"))


@pytest.mark.parametrize("roles", [("heavyweight_forwarder",), ("heavyweight_forwarder", "kv_store"), ()])
def test_a_forwarder_needs_no_kv_store(roles, hosts, many):
    forwarder = hosts(1, *roles)
    hosts.store.fault = lambda method, path: 503
    first, second = forwarder.run(), forwarder.run()
    assert sorted(first.ids()) == many and second.ids() == [] and second.code == 0
    assert list(forwarder.folder.glob("prod-*.json")) and hosts.store.calls == []
