"""What the tools of each format say: kubeconform, istioctl, promtool, hadolint, the Collector, the library of Compose."""

import json
import re
import shutil
import sys
import unittest
from pathlib import Path

import yaml

from deployed import DEPLOY, KUBERNETES, OUTPUT, OVERLAYS, TOOLS, rendered, rules, run


def python_tool(name):
    """A tool that came with a Python package."""
    beside = Path(sys.executable).parent / name
    return beside if beside.exists() else name


class Manifests(unittest.TestCase):
    def test_every_manifest_is_what_its_schema_says(self):
        schemas = str(KUBERNETES / "schemas" / "{{ .ResourceKind }}{{ .KindSuffix }}.json")
        for overlay in OVERLAYS:
            with self.subTest(overlay):
                run(TOOLS / "kubeconform", "-strict", "-schema-location", schemas, rendered(overlay))

    def test_istio_finds_nothing_to_say(self):
        for overlay in OVERLAYS:
            if not overlay.startswith("istio"):
                continue
            with self.subTest(overlay):
                # Without a cluster it looks at what each object says by itself; test_references.py looks at what they say of each other.
                run(TOOLS / "istioctl", "analyze", "--use-kube=false", "--failure-threshold", "Info", rendered(overlay))
                run(TOOLS / "istioctl", "validate", "-f", rendered(overlay))


class Telemetry(unittest.TestCase):
    def test_alerts_are_raised_by_what_they_are_for(self):
        folder = OUTPUT / "alerts"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "alerts.yaml").write_text(yaml.safe_dump(rules()))
        shutil.copy(DEPLOY / "observability" / "alerts.test.yaml", folder)
        run("promtool", "check", "rules", "--lint=all", "--lint-fatal", folder / "alerts.yaml")
        run("promtool", "test", "rules", folder / "alerts.test.yaml")

    def test_the_dashboard_asks_what_prometheus_can_read(self):
        path = KUBERNETES / "components" / "observability" / "causeway.json"
        dashboard = json.loads(path.read_text())
        known = {variable["name"] for variable in dashboard["templating"]["list"]} | {"__rate_interval"}
        records = []
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                self.assertLessEqual(set(re.findall(r"\$(\w+)", target["expr"])), known)
                expression = target["expr"].replace("$__rate_interval", "5m")
                records.append({"record": f"panel:{panel['id']}:{target['refId']}", "expr": expression})
        file = OUTPUT / "dashboard.yaml"
        OUTPUT.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
        run("promtool", "check", "rules", file)
        numbers = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(numbers), len(set(numbers)))

    def test_prometheus_reads_its_settings(self):
        run("promtool", "check", "config", "--lint-fatal", DEPLOY / "compose" / "prometheus.yml")

    def test_the_collector_reads_its_settings(self):
        run(TOOLS / "collector" / "otelcol", "validate", "--config", DEPLOY / "observability" / "collector.yaml")


class Containers(unittest.TestCase):
    def test_hadolint_finds_nothing_to_say(self):
        run(python_tool("hadolint"), "--failure-threshold", "style", DEPLOY / "image" / "Dockerfile")

    def test_compose_reads_its_file(self):
        folder = DEPLOY / "compose"
        model = yaml.safe_load(run(TOOLS / "compose-spec", "compose.yaml", cwd=folder))
        for name, service in model["services"].items():
            for volume in service.get("volumes", []):
                if volume["type"] == "bind":
                    self.assertTrue(Path(volume["source"]).is_file(), f"{name}: {volume['source']}")
            for port in service.get("ports", []):
                self.assertEqual(port["host_ip"], "127.0.0.1", name)


if __name__ == "__main__":
    unittest.main()
