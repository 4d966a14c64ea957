"""What no schema says: the contract's methods in the meshes, the promises of the workloads, names that have to agree."""

import re
import tomllib
import unittest

from deployed import DEPLOY, KUBERNETES, OVERLAYS, ROOT, alerts, find, manifests, methods, pods

WRITES = {"ApplyChanges", "ImportResources", "RollbackTopology", "SetRevisionLabel", "DeleteRevisionLabel",
          "CreateTopology", "DeleteTopology"}
MESHES = [overlay for overlay in OVERLAYS if overlay.startswith(("istio", "linkerd"))]
UNARY = {method for method, streams in methods().items() if not streams}
READS = {method for method in methods() if method.partition("/")[2] not in WRITES | {"ExportTopologies"}}


def of_istio(overlay, names):
    """The methods of the contract that these AuthorizationPolicies of Istio name."""
    found = []
    for name in names:
        for rule in find(overlay, "AuthorizationPolicy", name)["spec"]["rules"]:
            for to in rule["to"]:
                found += [path[1:] for path in to["operation"]["paths"] if path.startswith("/causeway.")]
    return found


def of_linkerd(overlay, parent):
    """The methods of the contract that the routes of a Server or a Service name."""
    found = []
    for route in find(overlay, "GRPCRoute"):
        if route["spec"]["parentRefs"][0]["name"] != parent["name"] or route["spec"]["parentRefs"][0]["kind"] != parent["kind"]:
            continue
        for rule in route["spec"]["rules"]:
            for match in rule.get("matches", []):
                if match["method"]["service"].startswith("causeway."):
                    found.append(f"{match['method']['service']}/{match['method']['method']}")
    return found


class Meshes(unittest.TestCase):
    def same(self, found, expected):
        self.assertEqual(sorted(found), sorted(set(found)), "a method is named twice")
        self.assertEqual(set(found), set(expected))

    def test_istio_decides_on_every_method_of_the_contract(self):
        self.same(of_istio("istio", ["causeway-reads", "causeway-writes", "causeway-administration"]), methods())
        self.same(of_istio("istio", ["causeway-reads"]), READS)

    def test_linkerd_decides_on_every_method_of_the_contract(self):
        server = {"kind": "Server", "name": "causeway-grpc"}
        self.same(of_linkerd("linkerd", server), methods())
        server = {"kind": "Server", "name": "causeway-readers-grpc"}
        self.same(of_linkerd("linkerd-readers", server), READS)

    def test_every_route_of_linkerd_has_somebody_who_may_take_it(self):
        for overlay in ("linkerd", "linkerd-readers"):
            targets = {one["spec"]["targetRef"]["name"] for one in find(overlay, "AuthorizationPolicy")}
            known = {one["metadata"]["name"] for one in find(overlay, "MeshTLSAuthentication")}
            inbound = {one["metadata"]["name"] for one in find(overlay, "GRPCRoute") if one["spec"]["parentRefs"][0]["kind"] == "Server"}
            self.assertEqual(targets, inbound)
            for one in find(overlay, "AuthorizationPolicy"):
                self.assertLessEqual({ref["name"] for ref in one["spec"]["requiredAuthenticationRefs"]}, known)

    def test_calls_with_one_answer_are_repeated_and_streams_are_not(self):
        for overlay, name, expected in (
            ("istio", "causeway", UNARY),
            ("istio-readers", "causeway-readers", UNARY & READS),
        ):
            calls, streams = find(overlay, "VirtualService", name)["spec"]["http"]
            self.same([match["uri"]["exact"][1:] for match in calls["match"]], expected)
            self.assertNotIn("cancelled", calls["retries"]["retryOn"])
            self.assertNotIn("resource-exhausted", calls["retries"]["retryOn"])
            self.assertEqual(streams["retries"]["attempts"], 0)
            self.assertNotIn("timeout", streams)
        for overlay, name, expected in (
            ("linkerd", "causeway", UNARY),
            ("linkerd-readers", "causeway-readers", UNARY & READS),
        ):
            self.same(of_linkerd(overlay, {"kind": "Service", "name": name}), expected)
            annotations = find(overlay, "GRPCRoute", f"{name}-streams")["metadata"].get("annotations", {})
            self.assertFalse(annotations)

    def test_a_topology_goes_by_the_header_that_the_client_sends(self):
        client = (ROOT / "client-sdk" / "rust" / "src" / "call.rs").read_text()
        header = re.search(r'TOPOLOGY_HEADER: &str = "([^"]+)"', client)[1]
        for rule in find("istio-readers", "DestinationRule"):
            hashed = rule["spec"]["trafficPolicy"]["loadBalancer"]["consistentHash"]
            self.assertEqual(hashed["httpHeaderName"], header)

    def test_a_sidecar_is_believed_in_its_own_mesh_alone(self):
        for overlay in OVERLAYS:
            for name, template in pods(overlay):
                if name == "causeway-backup":
                    continue
                env = {one["name"]: one.get("value") for one in template["spec"]["containers"][0]["env"]}
                mesh = overlay.partition("-")[0] if overlay in MESHES else None
                self.assertEqual(env.get("CAUSEWAY_SIDECAR"), mesh, f"{overlay}: {name}")
                self.assertEqual("CAUSEWAY_TLS_CLIENT_CA" in env, mesh is None, f"{overlay}: {name}")


