# SPDX-License-Identifier: GPL-2.0-only
"""Many CPUs: all come up, go offline and come back."""


def cpu_online(m, cpu, state):
    m.output(f"echo {state} >/sys/devices/system/cpu/cpu{cpu}/online", 60)
    return m.output(f"cat /sys/devices/system/cpu/cpu{cpu}/online")


def check_hotplug(suite, m):
    with suite.check("CPUs go offline"):
        for cpu in (1, 3):
            assert cpu_online(m, cpu, 0) == "0"
        assert m.output("nproc") == "2", m.output("nproc")
    with suite.check("work goes on with fewer CPUs"):
        out, rc = m.run("load 10", 90)
        assert rc == 0, out
    with suite.check("CPUs come back online"):
        for cpu in (3, 1):
            assert cpu_online(m, cpu, 1) == "1"
        assert m.output("nproc") == "4"
    with suite.check("each CPU runs and interrupts arrive"):
        for cpu in range(4):
            out, rc = m.run(f"taskset -c {cpu} true")
            assert rc == 0, f"CPU {cpu}: {out}"


def check_processors(suite, m):
    """The machine's own, by the hypervisor; the kernel's CPUs stay."""
    with suite.check("processors go offline under the kernel's work and come back"):
        for state, left in ((0, 2), (1, 4)):
            for cpu in (1, 3):
                m.output(f"echo {state} >/sys/devices/system/xen_cpu/xen_cpu{cpu}/online", 60)
            info = m.output("physinfo")
            assert f"cpus {left}" in info, info
            out, rc = m.run("load 5", 90)
            assert rc == 0, out
        assert m.output("nproc") == "4"


def run_eight(suite):
    with suite.boot("smp-8", smp=8, options="dom0_mem=768M") as m:
        with suite.check("dom0 starts on eight CPUs"):
            m.wait_shell(480)
            assert m.output("nproc") == "8", m.output("nproc")
        suite.check_kernel_log(m)
        suite.check_poweroff(m)


def run(suite):
    with suite.boot("smp-4", smp=4, options="dom0_mem=512M") as m:
        with suite.check("dom0 starts on four CPUs"):
            m.wait_shell()
            assert m.output("nproc") == "4", m.output("nproc")
        check_hotplug(suite, m)
        if not suite.is_peer:
            check_processors(suite, m)
        with suite.check("all CPUs under load"):
            out, rc = m.run("load 10", 90)
            assert rc == 0, out
        suite.check_kernel_log(m)
        suite.check_poweroff(m)
    if suite.args.is_long:
        run_eight(suite)
    limits = "dom0_mem=512M dom0_max_vcpus=2 dom0_vcpus_pin"
    with suite.boot("smp-limits", smp=4, options=limits) as m:
        with suite.check("dom0_max_vcpus holds"):
            m.wait_shell()
            assert m.output("nproc") == "2", m.output("nproc")
        suite.check_poweroff(m)
    with suite.boot("smp-2-nosmp", smp=2, options="dom0_mem=512M nosmp") as m:
        with suite.check("nosmp leaves one CPU"):
            m.wait_shell()
            assert m.output("nproc") == "1", m.output("nproc")
        suite.check_poweroff(m)
