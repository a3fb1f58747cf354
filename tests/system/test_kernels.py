# SPDX-License-Identifier: GPL-2.0-only
"""Another kernel than the release's: the newest of Debian's backports."""
import subprocess

import image
from suite import Skip


def run(suite):
    kernel = None
    try:
        with image.build_lock():
            kernel = image.Kernel(image.backports())
            initrd = image.dom0_initramfs(kernel)
    except (subprocess.CalledProcessError, SystemExit):
        pass
    if not kernel:
        suite.subject = "kernel-backports"
        with suite.check("dom0 reaches its init"):
            raise Skip("the archive has no backports for this release")
        return
    with suite.boot("kernel-backports", smp=2, kernel=kernel.vmlinuz, initrd=initrd) as m:
        with suite.check(f"Linux {kernel.release} reaches its init as dom0"):
            m.wait_shell(200)
            assert m.output("uname -r") == kernel.release
        with suite.check("user programs fault, fork and compute rightly"):
            out, rc = m.run("load 5", 60)
            assert rc == 0, out
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
