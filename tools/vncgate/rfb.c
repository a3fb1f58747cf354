/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The handshakes. Whatever a peer sends, at most the few bytes that are due are read; descriptors
 * have time-outs, so a silent peer ends as one that hung up.
 */
#include <nettle/des.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rfb.h"

#define VERSION_BYTES 12
#define TYPE_NONE 1
#define TYPE_PASSWORD 2
#define CHALLENGE_BYTES 16
#define MAX_TYPES 32

static const char our_version[] = "RFB 003.008\n";

static bool get(int fd, void *to, size_t count)
{
    uint8_t *at = to;

    while (count) {
        ssize_t n = read(fd, at, count);

        if (n <= 0)
            return false;
        at += n;
        count -= n;
    }
    return true;
}

static bool put(int fd, const void *from, size_t count)
{
    return send(fd, from, count, MSG_NOSIGNAL) == (ssize_t)count;
}

/* DES with the first eight letters for a key, each with its bits in reverse. */
void rfb_response(const char *password, const uint8_t challenge[16], uint8_t response[16])
{
    uint8_t key[DES_KEY_SIZE] = { 0 };
    struct des_ctx des;

    for (int i = 0; i < DES_KEY_SIZE && password[i]; i++)
        for (int bit = 0; bit < 8; bit++)
            key[i] |= (password[i] >> bit & 1) << (7 - bit);
    des_set_key(&des, key);             /* which says only that a key is weak */
    des_encrypt(&des, CHALLENGE_BYTES, response, challenge);
}

/* As long for a wrong answer as for the right one. */
static bool is_equal(const uint8_t *a, const uint8_t *b, size_t count)
{
    uint8_t differs = 0;

    for (size_t i = 0; i < count; i++)
        differs |= a[i] ^ b[i];
    return !differs;
}

/* "RFB 003.00X\n": X; 0 if it is something else. */
static int read_version(int fd)
{
    char text[VERSION_BYTES];

    if (!get(fd, text, sizeof(text)) || memcmp(text, our_version, 10) || text[11] != '\n')
        return 0;
    return text[10] == '3' || text[10] == '7' || text[10] == '8' ? text[10] - '0' : 0;
}

/* Before version 3.7 the server decides, later the client chooses from a list. */
static bool agree_on_password(int fd, int version)
{
    static const uint8_t decided[4] = { 0, 0, 0, TYPE_PASSWORD }, offered[2] = { 1, TYPE_PASSWORD };
    uint8_t chosen;

    if (version == 3)
        return put(fd, decided, sizeof(decided));
    return put(fd, offered, sizeof(offered)) && get(fd, &chosen, 1) && chosen == TYPE_PASSWORD;
}

static bool tell(int fd, int version, bool good)
{
    static const char why[] = "Authentication failed";
    uint8_t result[4] = { 0, 0, 0, !good }, length[4] = { 0, 0, 0, sizeof(why) - 1 };

    if (!put(fd, result, sizeof(result)))
        return false;
    if (!good && version == 8 && put(fd, length, sizeof(length)))
        put(fd, why, sizeof(why) - 1);
    return good;
}

bool rfb_admit(int fd, const char *password)
{
    uint8_t challenge[CHALLENGE_BYTES], wanted[CHALLENGE_BYTES], given[CHALLENGE_BYTES];

    if (!put(fd, our_version, VERSION_BYTES))
        return false;
    int version = read_version(fd);

    if (!version || !agree_on_password(fd, version) ||
        getrandom(challenge, sizeof(challenge), 0) != sizeof(challenge) ||
        !put(fd, challenge, sizeof(challenge)) || !get(fd, given, sizeof(given)))
        return false;
    rfb_response(password, challenge, wanted);
    bool good = is_equal(given, wanted, sizeof(wanted));

    /* Who guesses shall need time. */
    if (!good)
        sleep(1);
    return tell(fd, version, good);
}

bool rfb_enter(int fd)
{
    uint8_t count, types[MAX_TYPES], none = TYPE_NONE, result[4];

    if (read_version(fd) != 8 || !put(fd, our_version, VERSION_BYTES) || !get(fd, &count, 1) ||
        !count || count > MAX_TYPES || !get(fd, types, count) || !memchr(types, none, count) ||
        !put(fd, &none, 1) || !get(fd, result, sizeof(result)))
        return false;
    return !memcmp(result, (const uint8_t[4]){ 0 }, 4);
}
