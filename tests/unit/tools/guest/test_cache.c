/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels kept unpacked: by several at once, ahead of use, of files that are replaced or go, with
 * no room, and by somebody who is killed in the middle.
 *
 * sources: tools/libs/guest/error.c tools/libs/guest/image/file.c tools/libs/guest/image/unpack.c
 * sources: tools/libs/guest/image/elf.c tools/libs/guest/image/notes.c
 * sources: tools/libs/guest/image/image.c tools/libs/guest/image/digest.c
 * sources: tools/libs/guest/image/xz.c tools/libs/guest/image/crc32.c
 * sources: xen/lib/xz.c xen/lib/lzma.c xen/lib/crc.c
 * flags: -lz -llzma -lzstd -llz4 -lsodium
 */
#include "tools/libs/guest/image/cache.c"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <zlib.h>

#include "images.h"

#define CONTENT (256 << 10)     /* noise: what is written takes more than one page */

static char top[] = "/tmp/guest-cache-XXXXXX", dir[64], kernel[64];
static char error[GUEST_ERROR_SIZE];

static int setup(void **state)
{
    assert_non_null(mkdtemp(top));
    sprintf(dir, "%s/cache", top);
    sprintf(kernel, "%s/vmlinuz", top);
    return 0;
}

static void shell(const char *fmt, const char *a, const char *b)
{
    char command[400];

    snprintf(command, sizeof(command), fmt, a, b);
    if (system(command))
        fail_msg("%s", command);
}

static int teardown(void **state)
{
    shell("rm -r %s", top, NULL);
    return 0;
}

/* A kernel that says what it is in its 300th byte. */
static void pack(const char *path, int what)
{
    static uint8_t bytes[CONTENT];
    struct image im;

    for (size_t i = 0; i < CONTENT; i++)
        bytes[i] = i * 2654435761u >> 13;
    image_init(&im);
    memcpy(bytes, im.bytes, sizeof(im.bytes));
    bytes[300] = what;
    gzFile packed = gzopen(path, "w0");

    assert_int_equal(gzwrite(packed, bytes, CONTENT), CONTENT);
    gzclose(packed);
}

static void start_empty(void)
{
    shell("rm -rf %s %s", dir, kernel);
    pack(kernel, 1);
}

/* How it was packed; that it is what it should be. */
static const char *open_one(int what)
{
    struct guest_image *image;

    if (image_open_cached(kernel, dir, &image, error))
        return error;
    const char *packing = ((uint8_t *)image->data)[300] == what ? image->info.packing : "wrong";

    guest_image_close(image);
    return packing;
}

static void there_are(int images, int others)
{
    char text[20];

    sprintf(text, "%d", images);
    shell("test `ls %s | grep -Ec '^[0-9a-f]{64}(\\.[^f].*)?$'` = %s", dir, text);
    sprintf(text, "%d", others);
    shell("test `ls %s | grep -v lock | grep -Evc '^[0-9a-f]{64}(\\.[^f].*)?$'` = %s", dir, text);
}

