# SPDX-License-Identifier: GPL-2.0-only
"""Either half against the other's: Debian's toolstack on our hypervisor, ours on Debian's."""
import re

import domains
import test_devices_guest
import test_xm
import toolstack
from domains import BRIDGE_ADDRESS, GUEST_ADDRESS
from suite import Skip


def create_patiently(dom0, name):
    """xl gives a hotplug script ten seconds, and no more on a busy host."""
    for _ in range(4):
        out, status = dom0.run(f"xl create /etc/xen/{name} 2>&1", 180)
        if status == 0:
            return
        assert "because of timeout" in out, f"status {status}: {out}"
        dom0.run(f"xl destroy {name} 2>/dev/null")
        dom0.wait_gone(name)
    raise Skip("this host is too slow for the ten seconds that xl gives its scripts")


def check_registers(suite, dom0, name):
    """Each side's registers are worthless to the other, and both fill them on all CPUs."""
    with suite.check("registers survive while dom0 and the guest share the processors"):
        with dom0.guest(name):
            dom0.must("for i in 1 2; do (registers 10 >/run/registers$i &) done")
        out = dom0.output("for i in 1 2; do registers 8 & done; wait", 90)
        assert out.count("REGISTERS ok") == 2, out
        with dom0.guest(name):
            dom0.wait("cat /run/registers?", r"REGISTERS ok\s+REGISTERS ok", 60)


def check_vcpu_set(suite, dom0, name):
    """VCPU 1, which is off, comes and goes.  On it switches what udev's rule would in a guest."""
    online = "/sys/devices/system/cpu/cpu1/online"
    with suite.check(f"{dom0.tool} vcpu-set switches a processor of the guest on and off"):
        dom0.must(f"{dom0.tool} vcpu-set {name} 2")
        with dom0.guest(name):
            dom0.wait(f"echo 1 >{online}; cat {online}", "^1$", 60)
        dom0.wait(f"{dom0.tool} vcpu-list {name}", rf"^{name} +\d+ +1 +\d+ +[r-][b-]- ", 60)
        dom0.must(f"{dom0.tool} vcpu-set {name} 1")
        dom0.wait(f"{dom0.tool} vcpu-list {name}", rf"^{name} +\d+ +1 +- +--p ", 60)


def check_xl_sharing(suite, dom0):
    """What shares the processors out, and what shows it."""
    with suite.check("xl info -n knows processors and memory nodes"):
        out = dom0.must("xl info -n")
        assert re.search(r"^ +1: +1 +0 +0$", out, re.M) and re.search(r"^ +0: +20\d\d ", out, re.M)
    with suite.check("xl sched-credit sets weights and caps, and refuses others"):
        dom0.must("xl sched-credit -d g1 -w 512 -c 50")
        assert re.search(r"^g1 +\d+ +512 +50$", dom0.must("xl sched-credit"), re.M)
        out, status = dom0.run("xl sched-credit -d g1 -w 70000 2>&1")
        assert status == 1 and "from 1 to 65535" in out, f"status {status}: {out}"
        dom0.must("xl sched-credit -s -t 20; xl sched-credit -d g1 -w 256 -c 0")
        assert "tslice=20ms" in dom0.must("xl sched-credit -s")
    with suite.check("xl vcpu-pin, hard and soft"):
        dom0.must("xl vcpu-pin g1 0 1 0")
        assert re.search(r"^g1 +\d+ +0 .* 1 / 0$", dom0.must("xl vcpu-list g1"), re.M)
        dom0.must("xl vcpu-pin g1 0 all all")
        out, status = dom0.run("xl vcpu-pin g1 0 9 2>&1")
        assert status == 1 and out, f"status {status}: {out}"
    check_vcpu_set(suite, dom0, "g1")
    with suite.check("xl cpupools: a second one, a guest moves there and back"):
        dom0.must("xl cpupool-cpu-remove Pool-0 1; echo 'sched=\"credit\"' >/run/pool;"
                  " xl cpupool-create /run/pool 'name=\"second\"' 'cpus=[\"1\"]'")
        dom0.must("xl cpupool-migrate g1 second")
        out = dom0.must("xl cpupool-list")
        assert re.search(r"^second +1 +credit +y +1$", out, re.M), out
        assert dom0.run("xl cpupool-destroy second 2>&1")[1] != 0
        dom0.must("xl cpupool-migrate g1 Pool-0; xl cpupool-destroy second;"
                  " xl cpupool-cpu-add Pool-0 1")
        assert re.search(r"^Pool-0 +0,1$", dom0.must("xl cpupool-list -c"), re.M)


