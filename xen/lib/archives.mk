# SPDX-License-Identifier: GPL-2.0-only
# Static archives that the hypervisor links.  None: every decoder in this folder is our own, so the
# image needs no SSE, no red zone, no stack canary and no allocator to unpack a kernel.
ARCHIVES :=
