/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the library's files share: errors, and structures whose fields are described by keys.
 */
#ifndef CONFIG_PRIVATE_H
#define CONFIG_PRIVATE_H

#include <base/alloc.h>
#include <base/buffer.h>
#include <config/config.h>

/* Always returns -EINVAL. */
int config_fail(struct config_error *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The whole of a regular file: 0 or -E. The caller frees *text. */
int config_read_file(const char *path, char **text, size_t *len, struct config_error *e);

#define KEY_COUNT(keys) (sizeof(keys) / sizeof(*(keys)))

static inline void *key_field(const void *object, const struct config_key *key)
{
    return (char *)object + key->offset;
}

/* Sets every field to its default; the object was zeroed or holds nothing to free. */
void keys_init(void *object, const struct config_key *keys, size_t count);
void keys_free(void *object, const struct config_key *keys, size_t count);
const struct config_key *keys_find(const struct config_key *keys, size_t count,
                                   const char *name);
const struct config_key *keys_find_sxp(const struct config_key *keys, size_t count,
                                       const char *name);
const char *keys_nearest(const struct config_key *keys, size_t count, const char *name);
/* From text, replacing what was there. A list gets one more item. what is for the message. */
int key_set(void *object, const struct config_key *key, const char *text, const char *what,
            struct config_error *e);
bool parse_bool(const char *text, int64_t *value);
bool parse_int64(const char *text, int64_t *value);

/* "key=value,key=value" into an object; device ("vif") and text are for messages. */
int pairs_parse(void *object, const struct config_key *keys, size_t count, const char *device,
                const char *text, struct config_error *e);
/* Appends (name value) for each field that is set. */
void pairs_to_sxp(struct sxp *out, const void *object, const struct config_key *keys,
                  size_t count);
/* Reads (name value) items behind the head; unknown ones are ignored. */
int pairs_from_sxp(void *object, const struct config_key *keys, size_t count,
                   const struct sxp *s, struct config_error *e);
/* The pieces between commas, blanks around them removed. */
void split_trimmed(struct strings *out, const char *text, char separator);

/* Ties one entry of a list directive to its typed array. */
int vif2_parse(const char *text, struct config_vif2 *v, struct config_error *e);
void vif2_free(struct config_vif2 *v);
int vtpm_parse(const char *text, struct config_vtpm *v, struct config_error *e);
void vtpm_free(struct config_vtpm *v);
int vusb_parse(const char *text, struct config_vusb *v, struct config_error *e);
void vusb_free(struct config_vusb *v);
int ioports_parse(const char *text, struct config_ioports *p, struct config_error *e);
int irq_parse(const char *text, unsigned int *irq, struct config_error *e);
int cpuid_parse(const char *text, struct config_cpuid *c, bool is_check, struct config_error *e);
void cpuid_free(struct config_cpuid *c);
struct sxp *cpuid_to_sxp(const char *head, const struct config_cpuid *c, size_t count);
/* The text form of each rule of (cpuid ((1 ((eax …))))). */
void cpuid_from_sxp(const struct sxp *s, struct strings *out);

struct sxp *vif2_to_sxp(const struct config_vif2 *v);
struct sxp *pcis_to_sxp(const struct config_domain *d);
struct sxp *vtpm_to_sxp(const struct config_vtpm *v);
struct sxp *vscsi_to_sxp(const struct config_vscsi *v);
struct sxp *vusb_to_sxp(const struct config_vusb *v);

int vif2_from_sxp(const struct sxp *s, struct config_vif2 *v, struct config_error *e);
int vtpm_from_sxp(const struct sxp *s, struct config_vtpm *v, struct config_error *e);
/* A device of an S-expression, into its array or back to the text of its directive. */
int device_from_sxp(const struct sxp *s, struct config_domain *d, struct config_error *e);
/* 2^n - 1 */
char *ones_in_decimal(unsigned int n);
/* Parses the list directives into their arrays and checks what belongs together. *about becomes
 * the directive an error is about. */
int domain_finish(struct config_domain *d, const char **about, struct config_error *e);
/* Of directives that have no effect; for what a user wrote. */
void domain_warn_ignored(struct config_domain *d);
void domain_warn(struct config_domain *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
