"""Pods of rendered manifests, as processes: volumes as a kubelet lays them out, a network of their own, probes."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from deployed import BINARY, DEPLOY, find

HERE = pathlib.Path(__file__).resolve().parent
UP = "import fcntl,socket,struct,time; s=socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sh14x', b'lo', 0x1)); print('up', flush=True); time.sleep(600)"


def instruction(name, number=-1):
    """What an instruction of the image's last stage says: the last of its name. The first CMD is that of HEALTHCHECK."""
    stage = (DEPLOY / "image" / "Dockerfile").read_text().split("\nFROM ")[-1]
    return re.findall(rf"^ *{name} (.*)$", stage, re.MULTILINE)[number]


def image():
    """What the image brings to each of its containers."""
    return {"entrypoint": json.loads(instruction("ENTRYPOINT"))[0], "workdir": instruction("WORKDIR")}


def alone(args, env, seconds):
    """What a machine without Kubernetes starts, as the template of a pod: the image with arguments, an environment, and the volume that it asks for."""
    user, group = map(int, instruction("USER").split(":"))
    probe = {"grpc": {"port": 50152}}
    container = {
        "name": "causeway",
        "args": args,
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "volumeMounts": [{"name": "volume", "mountPath": instruction("VOLUME")}],
        "livenessProbe": probe,
        "readinessProbe": probe,
    }
    return {
        "spec": {
            "securityContext": {"runAsUser": user, "runAsGroup": group, "fsGroup": group},
            "volumes": [{"name": "volume", "emptyDir": {}}],
            "containers": [container],
            "terminationGracePeriodSeconds": seconds,
        }
    }


def libraries():
    """Files that the binary is linked with, and what loads them."""
    listed = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+)", listed)


class Network:
    """A network with nothing in it but loopback, for as long as the test lasts."""

    def __init__(self):
        command = ["unshare", "--net", sys.executable, "-c", UP]
        self.holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "up\n":
            raise AssertionError("there is no network to start pods in")

    def within(self, *command):
        return ["nsenter", "--target", str(self.holder.pid), "--net", *map(str, command)]

    def end(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class Pod:
    """The pod of a template, its volumes in a directory. `given` has what the cluster would have: Secrets, and claims by their names."""

    def __init__(self, overlay, name, template, place):
        self.overlay, self.name, self.pod = overlay, name, template["spec"]
        self.directory, self.network, self.given = place
        self.directory.mkdir(parents=True)
        self.volumes = {volume["name"]: self.volume(volume) for volume in self.pod["volumes"]}
        self.process = None

    def volume(self, volume):
        """A volume's directory."""
        path = self.directory / "volumes" / volume["name"]
        group = self.pod["securityContext"]["fsGroup"]
        if "persistentVolumeClaim" in volume:
            path = self.given["claims"] / volume["persistentVolumeClaim"]["claimName"]
        if "persistentVolumeClaim" in volume or "emptyDir" in volume:
            return empty(path, group)
        if "secret" in volume:
            files = self.given["secrets"][volume["secret"]["secretName"]]
            return projected(path, files, volume["secret"].get("defaultMode", 0o644), group)
        files = {}
        for source in volume.get("projected", {}).get("sources", [volume]):
            files |= find(self.overlay, "ConfigMap", source["configMap"]["name"])["data"]
        return projected(path, files, 0o644, group)

    def claim(self, template):
        """The volume of a claim that a StatefulSet has for each of its pods."""
        name = template["metadata"]["name"]
        path = self.given["claims"] / f"{name}-{self.name}"
        self.volumes[name] = empty(path, self.pod["securityContext"]["fsGroup"])

    def start(self, container):
        """Starts a container; its log goes to a file."""
        context, built = self.pod["securityContext"], image()
        folder = self.directory / container["name"]
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "root").mkdir(parents=True)
        specification = {
            **built,
            "binary": str(BINARY),
            "libraries": libraries(),
            "root": str(folder / "root"),
            "args": container["args"],
            "env": self.environment(container),
            "uid": context["runAsUser"],
            "gid": context["runAsGroup"],
            "groups": [context["fsGroup"]],
            "files": {
                # The names of services are addresses of this network.
                "/etc/hosts": "127.0.0.1 localhost causeway.causeway.svc\n",
                "/etc/causeway/config/causeway.toml": (DEPLOY / "image" / "causeway.toml").read_text(),
                built["workdir"] + "/.image": "",
            },
            "mounts": [
                {"source": str(self.volumes[one["name"]]), "mountPath": one["mountPath"], "readOnly": one.get("readOnly", False)}
                for one in container["volumeMounts"]
            ],
        }
        file = folder / "container.json"
        file.write_text(json.dumps(specification))
        self.log = folder / "log"
        command = self.network.within("unshare", "--mount", sys.executable, HERE / "container.py", file)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def environment(self, container):
        """As the manifest says, with references to what stands before them."""
        fields = {"metadata.name": self.name}
        known = {}
        for one in container.get("env", []):
            value = one["value"] if "value" in one else fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
            known[one["name"]] = re.sub(r"\$\((\w+)\)", lambda found: known[found[1]], value)
        return known

    def run(self, container):
        """Runs a container to its end, which has to be a good one."""
        self.start(container)
        code = self.process.wait(timeout=120)
        if code != 0:
            raise AssertionError(f"{self.name}: {container['name']}: exit code {code}\n{self.log.read_text()}")

    def serve(self):
        """Runs the containers that come first, and starts the one that serves; it has to get ready within its probes."""
        for container in self.pod.get("initContainers", []):
            self.run(container)
        container = self.pod["containers"][0]
        self.start(container)
        until = time.monotonic() + 120
        while not self.answers(container["livenessProbe"]) or not self.answers(container["readinessProbe"]):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"{self.name} does not get ready\n{self.log.read_text()}")
            time.sleep(0.05)

    def answers(self, probe):
        """What a kubelet asks."""
        asked = [self.network, probe["grpc"]["port"], probe["grpc"].get("service", "")]
        return health(*asked)

    def end(self):
        """Ends it as a kubelet does, within its time; it has to end well."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=self.pod["terminationGracePeriodSeconds"])
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        if code != 0:
            raise AssertionError(f"{self.name}: exit code {code} after SIGTERM\n{self.log.read_text()}")

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def health(network, port, service):
    command = network.within(BINARY, "health", "--endpoint", f"http://127.0.0.1:{port}", "--service", service)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def empty(path, group):
    """A directory as a volume is given to a pod of the group."""
    if not path.exists():
        path.mkdir(parents=True)
        os.chown(path, 0, group)
        path.chmod(0o2775)
    return path


def projected(path, files, mode, group):
    """Files as a kubelet writes those of a ConfigMap or a Secret: behind links, so that all of them change at once."""
    data = path / "..2026_01_01"
    data.mkdir(parents=True)
    (path / "..data").symlink_to(data.name)
    for name, text in files.items():
        (data / name).write_text(text)
        os.chown(data / name, 0, group)
        (data / name).chmod(mode)
        (path / name).symlink_to(f"..data/{name}")
    return path
