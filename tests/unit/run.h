/* A test program that is a table of tests. */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include <glib.h>

#include "ca/crypto.h"

struct unit_test {
    const char *name; /* "/part/a sentence" */
    void (*run)(void);
};

/* PREPARE and CLEAR, around all of them, may be NULL. The program's status. */
static inline int
run_tests(int argc, char **argv, const struct unit_test *tests, gsize n, void (*prepare)(void), void (*clear)(void))
{
    g_test_init(&argc, &argv, NULL);
    crypto_start();
    if (prepare)
        prepare();
    for (gsize i = 0; i < n; i++)
        g_test_add_func(tests[i].name, tests[i].run);
    int status = g_test_run();
    if (clear)
        clear();
    return status;
}

#endif