static void test_digest(void **state)
{
    static const uint8_t zeroes[129];
    char text[DIGEST_TEXT];

    digest_of("", 0, text);
    assert_string_equal(text, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    digest_of("abc", 3, text);
    assert_string_equal(text, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    digest_of(zeroes, 128, text);
    assert_string_equal(text, "378d0caaaa3855f1b38693c1d6ef004fd118691c95c959d4efa950d6d6fcf7c1");
    digest_of(zeroes, 129, text);
    assert_string_equal(text, "baadfb64c3bd2cd187b54accc5e61a0720ed86bf48c28017873536cf9015d1b8");
}

static void test_fill(void **state)
{
    start_empty();
    assert_int_equal(guest_cache_fill(dir, kernel, error), 1);
    assert_int_equal(guest_cache_fill(dir, kernel, error), 0);
    there_are(1, 1);
    shell("ls %s | grep -Eqx '[0-9a-f]{64}'", dir, NULL);       /* no boot's name */
    assert_string_equal(open_one(1), "cached");
    /* What a create has kept is made to last. */
    start_empty();
    assert_string_equal(open_one(1), "gzip");
    shell("! ls %s | grep -Eqx '[0-9a-f]{64}'", dir, NULL);
    assert_int_equal(guest_cache_fill(dir, kernel, error), 1);
    shell("ls %s | grep -Eqx '[0-9a-f]{64}'", dir, NULL);
    there_are(1, 1);
    /* Not packed, no kernel, nothing at all. */
    assert_int_equal(guest_cache_fill(dir, "/proc/self/exe", error), 0);
    assert_int_equal(guest_cache_fill(dir, "/dev/null", error), -ENOEXEC);
    assert_int_equal(guest_cache_fill(dir, "/nonexistent", error), -ENOENT);
    there_are(1, 1);
    shell("chmod 755 %s", dir, NULL);
    assert_int_equal(guest_cache_fill(dir, kernel, error), -EPERM);
}

/* Another content of the same size, times and inode is another kernel. */
static void test_replaced(void **state)
{
    struct stat st;

    start_empty();
    assert_int_equal(guest_cache_fill(dir, kernel, error), 1);
    assert_int_equal(stat(kernel, &st), 0);
    pack(kernel, 2);
    utimensat(AT_FDCWD, kernel, (struct timespec[2]){ st.st_atim, st.st_mtim }, 0);
    assert_string_equal(open_one(2), "gzip");
    assert_int_equal(guest_cache_fill(dir, kernel, error), 1);
    there_are(1, 1);                    /* the former one is forgotten */
    assert_string_equal(open_one(2), "cached");
    pack(kernel, 1);
    assert_string_equal(open_one(1), "gzip");
}

static void test_tidy(void **state)
{
    start_empty();
    assert_int_equal(guest_cache_fill(dir, kernel, error), 1);
    shell("cd %s && touch litter old-1-2-3 new-abcdef `printf %%064d 0`.some-other-boot-id"
          " `printf %%064d 0`.from", dir, NULL);
    guest_cache_tidy(dir);
    there_are(1, 1);
    shell("mv %s %s.away", kernel, kernel);
    guest_cache_tidy(dir);
    there_are(0, 0);
    /* Four stay, those that were used last. */
    for (int i = 0; i < 7; i++) {
        pack(kernel, i);
        assert_string_equal(open_one(i), "gzip");
        pack(kernel, 0);
        assert_string_equal(open_one(0), "cached");
    }
    there_are(4, 0);
}

/* A write that fails half way leaves nothing, and the kernel is there all the same. */
static void test_disk_full(void **state)
{
    const struct rlimit little = { 65536, RLIM_INFINITY }, any = { RLIM_INFINITY, RLIM_INFINITY };

    start_empty();
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    assert_string_equal(open_one(1), "gzip");
    there_are(0, 0);
    assert_int_equal(guest_cache_fill(dir, kernel, error), -ENOSPC);
    there_are(0, 0);
    setrlimit(RLIMIT_FSIZE, &any);
    signal(SIGXFSZ, SIG_DFL);
    assert_string_equal(open_one(1), "gzip");
    assert_string_equal(open_one(1), "cached");
}

/* The limit's signal kills it while it writes. */
static void test_killed(void **state)
{
    const struct rlimit little = { 65536, RLIM_INFINITY };
    int status;

    start_empty();
    if (!fork()) {
        signal(SIGXFSZ, SIG_DFL);
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        setrlimit(RLIMIT_FSIZE, &little);
        guest_cache_fill(dir, kernel, error);
        _exit(0);
    }
    wait(&status);
    assert_true(WIFSIGNALED(status));
    there_are(0, 1);
    assert_string_equal(open_one(1), "gzip");
    there_are(1, 0);
    assert_string_equal(open_one(1), "cached");
}

/* Of many that want it at once one unpacks it. */
static void test_together(void **state)
{
    int status, unpacked = 0;

    start_empty();
    for (int i = 0; i < 8; i++) {
        if (fork())
            continue;
        const char *packing = open_one(1);

        _exit(!strcmp(packing, "gzip") ? 1 : !strcmp(packing, "cached") ? 0 : 2);
    }
    for (int i = 0; i < 8; i++) {
        wait(&status);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        unpacked += WEXITSTATUS(status);
    }
    assert_int_equal(unpacked, 1);
    there_are(1, 0);
}

/* Somebody with only idle time has the kernel half unpacked: he goes on, hurried. */
static void __attribute__((noreturn)) be_idle(int ready)
{
    const struct sched_param none = { 0 };
    struct guest_image *image;
    struct place p;

    if (sched_setscheduler(0, SCHED_IDLE, &none) || image_read(kernel, &image, error) ||
        !place_open(&p, dir))
        _exit(1);
    place_name(&p, image);
    take_turn(&p);
    if (write(ready, "", 1) != 1)
        _exit(2);
    for (int i = 0; sched_getscheduler(0) == SCHED_IDLE; i++) {
        if (i > 20000)
            _exit(3);
        usleep(1000);
    }
    if (image_finish(image, kernel, &image, error) || !keep(&p, image))
        _exit(4);
    _exit(0);
}

static void test_waits(void **state)
{
    int fds[2], status;
    char byte;

    start_empty();
    assert_int_equal(pipe(fds), 0);
    if (!fork())
        be_idle(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_string_equal(open_one(1), "cached");
    wait(&status);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_tidy),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_waits),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
