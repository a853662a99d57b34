/*
 * errors: what a failure of the rooms below means to the person who asked: a status and a page, in one table over domain and
 * code, so that none is forgotten and none is a bare 500.
 */
#ifndef FCGI_ERRORS_H
#define FCGI_ERRORS_H

#include <glib.h>

struct errors_answer {
    int status;
    const char *why; /* of the page 'error' (tests/web/documents/README.md); NULL: the page 'refused', which names the rule */
    gboolean ours;   /* our fault or that of a process of ours: an error in the log; otherwise a note */
};

/* What is in no row is broken. Borrowed from the table. */
const struct errors_answer *errors_answer(const GError *error);

/* The rule that the page 'refused' explains, for a failure of ra whose row has no WHY. In a buffer of ra's. */
const char *errors_rule(const GError *error);

#endif
