/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BLAKE2b of 32 bytes, without a key: the name of a file's content.  Nobody can make two contents
 * of the same name, so a guest's own kernel may share a folder with everybody's.
 */
#include <sodium.h>

#include "../private.h"

void digest_of(const void *data, size_t size, char text[DIGEST_TEXT])
{
    uint8_t digest[(DIGEST_TEXT - 1) / 2];
    /* It chooses the fastest code for this processor; the plain one needs no choice. */
    int rc = sodium_init();

    (void)rc;
    (void)crypto_generichash(digest, sizeof(digest), data, size, NULL, 0);
    sodium_bin2hex(text, DIGEST_TEXT, digest, sizeof(digest));
}
