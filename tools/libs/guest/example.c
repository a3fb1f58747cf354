/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libguest in one page: what a kernel says of itself, and whether a domain can be made of it.
 *
 *     cc example.c $(pkg-config --cflags --libs xenith-guest)
 */
#include <stdio.h>

#include <guest/guest.h>

int main(int argc, char **argv)
{
    char error[GUEST_ERROR_SIZE];
    struct guest_image *image;

    if (argc != 2) {
        fprintf(stderr, "usage: %s KERNEL\n", argv[0]);
        return 2;
    }
    if (guest_image_open(argv[1], &image, error)) {
        fprintf(stderr, "%s: %s\n", argv[1], error);
        return 1;
    }
    const struct guest_image_info *info = guest_image_info(image);

    printf("%s kernel of %u bits, packing: %s, loads at %llx to %llx\n",
           *info->guest_os ? info->guest_os : "a", info->bits, info->packing,
           (unsigned long long)info->load_start, (unsigned long long)info->load_end);
    guest_image_close(image);

    struct guest_pv_config config = { .kernel = argv[1], .memory_kib = 256 << 10, .vcpus = 1 };
    int rc = guest_check_pv(&config, error);

    printf("as a paravirtual domain of 256 MiB: %s\n", rc ? error : "fine");
    return rc != 0;
}
