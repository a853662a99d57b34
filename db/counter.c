#include "db/counter.h"

#include <sys/mman.h>

static const char *const names[COUNTERS] = {
    [COUNTER_OCSP_MEMORY] = "inkan_ocsp_answers_total{kind=\"memory\"}",
    [COUNTER_OCSP_ROW] = "inkan_ocsp_answers_total{kind=\"row\"}",
    [COUNTER_OCSP_SIGNED] = "inkan_ocsp_answers_total{kind=\"signed\"}",
    [COUNTER_OCSP_LIVE] = "inkan_ocsp_answers_total{kind=\"live\"}",
    [COUNTER_OCSP_NO_NONCE] = "inkan_ocsp_nonces_passed_over_total",
    [COUNTER_OCSP_UNAUTHORIZED] = "inkan_ocsp_answers_total{kind=\"unauthorized\"}",
    [COUNTER_OCSP_LATER] = "inkan_ocsp_answers_total{kind=\"later\"}",
    [COUNTER_OCSP_MALFORMED] = "inkan_ocsp_answers_total{kind=\"malformed\"}",
};

static gint64 own[COUNTERS];
static gint64 *counts = own;

void
counter_share(void)
{
    void *memory = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) /* else each process counts for itself */
        counts = memory;
}

void
counter_add(enum counter which)
{
    __atomic_fetch_add(&counts[which], 1, __ATOMIC_RELAXED);
}

gint64
counter_get(enum counter which)
{
    return __atomic_load_n(&counts[which], __ATOMIC_RELAXED);
}

const char *
counter_name(enum counter which)
{
    return names[which];
}
