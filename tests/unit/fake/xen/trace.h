/* SPDX-License-Identifier: GPL-2.0-only */
/* Nobody traces in host tests, but for the one of tracing itself, which includes the real header
 * first. */
#ifndef XEN_TRACE_H
#define XEN_TRACE_H

#include <public/trace.h>
#include <xen/types.h>

#define trace_enabled() false
#define trace_1(event, a) ((void)(a))
#define trace_3(event, a, b, c) ((void)(a), (void)(b), (void)(c))
#define trace_4(event, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#define trace_vcpu(event, v) ((void)(v))
#define trace_runstate(v, from, to) ((void)(v), (void)(from), (void)(to))
#define trace_put_runstate_kept(v) ((void)(v))
#define trace_emulated(event, rip) ((void)(rip))
#define trace_trap(rip, vector, has_error, error) ((void)(rip))
#define trace_page_fault(rip, address, error) ((void)(rip), (void)(address))
#define trace_table_write(entry, address, rip) ((void)(rip))
#define trace_decrease(domid, gfn, order) ((void)(gfn))
#define trace_placed(domid, gfn, mfn, order) ((void)(mfn))

#endif
