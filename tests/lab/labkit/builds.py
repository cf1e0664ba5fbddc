# SPDX-License-Identifier: GPL-2.0
"""Modules and tools of another commit, built beside today's, for tests that compare or mix the two."""
import glob
import os
import shutil
import subprocess

from . import recipe
from .paths import BUILD, ROOT, LabError

BEFORE = "7646366"              # the last commit before operations, homes and ownership became engines


def base():
    """The commit that LAB_BASE (make lab BASE=…) names."""
    return os.environ.get("LAB_BASE") or BEFORE


def _git(*args):
    done = subprocess.run(["git", "-C", ROOT, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise LabError(f"git {args[0]} fails: {done.stderr.decode().strip()}: this test needs the history with the commit {base()}")
    return done.stdout


def plain_env():
    """The environment without what the make that runs this has put there."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key != "MFLAGS"}


def _suite():
    """The Debian suite whose kernel the hosts run instead of Debian 12's, as suite-kernel made it for the lab; None: another one."""
    folder, suite = os.path.split(recipe.own_kernel() or "")
    return suite if os.path.basename(folder) == "lab-kernel" else None


def _make_for_suite(source, out, release, log):
    """Modules by the suite's own compiler, beside today's in the suite's folder; tools by this machine's."""
    env = {**plain_env(), "SOURCE": source, "NAME": "-base"}
    with open(log, "w", encoding="utf-8") as f:
        for cmd in ([os.path.join(ROOT, "compat/build-all.sh"), _suite()], ["make", "-C", source, "tools", f"O={out}"]):
            done = subprocess.run(cmd, env=env, stdout=f, stderr=subprocess.STDOUT, check=False)
            if done.returncode:
                raise LabError(f"commit {base()} cannot be built: see {os.path.relpath(log)}")
    built_there = glob.glob(os.path.join(ROOT, ".cache/kernels", f"{_suite()}-*", "tmp/build-base/modules", release))
    if not built_there:
        raise LabError(f"commit {base()} has no modules for {release}: see {os.path.relpath(log)}")
    shutil.copytree(built_there[-1], os.path.join(out, "modules", release), dirs_exist_ok=True)


def _make(source, out, release, log):
    if _suite():
        _make_for_suite(source, out, release, log)
        return
    kernel = [f"KDIR={recipe.own_kernel()}"] if recipe.own_kernel() else [f"KVER={release}"]
    with open(log, "w", encoding="utf-8") as f:
        done = subprocess.run(["make", "-C", source, "all", "FLOOR=1", f"O={out}", *kernel], env=plain_env(), stdout=f,
                              stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise LabError(f"commit {base()} cannot be built: see {os.path.relpath(log)}")


def built():
    """
    Builds what base() names, unless that was done, and gives its folder within build/, for Host.use(). Runs on this
    machine, before the hosts boot.
    """
    commit = _git("rev-parse", "--verify", "--short=12", base() + "^{commit}").decode().strip()
    release = recipe.kernel_version()
    name = f"rolling/{commit}"
    out = os.path.join(BUILD, name)
    done = os.path.join(out, "done-" + release)
    if os.path.exists(done):
        return name
    print(f"building {base()} for {release} …", flush=True)
    source = os.path.join(out, "src")
    shutil.rmtree(source, ignore_errors=True)
    os.makedirs(source)
    subprocess.run(["tar", "-x", "-C", source], input=_git("archive", commit), check=True)
    _make(source, out, release, os.path.join(out, "log"))
    with open(done, "w", encoding="ascii"):
        pass
    return name
