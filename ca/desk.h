/*
 * desk: the server's side of wire.h, for the processes that hold keys. One loop over all callers: who is silent, slow or sends
 * nonsense never holds up another, and is sent away. Questions are handled one at a time.
 */
#ifndef CA_DESK_H
#define CA_DESK_H

#include <glib.h>
#include <poll.h>

#include "ca/wire.h"

typedef struct desk Desk;
typedef struct caller Caller;

struct desk_rules {
    guint most;  /* callers at once; more wait in the socket's queue */
    int seconds; /* a caller who says nothing for so long while it is its turn is sent away */
    /* May a process of user UID ask this? Asked before the body is read. */
    gboolean (*may)(unsigned uid, enum wire_kind kind, gpointer data);
    /* A whole question. Answer it by desk_answer, now or later; QUESTION is cleared on return. */
    void (*question)(Caller *caller, const WireMessage *question, gpointer data);
    /* A caller who still waits for its answer left: CALLER is no more. NULL where all answers are given at once. */
    void (*gone)(Caller *caller, gpointer data);
    gpointer data;
};

/* LISTENING: by wire_listen; stays the caller's. RULES is borrowed for the life of the desk. */
Desk *desk_new(int listening, const struct desk_rules *rules) G_GNUC_WARN_UNUSED_RESULT;
void desk_free(Desk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Desk, desk_free)

/* One round: waits up to MILLISECONDS (a signal ends the wait) for callers, or for one of the N descriptors in MORE, whose
   revents are filled. MORE may be NULL. */
void desk_round(Desk *desk, struct pollfd *more, size_t n, int milliseconds);

/* The one answer to CALLER's question. */
void desk_answer(Caller *caller, const WireMessage *answer);
void desk_answer_error(Caller *caller, const GError *error);

#endif