def check_xl_watching(suite, dom0):
    with suite.check("xentop shows the domains and their disks"):
        out = dom0.must("xentop -b -i 2 -d 1 -v -x")
        assert len(re.findall(r"^ *g1 --(b---|---[r-]) ", out, re.M)) == 2, out
        assert "VBD BlkBack 51712" in out, out
    with suite.check("xenpm: topology, and states as far as this machine has them"):
        assert re.search(r"^CPU1\s+1\s+0\s+0$", dom0.must("xenpm get-cpu-topology"), re.M)
        for words in ("get-cpuidle-states", "get-cpufreq-para", "start 1"):
            dom0.must(f"xenpm {words}")
    with suite.check("xentrace records what the domains do"):
        dom0.must("xentrace -D -e all -T 1 /run/trace 2>/dev/null")
        assert int(dom0.must("wc -c </run/trace")) > 1000
    with suite.check("xenperf is told that this build has no counters"):
        out, status = dom0.run("xenperf 2>&1")
        assert status != 0 and "Function not implemented" in out, f"status {status}: {out}"
    with suite.check("xenctx and lsevtchn look into the guest"):
        assert "rip: ffffffff8" in dom0.must("xenctx $(xl domid g1) 0")
        assert "Virtual IRQ" in dom0.must("lsevtchn $(xl domid g1)")
    with suite.check("xen-hptool takes a processor offline and brings it back"):
        dom0.must("xen-hptool cpu-offline 1")
        assert re.search(r"^nr_cpus +: 1$", dom0.must("xl info"), re.M)
        dom0.must("xen-hptool cpu-online 1")
        assert re.search(r"^nr_cpus +: 2$", dom0.must("xl info"), re.M)
        out, status = dom0.run("xen-hptool cpu-offline 0 2>&1")
        assert status != 0 and "Invalid argument" in out, f"status {status}: {out}"


