"""Starts one container of a rendered manifest: `container.py SPECIFICATION`, in namespaces of its own, as Kubernetes would.

The root has the binary of the image, the libraries that it is linked with and the files that a kubelet writes, and is read-only; volumes are mounted over it; the process is the
pod's user, with no capability and no way to get one. It is meant for test_smoke.py, and needs to be root.
"""

import ctypes
import errno
import json
import os
import pathlib
import subprocess
import sys

PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
LAST_CAPABILITY = 40


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


def place(root, inside):
    """Where a path of the container is before it is entered."""
    return root / inside.lstrip("/")


def bind(root, source, inside, is_read_only):
    target = place(root, inside)
    if pathlib.Path(source).is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount("--bind", source, target)
    if is_read_only:
        mount("-o", "remount,bind,ro", target)


def build(root, specification):
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "root", root)
    for source in specification["libraries"]:
        bind(root, os.path.realpath(source), source, True)
    bind(root, specification["binary"], specification["entrypoint"], True)
    for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
        bind(root, device, device, False)
    bind(root, "/proc", "/proc", True)
    for inside, text in specification["files"].items():
        place(root, inside).parent.mkdir(parents=True, exist_ok=True)
        place(root, inside).write_text(text)
    for volume in specification["mounts"]:
        bind(root, volume["source"], volume["mountPath"], volume["readOnly"])
    mount("-o", "remount,ro", root)


def prctl(option, argument):
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        if number != errno.EINVAL:
            raise OSError(number, os.strerror(number))


def enter(root, specification):
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(LAST_CAPABILITY + 1):
        prctl(PR_CAPBSET_DROP, capability)
    os.chroot(root)
    os.chdir(specification["workdir"])
    os.setgroups(specification["groups"])
    os.setgid(specification["gid"])
    os.setuid(specification["uid"])
    os.umask(0o022)


def check():
    """What the manifest promises of the container holds for this process."""
    try:
        os.close(os.open("/probe", os.O_CREAT | os.O_WRONLY))
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise
    else:
        sys.exit("the root can be written to")
    status = pathlib.Path("/proc/self/status").read_text().splitlines()
    held = {line.split(":")[0]: line.split()[1] for line in status if line.startswith(("Cap", "NoNewPrivs"))}
    if any(int(held[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")) or held["NoNewPrivs"] != "1":
        sys.exit(f"the process has more than it should: {held}")


def main():
    specification = json.loads(pathlib.Path(sys.argv[1]).read_text())
    root = pathlib.Path(specification["root"])
    build(root, specification)
    enter(root, specification)
    check()
    os.execve(specification["entrypoint"], [specification["entrypoint"], *specification["args"]], specification["env"])


main()