class Workloads(unittest.TestCase):
    def test_there_is_one_writer_and_nothing_that_makes_more(self):
        for overlay in OVERLAYS:
            self.assertEqual(find(overlay, "StatefulSet", "causeway")["spec"]["replicas"], 1)
            self.assertFalse(find(overlay, "HorizontalPodAutoscaler"))

    def test_containers_can_do_nothing_but_their_work(self):
        for overlay in OVERLAYS:
            for name, template in pods(overlay):
                pod = template["spec"]
                self.assertIs(pod["automountServiceAccountToken"], False, name)
                self.assertIs(pod["securityContext"]["runAsNonRoot"], True, name)
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"}, name)
                for container in pod.get("initContainers", []) + pod["containers"]:
                    context = container["securityContext"]
                    self.assertIs(context["readOnlyRootFilesystem"], True, name)
                    self.assertIs(context["allowPrivilegeEscalation"], False, name)
                    self.assertEqual(context["capabilities"], {"drop": ["ALL"]}, name)
                    self.assertIn("memory", container["resources"]["limits"], name)
                    self.assertNotIn("command", container, "the entry point is the image's")

    def test_a_reader_is_served_as_the_writer_is(self):
        for overlay in OVERLAYS:
            readers = [template for name, template in pods(overlay) if name == "causeway-readers"]
            for reader in readers:
                writer = find(overlay, "StatefulSet", "causeway")["spec"]["template"]
                self.assertEqual(reader["spec"]["containers"], writer["spec"]["containers"])
                for field in ("securityContext", "serviceAccountName", "terminationGracePeriodSeconds"):
                    self.assertEqual(reader["spec"][field], writer["spec"][field])

    def test_there_is_time_to_end(self):
        settings = tomllib.loads((KUBERNETES / "base" / "config" / "causeway.toml").read_text())
        needed = settings["shutdown"]["drain_seconds"] + settings["shutdown"]["grace_seconds"] + 5
        pod = find("tls", "StatefulSet", "causeway")["spec"]["template"]["spec"]
        self.assertGreater(pod["terminationGracePeriodSeconds"], needed)
        cpus = int(pod["containers"][0]["resources"]["requests"]["cpu"])
        self.assertEqual(settings["limits"]["compute_threads"], cpus)

    def test_every_namespaced_manifest_is_in_the_namespace(self):
        for overlay in OVERLAYS:
            for one in manifests(overlay):
                if one["kind"] != "Namespace":
                    self.assertEqual(one["metadata"].get("namespace"), "causeway", f"{overlay}: {one['kind']} {one['metadata']['name']}")


class Names(unittest.TestCase):
    def test_the_version_is_that_of_the_workspace(self):
        workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())
        version = workspace["workspace"]["package"]["version"]
        for overlay in OVERLAYS:
            for name, template in pods(overlay):
                for container in template["spec"].get("initContainers", []) + template["spec"]["containers"]:
                    self.assertTrue(container["image"].endswith(f":{version}"), f"{overlay}: {name}: {container['image']}")

    def test_the_image_runs_as_the_user_of_the_pods(self):
        dockerfile = (DEPLOY / "image" / "Dockerfile").read_text()
        user, group = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE).groups()
        for overlay in OVERLAYS:
            for name, template in pods(overlay):
                context = template["spec"]["securityContext"]
                self.assertEqual((context["runAsUser"], context["runAsGroup"]), (int(user), int(group)), name)

    def test_the_image_is_built_from_all_that_the_build_reads(self):
        ignored = (DEPLOY / "image" / "Dockerfile.dockerignore").read_text().splitlines()
        sent = [ROOT / line[1:] for line in ignored if line.startswith("!")]
        workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())
        read = [ROOT / "Cargo.toml", ROOT / "Cargo.lock", DEPLOY / "image" / "causeway.toml"]
        for member in workspace["workspace"]["members"]:
            read.append(ROOT / member)
            for source in (ROOT / member / "src").rglob("*.rs"):
                included = re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', source.read_text())
                read += [(source.parent / path).resolve() for path in included]
        for path in read:
            self.assertTrue(any(path.is_relative_to(one) for one in sent), path)

    def test_every_alert_has_its_lines_in_the_runbook(self):
        runbook = (ROOT / "docs" / "runbook.md").read_text()
        headings = re.findall(r"^## (\w+)$", runbook, re.MULTILINE)
        self.assertEqual(headings, [rule["alert"] for rule in alerts()])
        for rule in alerts():
            self.assertEqual(rule["annotations"]["runbook"], f"docs/runbook.md#{rule['alert'].lower()}")
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))

    def test_every_alert_has_a_test_that_raises_it(self):
        tests = (DEPLOY / "observability" / "alerts.test.yaml").read_text()
        for rule in alerts():
            self.assertRegex(tests, rf"alertname: {rule['alert']}\n +eval_time: \w+\n +exp_alerts:")

    def test_settings_that_the_runbook_names_are_settings(self):
        settings = (DEPLOY / "causeway.toml").read_text()
        runbook = (ROOT / "docs" / "runbook.md").read_text()
        sections = "admission|cache|limits|retention"
        for section, name in re.findall(rf"`(?:({sections})\.)(\w+)`", runbook):
            body = settings.split(f"[{section}]")[1].split("\n[")[0]
            self.assertRegex(body, rf"(?m)^(# )?{name} = ")


if __name__ == "__main__":
    unittest.main()