def debians_on_ours(suite):
    """xl, xenstored, xenconsoled, xen-init-dom0 and the hotplug scripts of xen-utils-4.17."""
    with domains.boot(suite, "swap-xl", domains.DEBIANS) as dom0:
        with suite.check("Debian's daemons start on our hypervisor"):
            dom0.m.wait_shell(200)
            dom0.start()
            assert set(dom0.rows()) == {"Domain-0"}
        with suite.check("xl info"):
            info = dom0.must("xl info")
            assert re.search(r"xen_version +: 4\.17", info) and "xen-3.0-x86_64" in info, info
        with suite.check("xl create boots a guest from a disk"):
            dom0.config("g1", root=True, memory="128", vcpus="1", maxvcpus="2",
                        vif="['bridge=xenbr0']", words=f"test.ip={GUEST_ADDRESS}/24")
            create_patiently(dom0, "g1")
            dom0.attach("g1", 120)
            assert dom0.output("cat /on-disk") == "This is the root disk."
            dom0.must("dd if=/dev/urandom of=/big bs=64k count=32 2>/dev/null; sync")
            before = dom0.must("md5sum </big")
            dom0.must("echo 3 >/proc/sys/vm/drop_caches")
            assert dom0.must("md5sum </big") == before
            dom0.detach()
        with suite.check("dom0 reaches the guest by network"):
            dom0.must(f"ip addr add {BRIDGE_ADDRESS}/24 dev xenbr0")
            dom0.wait(f"ping -c 1 -W 2 {GUEST_ADDRESS}", " 0% packet loss", 60)
        with suite.check("xl pause, unpause, rename, mem-set, vcpu-list"):
            dom0.must("xl pause g1")
            assert dom0.rows()["g1"][3][2] == "p", dom0.rows()
            dom0.must("xl unpause g1; xl rename g1 g2; xl rename g2 g1")
            dom0.must("xl mem-set g1 112")
            dom0.wait("xl list g1", r"^g1 +1 +112 ", 60)
            assert re.search(r"^g1 +1 +0 ", dom0.must("xl vcpu-list"), re.M)
        with suite.check("xl block-attach and block-detach"):
            dom0.must("truncate -s 4M /run/hot.img && losetup /dev/loop3 /run/hot.img")
            dom0.must("xl block-attach g1 phy:/dev/loop3 xvdc w")
            with dom0.guest("g1"):
                dom0.wait("ls /dev/xvdc 2>&1", r"^/dev/xvdc$")
            dom0.must("xl block-detach g1 xvdc")
        check_registers(suite, dom0, "g1")
        check_xl_sharing(suite, dom0)
        check_xl_watching(suite, dom0)
        with suite.check("xl save and restore: the guest goes on where it was"):
            with dom0.guest("g1"):
                dom0.must("echo kept >/run/kept")
            dom0.must("xl save g1 /run/saved 2>/dev/null", 120)
            dom0.wait_gone("g1")
            dom0.must("xl restore /run/saved 2>/dev/null; rm /run/saved", 120)
            with dom0.guest("g1"):
                assert dom0.must("cat /run/kept") == "kept"
        with suite.check("xl shutdown -w, create again, destroy"):
            dom0.must("xl shutdown -w g1", 120)
            dom0.wait_gone("g1")
            create_patiently(dom0, "g1")
            dom0.must("xl destroy g1")
            dom0.wait_gone("g1")
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)


def check_sharing(suite, dom0):
    dom0.config("g2", vcpus="2", vcpu_avail="1")
    with suite.check("another guest, with one of its two processors"):
        dom0.create("g2")
        dom0.wait_boot("g2", 1)
    check_vcpu_set(suite, dom0, "g2")
    with suite.check("xm vcpu-pin keeps a VCPU on a processor"):
        dom0.must("xm vcpu-pin g2 0 1")
        assert re.search(r"^g2 +\d+ +0 .* 1$", dom0.must("xm vcpu-list g2"), re.M)
    with suite.check("weights of Xen's own scheduler are read and set"):
        dom0.must("xm sched-credit2 -d g2 -w 512")
        assert re.search(r"^g2 +\d+ +512$", dom0.must("xm sched-credit2"), re.M)
        out, status = dom0.run("xm sched-credit2 -d g2 -w 70000 2>&1")
        assert status == 1 and "65535" in out, f"status {status}: {out}"
    with suite.check("xentop shows both domains"):
        out = dom0.must("xentop -b -i 1")
        assert re.search(r"^ *Domain-0 ", out, re.M) and re.search(r"^ *g2 ", out, re.M), out
    with suite.check("the guest ends"):
        dom0.must("xm destroy g2")
        assert set(dom0.rows()) == {"Domain-0"}


def ours_on_debians(suite):
    with domains.boot(suite, "swap-xm", disks=[toolstack.empty_disk()], peer=True) as dom0:
        with suite.check("dom0 with our tools starts on Debian's Xen"):
            dom0.m.wait_shell(200)
        test_xm.check_start(suite, dom0)
        test_xm.check_ahead(suite, dom0)
        test_xm.check_create(suite, dom0)
        check_registers(suite, dom0, "g1")
        test_xm.check_network(suite, dom0)
        test_xm.check_control(suite, dom0)
        test_devices_guest.check_disk(suite, dom0, "g1")
        test_xm.check_reboot(suite, dom0)
        check_sharing(suite, dom0)
        suite.check_kernel_log(dom0.m)
        suite.check_poweroff(dom0.m)


def run(suite):
    debians_on_ours(suite)
    ours_on_debians(suite)
