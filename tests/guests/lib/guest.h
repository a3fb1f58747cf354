/* SPDX-License-Identifier: GPL-2.0-only */
/* All of the library, for tests. */
#ifndef GUEST_H
#define GUEST_H

#include <public/xen.h>
#include <public/errno.h>
#include <public/callback.h>
#include <public/event_channel.h>
#include <public/features.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/nmi.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>

#include "types.h"
#include "hypercall.h"
#include "test.h"
#include "trap.h"
#include "mm.h"
#include "vcpu.h"
#include "event.h"
#include "time.h"
#include "user.h"

extern const struct start_info *start_info;
extern struct shared_info *shared_info;

#endif
