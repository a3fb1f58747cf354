/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Error numbers. Functions return 0 or the negative of one of these.
 *
 * The ABI's numbers are Linux's values, so a return code crosses to a guest unchanged. Host
 * builds take libc's.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#if __STDC_HOSTED__
#include <errno.h>
#else

#define EPERM           1   /* the caller may not do this */
#define ENOENT          2   /* no such object */
#define ESRCH           3   /* no such domain */
#define EINTR           4   /* interrupted */
#define EIO             5   /* the device failed */
#define ENXIO           6   /* no such device or address */
#define E2BIG           7   /* the caller's list is too long */
#define ENOEXEC         8   /* not an image that can be run */
#define EBADF           9   /* no such handle */
#define ECHILD          10  /* no such child */
#define EAGAIN          11  /* call again */
#define ENOMEM          12  /* out of memory */
#define EACCES          13  /* refused by policy */
#define EFAULT          14  /* guest memory not reachable */
#define EBUSY           16  /* in use */
#define EEXIST          17  /* exists already */
#define EXDEV           18  /* crosses a boundary that it must not */
#define ENODEV          19  /* not a device of this kind */
#define ENOTDIR         20
#define EISDIR          21
#define EINVAL          22  /* an argument makes no sense */
#define ENFILE          23  /* system-wide table full */
#define EMFILE          24  /* the domain's own table full */
#define EFBIG           27  /* too large */
#define ENOSPC          28  /* no room left */
#define EROFS           30  /* read-only */
#define EMLINK          31
#define EPIPE           32
#define EDOM            33  /* out of the function's domain */
#define ERANGE          34  /* result does not fit */
#define EDEADLK         35  /* would wait for itself */
#define ENAMETOOLONG    36
#define ENOLCK          37
#define ENOSYS          38  /* operation does not exist here */
#define ENOTEMPTY       39
#define ENODATA         61
#define ETIME           62
#define EBADMSG         74  /* the data are damaged */
#define EOVERFLOW       75
#define EILSEQ          84
#define ERESTART        85  /* continue this hypercall; a guest never sees it */
#define EUSERS          87
#define ENOTSOCK        88
#define EMSGSIZE        90
#define EOPNOTSUPP      95  /* known, but not with these options */
#define EADDRINUSE      98
#define EADDRNOTAVAIL   99
#define ENOBUFS         105
#define EISCONN         106
#define ENOTCONN        107
#define ETIMEDOUT       110
#define ECONNREFUSED    111
#define EALREADY        114
#define EWOULDBLOCK     EAGAIN

#endif
#endif
