/*
 * counter: how often something happened in all processes of one master together, for its metrics: memory that the master
 * shares with its children. A process without such a master counts for itself.
 */
#ifndef DB_COUNTER_H
#define DB_COUNTER_H

#include <glib.h>

enum counter {
    COUNTER_OCSP_MEMORY,       /* answers from the process's memory, */
    COUNTER_OCSP_ROW,          /* from a row, */
    COUNTER_OCSP_SIGNED,       /* signed at the first question, then kept, */
    COUNTER_OCSP_LIVE,         /* signed for who asked, */
    COUNTER_OCSP_NO_NONCE,     /* of the kept ones: with a nonce passed over, */
    COUNTER_OCSP_UNAUTHORIZED, /* of no certificate of ours, */
    COUNTER_OCSP_LATER,        /* tryLater, */
    COUNTER_OCSP_MALFORMED,    /* to no request. */
    COUNTERS,
};

/* In the master, before its first child. */
void counter_share(void);
void counter_add(enum counter which);
gint64 counter_get(enum counter which);
const char *counter_name(enum counter which); /* of the metric, with its label */

#endif
