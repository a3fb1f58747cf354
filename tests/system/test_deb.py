# SPDX-License-Identifier: GPL-2.0-only
"""The Debian packages on an installed Debian: what GRUB's generator makes of them, a boot by the
menu, daemons that are restarted under a running guest, a clean removal."""
import test_demo


def check_packages(suite, m):
    with suite.check("the packages are installed whole"):
        # The image leaves documentation out, and has a network configured.
        out = m.output("dpkg -V xenith-hypervisor xenith-utils | "
                       "grep -Ev '/usr/share/doc/|/etc/xen/xend-config.sxp$'", 120)
        assert not out, out
    with suite.check("there is a manual page for each command"):
        out = m.output("for c in /usr/bin/xenstore* /usr/sbin/xen* /usr/sbin/xm; do "
                       "ls /usr/share/man/man*/${c##*/}.* >/dev/null 2>&1 || echo $c; done")
        assert not out, out
    with suite.check("update-grub on the machine writes the menu it was booted by"):
        entries = "grep -E 'menuentry|multiboot2|module2|set default' /boot/grub/grub.cfg"
        m.run(f"{entries} >/tmp/before", 60)
        out, rc = m.run("update-grub 2>&1", 240)
        assert rc == 0, out
        out, rc = m.run(f"{entries} | diff /tmp/before -")
        assert rc == 0, out


def check_restarts(suite, m):
    with suite.check("the daemons are restarted, and the guest stays"):
        before = m.output("xm domid demo")
        out, rc = m.run("systemctl restart xenstored xenconsoled xend", 120)
        assert rc == 0, out
        assert m.output("xm domid demo", 60) == before
        test_demo.guest_answers(m)
    with suite.check("xendomains shuts the guest down and starts it again"):
        out, rc = m.run("systemctl stop xendomains", 400)
        assert rc == 0 and "demo " not in m.output("xm list"), out
        out, rc = m.run("systemctl start xendomains", 200)
        assert rc == 0 and "demo " in m.output("xm list"), out
        out, rc = m.run("/usr/lib/xenith/xendomains status")
        assert rc == 0, out


def check_removal(suite, m):
    with suite.check("removal leaves no daemon and no menu entry"):
        m.run("xm destroy demo", 120)
        out, rc = m.run("dpkg --purge xenith-utils xenith-hypervisor 2>&1", 300)
        assert rc == 0, out
        assert not m.output("pgrep -l 'xend|xenstored|xenconsoled'")
        out, rc = m.run("grep -c multiboot /boot/grub/grub.cfg")
        assert out == "0", out


def run(suite):
    if suite.is_peer or not suite.args.is_long:     # ours alone, and beside demo a matter of length
        return
    disk = test_demo.demo_disk()
    with suite.boot("deb", **test_demo.machine_options(disk)) as m:
        with suite.check("GRUB's menu has the hypervisor by its version"):
            m.expect(r"Advanced options for Debian GNU/Linux \(with Xen hypervisor\)", 90)
            m.send("\x1b[B\r")
            m.expect(r"Xen hypervisor, version 4\.17\.0-xenith", 30)
            m.send("\r")
            m.expect(r"with Xen 4\.17\.0-xenith and Linux", 30)
            m.send("\r")
        with suite.check("and boots it"):
            m.expect(r"\(XEN\) Xen version", 90)
            test_demo.wait_prompt(m)
        check_packages(suite, m)
        check_restarts(suite, m)
        check_removal(suite, m)
        suite.check_poweroff(m, "systemctl poweroff")
