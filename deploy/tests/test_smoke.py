"""Starts what the manifests say, with their flags, environment, settings, users and volumes, and uses it: writer, backup, readers, meshes."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from certificates import Authority
from deployed import BINARY, DEPLOY, KUBERNETES, ROOT, alerts, find, run
from pod import Network, Pod, alone, instruction
from promql import metrics

# Of Prometheus, of kube-state-metrics and of the kubelet.
FOREIGN = {
    "up",
    "kube_cronjob_status_last_successful_time",
    "kube_deployment_status_replicas_available",
    "kube_pod_container_resource_limits",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
}
# What Prometheus adds to each series.
OF_PROMETHEUS = {"job", "namespace", "pod", "le"}
# The example estate, and one of its questions.
ESTATE = ROOT / "service" / "tests" / "data" / "acme"
QUESTION = ["--from", "i-dd1b00d9b2ced4372", "--to", "93.184.215.14", "--port", "443"]
PORTAL = "spiffe://cluster.local/ns/portal/sa/web"
PLATFORM = "spiffe://cluster.local/ns/platform/sa/importer"


@unittest.skipUnless(os.geteuid() == 0, "NOT CHECKED: containers can be started by root alone")
class Smoke(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="causeway-deploy-"))
        # The pods' user has to reach their volumes.
        self.directory.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.network = Network()
        self.addCleanup(self.network.end)
        authority = Authority(self.directory / "authority")
        hosts = ["DNS:causeway.causeway.svc", "DNS:localhost"]
        backup = "spiffe://cluster.local/ns/causeway/sa/causeway-backup"
        secrets = {
            "causeway-tls": authority.secret("server", hosts),
            "causeway-backup-tls": authority.secret("backup", [f"URI:{backup}"]),
        }
        for name, uri in (("platform", PLATFORM), ("portal", PORTAL)):
            authority.secret(name, [f"URI:{uri}"])
        self.authority = authority
        self.given = {"secrets": secrets, "claims": self.directory / "claims"}

    def pod(self, overlay, kind, name, instance):
        workload = find(overlay, kind, name)["spec"]
        template = workload["jobTemplate"]["spec"]["template"] if kind == "CronJob" else workload["template"]
        pod = Pod(overlay, instance, template, (self.directory / instance, self.network, self.given))
        for claim in workload.get("volumeClaimTemplates", []):
            pod.claim(claim)
        self.addCleanup(pod.kill)
        return pod

    def causeway(self, who, *words, expect=0):
        """Runs a command of the client, as somebody; TLS if they have a certificate."""
        folder = self.authority.directory
        shown = ["--endpoint", "http://localhost:50151"]
        if who is not None:
            shown = ["--endpoint", "https://localhost:50151", "--ca", folder / "ca.crt",
                     "--certificate", folder / f"{who}.crt", "--key", folder / f"{who}.key"]
        command = self.network.within(BINARY, *words, *shown)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, expect, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def path(self):
        """What the portal is told about one way."""
        return json.loads(self.causeway("portal", "path", "--topology", "production", *QUESTION, "-o", "json"))

    def test_a_writer_its_backup_and_a_reader(self):
        writer = self.pod("readers", "StatefulSet", "causeway", "causeway-0")
        writer.serve()
        self.causeway("platform", "import", "aws", ESTATE, "--topology", "production")
        asked = self.path()
        self.assertEqual((asked["verdict"], asked["revision"]), ("REACHABLE", 1))
        self.assertIn("may not", self.causeway("portal", "topology", "delete", "production", "--yes", expect=1))
        self.metrics_are_those_that_are_watched()
        job = self.pod("readers", "CronJob", "causeway-backup", "causeway-backup-1")
        job.run(job.pod["containers"][0])
        writer.end()
        # What was acknowledged is there again.
        writer.serve()
        self.assertEqual(self.path(), asked)
        writer.end()
        reader = self.pod("readers", "Deployment", "causeway-readers", "causeway-readers-a")
        reader.serve()
        self.assertEqual(self.path(), asked)
        refused = self.causeway("platform", "topology", "create", "lost", expect=1)
        self.assertIn("may not", refused)
        reader.end()
        # Its containers may run again in the same pod, from the first.
        reader.serve()
        reader.end()

    def test_in_a_mesh_nobody_is_believed_without_a_sidecar(self):
        for overlay in ("istio", "linkerd"):
            with self.subTest(overlay):
                writer = self.pod(overlay, "StatefulSet", "causeway", f"causeway-{overlay}")
                writer.serve()
                refused = self.causeway(None, "topology", "list", expect=1)
                self.assertIn("answers only callers that it knows", refused)
                writer.end()

    def test_the_image_without_kubernetes(self):
        """As `docker run` starts it, which nobody else reaches, and as Compose does."""
        compose = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())["services"]["causeway"]
        seconds = int(compose["stop_grace_period"].removesuffix("s"))
        # Docker waits for ten seconds if it is not told.
        started = {
            "docker": (alone(json.loads(instruction("CMD")), {}, 10), "127.0.0.1"),
            "compose": (alone(compose["command"], compose["environment"], seconds), "0.0.0.0"),
        }
        for name, (template, address) in started.items():
            with self.subTest(name):
                pod = Pod("tls", name, template, (self.directory / name, self.network, self.given))
                self.addCleanup(pod.kill)
                pod.serve()
                checked = json.loads(instruction("CMD", 0))
                run(*self.network.within(BINARY, *checked[1:]))
                self.causeway(None, "topology", "create", "trial")
                pod.end()
                self.assertIn(f"listening on {address}:50151", pod.log.read_text())

    def test_the_policies_do_what_their_tests_say(self):
        folder = KUBERNETES / "base" / "policies"
        run(BINARY, "policy", "check", "--policies", folder, "--tests", folder / "tests.toml")

    def metrics_are_those_that_are_watched(self):
        """Alerts and the dashboard ask for nothing that the service does not tell, by no label that it does not have."""
        fetch = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9464/metrics').read().decode())"
        text = run(*self.network.within("python3", "-c", fetch))
        run("promtool", "check", "metrics", input=text)
        told = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                told.setdefault(line.partition("{")[0].partition(" ")[0], []).append(line)
        dashboard = json.loads((KUBERNETES / "components" / "observability" / "causeway.json").read_text())
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        asked += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
        asked += [rule["expr"] for rule in alerts()]
        shown = {name for expression in asked for name in metrics(expression)}
        families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told} - {"target_info"}
        self.assertLessEqual(families, {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown})
        for expression in asked:
            for name, labels in metrics(expression).items():
                if name in FOREIGN or name in ("namespace", "pod"):
                    continue
                self.assertIn(name, told, expression)
                for label, _value in labels:
                    known = any(f'{label}="' in line for line in told[name])
                    self.assertTrue(known or label in OF_PROMETHEUS or label == "error_type", f"{label}: {expression}")


if __name__ == "__main__":
    unittest.main()
