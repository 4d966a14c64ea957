"""What the tests of deploy/ share: where things are, the tools, the rendered overlays, and the contract's methods."""

import functools
import os
import pathlib
import re
import subprocess

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
ROOT = DEPLOY.parent
KUBERNETES = DEPLOY / "kubernetes"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# .ci/go-tools puts them here; a person may have them elsewhere.
TOOLS = pathlib.Path(os.environ.get("DEPLOY_TOOLS", TARGET / "ci-tools" / "go"))
BINARY = pathlib.Path(os.environ.get("CAUSEWAY_BINARY", TARGET / "debug" / "causeway"))
# Made by deploy/check, and left to be looked at.
OUTPUT = TARGET / "deploy"


def run(*command, **options):
    """Runs a command to its end; its output is the error if it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@functools.cache
def rendered(overlay):
    """The file of an overlay's manifests."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    path = OUTPUT / f"{overlay}.yaml"
    path.write_text(run(TOOLS / "kustomize", "build", KUBERNETES / "overlays" / overlay))
    return path


@functools.cache
def manifests(overlay):
    return [document for document in yaml.safe_load_all(rendered(overlay).read_text()) if document]


def find(overlay, kind, name=None):
    """The manifests of a kind, or the one of a name."""
    found = [one for one in manifests(overlay) if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    if name is None:
        return found
    if len(found) != 1:
        raise AssertionError(f"{len(found)} {kind} `{name}` in the overlay {overlay}")
    return found[0]


def pods(overlay):
    """Each workload's name and the specification of its pods."""
    for one in manifests(overlay):
        name = one["metadata"]["name"]
        if one["kind"] in ("StatefulSet", "Deployment"):
            yield name, one["spec"]["template"]
        elif one["kind"] == "CronJob":
            yield name, one["spec"]["jobTemplate"]["spec"]["template"]


@functools.cache
def methods():
    """Every method of the contract, as `causeway.v1.Service/Method`, and whether it streams."""
    found = {}
    for path in sorted((ROOT / "proto" / "causeway" / "v1").glob("*.proto")):
        service = None
        for line in path.read_text().splitlines():
            if begun := re.match(r"service (\w+) \{", line):
                service = begun[1]
            if method := re.match(r"\s+rpc (\w+)\((stream )?\w+\) returns \((stream )?\w+\)", line):
                found[f"causeway.v1.{service}/{method[1]}"] = bool(method[2] or method[3])
    return found


@functools.cache
def rules():
    """The groups of the PrometheusRule."""
    path = KUBERNETES / "components" / "observability" / "prometheus-rule.yaml"
    return yaml.safe_load(path.read_text())["spec"]


def alerts():
    return [rule for group in rules()["groups"] for rule in group["rules"]]
