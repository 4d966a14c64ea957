"""Every name and every selector of a rendered overlay finds what it is for. `istioctl analyze` asks most of this of a cluster alone."""

import unittest

from deployed import OVERLAYS, find, manifests, pods

SUFFIX = ".causeway.svc.cluster.local"


def chosen(overlay, labels):
    """The workloads whose pods have these labels."""
    return {name for name, template in pods(overlay) if labels.items() <= template["metadata"]["labels"].items()}


def ports(template):
    """The named ports of a pod."""
    return {port["name"]: port["containerPort"] for container in template["spec"]["containers"] for port in container.get("ports", [])}


class References(unittest.TestCase):
    def each(self, check, *kinds):
        """Checks every manifest of some kinds; a fault names its overlay and its manifest."""
        for overlay in OVERLAYS:
            for one in manifests(overlay):
                if one["kind"] in kinds:
                    with self.subTest(overlay=overlay, kind=one["kind"], name=one["metadata"]["name"]):
                        check(overlay, one)

    def test_selectors_choose_a_workload(self):
        def check(overlay, one):
            spec = one["spec"]
            selector = spec.get("podSelector", spec.get("selector"))
            # Linkerd's policies have a target instead.
            if selector is not None:
                self.assertTrue(chosen(overlay, selector.get("matchLabels", selector)))

        self.each(check, "Service", "PodDisruptionBudget", "StatefulSet", "Deployment", "NetworkPolicy", "PeerAuthentication",
                  "AuthorizationPolicy", "Server")

    def test_a_service_chooses_one_workload_and_ports_that_it_has(self):
        def check(overlay, service):
            names = chosen(overlay, service["spec"]["selector"]) - {"causeway-backup"}
            if service["metadata"]["name"] != "causeway-metrics":
                self.assertEqual(names, {service["metadata"]["name"]})
            for name, template in pods(overlay):
                if name in names:
                    for port in service["spec"]["ports"]:
                        self.assertEqual(ports(template)[port["targetPort"]], port["port"])

        self.each(check, "Service")

    def test_what_the_budgets_keep_is_disjoint(self):
        for overlay in OVERLAYS:
            kept = [chosen(overlay, budget["spec"]["selector"]["matchLabels"]) for budget in find(overlay, "PodDisruptionBudget")]
            self.assertEqual(sorted(name for names in kept for name in names), sorted(set().union(*kept)), overlay)

    def test_servers_of_linkerd_are_ports_of_their_pods(self):
        def check(overlay, server):
            names = chosen(overlay, server["spec"]["podSelector"]["matchLabels"]) - {"causeway-backup"}
            for name, template in pods(overlay):
                if name in names:
                    self.assertIn(server["spec"]["port"], ports(template))

        self.each(check, "Server")

    def test_routes_of_linkerd_hang_on_what_is_there_and_lead_to_services(self):
        def check(overlay, route):
            there = {(one["kind"], one["metadata"]["name"]) for one in manifests(overlay)}
            for parent in route["spec"]["parentRefs"]:
                self.assertIn((parent["kind"], parent["name"]), there)
            for rule in route["spec"]["rules"]:
                for backend in rule.get("backendRefs", []):
                    self.assertIn(("Service", backend["name"]), there)

        self.each(check, "GRPCRoute")

    def test_routes_of_istio_lead_to_services(self):
        def check(overlay, one):
            services = {service["metadata"]["name"] for service in find(overlay, "Service")}
            hosts = [*one["spec"].get("hosts", []), *filter(None, [one["spec"].get("host")])]
            for route in one["spec"].get("http", []):
                hosts += [to["destination"]["host"] for to in route["route"]]
            for host in hosts:
                self.assertTrue(host.endswith(SUFFIX), host)
                self.assertIn(host.removesuffix(SUFFIX), services)

        self.each(check, "VirtualService", "DestinationRule")

    def test_the_monitor_finds_the_metrics(self):
        for overlay in OVERLAYS:
            monitor, service = find(overlay, "ServiceMonitor", "causeway"), find(overlay, "Service", "causeway-metrics")
            self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(), service["metadata"]["labels"].items())
            named = {port["name"] for port in service["spec"]["ports"]}
            self.assertLessEqual({endpoint["port"] for endpoint in monitor["spec"]["endpoints"]}, named)
            # What alerts and the dashboard call the job.
            self.assertEqual(service["metadata"]["labels"][monitor["spec"]["jobLabel"]], "causeway")

    def test_no_two_manifests_have_one_name(self):
        for overlay in OVERLAYS:
            names = [(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in manifests(overlay)]
            self.assertEqual(len(names), len(set(names)), overlay)

    def test_what_a_pod_refers_to_is_there(self):
        """Claims, accounts and configuration; Secrets are made elsewhere."""
        for overlay in OVERLAYS:
            there = {(one["kind"], one["metadata"]["name"]) for one in manifests(overlay)}
            for name, template in pods(overlay):
                pod = template["spec"]
                needed = {("ServiceAccount", pod["serviceAccountName"])}
                for volume in pod["volumes"]:
                    sources = volume.get("projected", {}).get("sources", [volume])
                    needed |= {("ConfigMap", source["configMap"]["name"]) for source in sources if "configMap" in source}
                    if "persistentVolumeClaim" in volume:
                        needed.add(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
                self.assertLessEqual(needed, there, f"{overlay}: {name}")


if __name__ == "__main__":
    unittest.main()
