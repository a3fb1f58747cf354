# SPDX-License-Identifier: GPL-2.0-only
"""The Debian packages on a plain Debian, as an administrator meets them: installed by apt, found by
GRUB's menu generator, booted by default; daemons renewed under a running guest; removed."""
import test_demo
from machine import PATIENCE

NETWORK = "(network-script 'network-bridge ip=10.0.0.1/24 nat=yes')"
DAEMONS = "pidof xend xenstored xenconsoled"
# For a command that does not end: what runs and where it waits, which job waits, the last words.
DIAGNOSIS = ("ps axo pid,ppid,stat,wchan:20,args | grep -v ']$'; systemctl list-jobs --no-pager; "
             "journalctl --no-pager -n 20; tail -n 20 /var/log/xen/xend.log")


def run_watched(m, command, limit):
    """Output and status of a command that may hang; if it does, why is in what is raised."""
    m.run(f"{{ {command}; }} >/root/said 2>&1 & P=$!")
    _, rc = m.run(f"timeout {limit * PATIENCE:.0f} tail --pid=$P -f /dev/null", limit + 30)
    if rc:
        raise AssertionError(m.output(f"kill $P; cat /root/said; {DIAGNOSIS}", 120))
    _, rc = m.run("wait $P")
    return m.output("cat /root/said"), rc


def check_install(suite, m):
    with suite.check("a plain Debian boots, and has nothing of ours"):
        test_demo.wait_prompt(m)
        out, _ = m.run("grep multiboot /boot/grub/grub.cfg; ls -d /proc/xen /boot/xen* 2>/dev/null")
        assert not out, out
    with suite.check("apt installs the packages, and GRUB's generator finds the hypervisor"):
        out, rc = m.run("apt-get -q install -y --no-install-recommends /root/*.deb 2>&1", 300)
        assert rc == 0, out
        out, rc = m.run(r"grep -c 'multiboot2\s/boot/xen-4.17.0-xenith.gz' /boot/grub/grub.cfg")
        assert rc == 0, out
    with suite.check("without the hypervisor nothing of them runs, and xm says why"):
        assert not m.output(DAEMONS)
        failed = m.output("systemctl --failed --no-legend --plain | cat")
        assert not failed, failed
        out, rc = m.run("xm list 2>&1")
        assert rc == 1 and out.startswith("Error: ") and "\n" not in out, out
    with suite.check("the packages are installed whole"):
        # The image leaves documentation out.
        out = m.output("dpkg -V xenith-hypervisor xenith-utils | grep -v /usr/share/doc/", 120)
        assert not out, out
    with suite.check("there is a manual page for each command, and bash completes xm"):
        out = m.output("for c in /usr/bin/xenstore* /usr/sbin/xen* /usr/sbin/xm; do "
                       "ls /usr/share/man/man*/${c##*/}.* >/dev/null 2>&1 || echo $c; done; "
                       "bash -n /usr/share/bash-completion/completions/xm 2>&1")
        assert not out, out
    with suite.check("the guests' network is configured, as the manual says"):
        out, rc = m.run(f'sed -i "s,^(network-script .*,{NETWORK}," /etc/xen/xend-config.sxp; '
                        f'grep -c "^{NETWORK}" /etc/xen/xend-config.sxp')
        assert (out, rc) == ("1", 0), out


def check_boot(suite, m):
    with suite.check("the next boot is the hypervisor's, by default"):
        m.send("systemctl reboot\n")
        m.expect(r"\(XEN\) Xen version", 200)
        test_demo.wait_prompt(m)
        assert m.output("cat /sys/hypervisor/type") == "xen"
        test_demo.guest_answers(m)
    with suite.check("the plain kernel is still in the menu"):
        out = m.output("grep -o \"^menuentry '[^']*'\" /boot/grub/grub.cfg")
        assert out.split("\n") == ["menuentry 'Debian GNU/Linux'",
                                   "menuentry 'Debian GNU/Linux, with Xen hypervisor'"], out


def check_upgrade(suite, m):
    with suite.check("an upgrade renews the daemons, and the guest stays"):
        domain, before = m.output("xm domid demo"), m.output(DAEMONS).split()
        out, rc = m.run("dpkg -i /root/xenith-utils_*.deb 2>&1", 240)
        assert rc == 0, out
        after = m.output(DAEMONS).split()
        assert len(after) == 3 and not set(before) & set(after), f"{before}, then {after}"
        assert m.output("xm domid demo") == domain
        test_demo.guest_answers(m)
    with suite.check("xendomains shuts the guest down and starts it again"):
        out, rc = m.run("systemctl stop xendomains", 400)
        assert rc == 0 and "demo " not in m.output("xm list"), out
        out, rc = m.run("systemctl start xendomains", 200)
        assert rc == 0 and "demo " in m.output("xm list"), out
        out, rc = m.run("/usr/lib/xenith/xendomains status")
        assert rc == 0, out


def check_removal(suite, m):
    with suite.check("removal leaves a guest that xendomains may not shut down, and says so"):
        domain = m.output("xm domid demo")
        m.run(r"cp -p /etc/default/xendomains /root; "
              r"sed -i 's/^\(XENDOMAINS_SHUTDOWN.*\)=.*/\1=/' /etc/default/xendomains")
        out, rc = run_watched(m, "dpkg --remove xenith-utils", 200)
        assert rc == 0 and "Shutting down guests (demo)" in out and \
            "still running: demo. " in out, out
        assert not m.output(DAEMONS)
        test_demo.guest_answers(m)
    with suite.check("installed again, they manage that guest as before"):
        out, rc = run_watched(m, "dpkg -i /root/xenith-utils_*.deb", 200)
        assert rc == 0 and m.output("xm domid demo") == domain, out
        m.run("cp -p /root/xendomains /etc/default")
    with suite.check("a purge shuts guests down, and leaves no daemon, file and menu entry"):
        out, rc = run_watched(m, "dpkg --purge xenith-utils xenith-hypervisor", 400)
        assert rc == 0 and "Shutting down guests (demo)" in out and "still" not in out, out
        assert not m.output(DAEMONS) and not m.output("ls /sys/bus/xen-backend/devices")
        out, rc = m.run("grep -c multiboot /boot/grub/grub.cfg")
        assert out == "0", out
        out = m.output("ls -d /boot/xen* /usr/lib/xen* /etc/default/xen* /etc/default/grub.d/xen* "
                       "/etc/init.d/xen* /etc/rc?.d/*xen* /var/xen /var/l*/xen* 2>/dev/null")
        assert out == "/var/lib/xen", out               # where the guest's disk is
        out = m.output("find /etc/systemd /lib/systemd /var/lib/systemd /var/lib/dpkg/info "
                       "-name 'xen*'")
        assert not out, out
    with suite.check("the next boot is a plain Debian's again"):
        m.send("systemctl reboot\n")
        test_demo.wait_prompt(m, 500)
        out = m.output("ls -d /sys/hypervisor/type /proc/xen 2>/dev/null; "
                       "systemctl --failed --no-legend --plain | cat")
        assert not out, out


def run(suite):
    if suite.is_peer:               # what is tested is ours alone
        return
    options = test_demo.machine_options(test_demo.demo_image("plain"))
    with suite.boot("deb", reboots=True, **options) as m:
        check_install(suite, m)
        check_boot(suite, m)
        check_upgrade(suite, m)
        check_removal(suite, m)
        suite.check_poweroff(m, "systemctl poweroff")
