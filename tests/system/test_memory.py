# SPDX-License-Identifier: GPL-2.0-only
"""Sizes of memory, and the balloon."""
import time

BALLOON = "/sys/devices/system/xen_memory/xen_memory0"


def current_kib(m):
    return int(m.output(f"cat {BALLOON}/info/current_kb"))


def balloon_to(m, kib):
    """Set the target and wait until it is reached; where it ended."""
    m.output(f"echo {kib} >{BALLOON}/target_kb")
    for _ in range(40):
        if abs(current_kib(m) - kib) <= 1024:
            break
        time.sleep(0.5)
    return current_kib(m)


def free_pages(m):
    words = m.output("physinfo").split()
    return int(words[words.index("free") + 1]) if "free" in words else None


def check_balloon(suite, m, start_mib):
    start = start_mib * 1024
    low = start - 200 * 1024
    free = []
    with suite.check("the balloon deflates dom0 by 200 MiB"):
        free.append(free_pages(m))
        got = balloon_to(m, low)
        assert abs(got - low) <= 1024, f"{got} KiB"
        free.append(free_pages(m))
    with suite.check("the hypervisor has the memory"):
        assert None not in free, "physinfo failed"
        gained = (free[1] - free[0]) / 256
        assert 195 <= gained <= 205, f"{gained:.1f} MiB"
    with suite.check("the balloon gives it back"):
        got = balloon_to(m, start)
        assert abs(got - start) <= 1024, f"{got} KiB"
    with suite.check("memory that went and came is sound"):
        m.output("mount -t tmpfs -o size=380m t /mnt")
        out, rc = m.run("dd if=/dev/urandom of=/mnt/a bs=1M count=150 2>/dev/null &&"
                        " cp /mnt/a /mnt/b && cmp /mnt/a /mnt/b", 120)
        m.output("umount /mnt")
        assert rc == 0, out
    with suite.check("nothing of it is lost"):
        now = free_pages(m)
        assert now is not None and abs(now - free[0]) < 512, f"{free[0]} pages free, now {now}"


def run(suite):
    with suite.boot("memory-512M", memory=1024, options="dom0_mem=512M,max:512M") as m:
        with suite.check("dom0 starts with 512 MiB"):
            m.wait_shell()
        check_balloon(suite, m, 512)
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
    with suite.boot("memory-4G", memory=5120, options="dom0_mem=4G") as m:
        with suite.check("dom0 starts with 4 GiB"):
            m.wait_shell(240)
            total = int(m.output("awk '/MemTotal/{print $2}' /proc/meminfo")) // 1024
            assert 3700 < total <= 4096, f"{total} MiB"
        with suite.check("most of it can be used"):
            out, rc = m.run("mount -t tmpfs -o size=3200m t /mnt &&"
                            " dd if=/dev/zero of=/mnt/z bs=1M count=2400", 240)
            assert rc == 0, out
            m.output("umount /mnt", 120)
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
    with suite.boot("memory-all", memory=1024, options="") as m:
        with suite.check("without dom0_mem dom0 gets nearly all"):
            m.wait_shell()
            total = int(m.output("awk '/MemTotal/{print $2}' /proc/meminfo")) // 1024
            assert total > 700, f"{total} MiB of 1024"
        suite.check_poweroff(m)
    with suite.boot("memory-negative", memory=1024, options="dom0_mem=-400M") as m:
        with suite.check("a negative dom0_mem leaves that much to the hypervisor"):
            m.wait_shell()
            free = free_pages(m) // 256         # and the kernel's packed and unpacked images
            assert 390 <= free < 540, f"{free} MiB"
        suite.check_poweroff(m)
