/*
 * act: one transaction around something that a person does, with the spending of its form. Inside ra.
 */
#ifndef RA_ACT_H
#define RA_ACT_H

#include "ra/context.h"
#include "ra/request.h"

/* Does the thing inside the transaction. *NUMBER comes in as the act's number and goes out as the one that the location
   names. */
typedef gboolean (*RaAct)(RaContext *ctx, gpointer data, gint64 *number, GError **error);

struct ra_deed {
    const struct ra_who *who;
    const struct ra_form *form; /* NULL: none */
    gint64 number;              /* 0: the act makes one */
    RaAct act;
    gpointer data;
};
/* Where the form was spent before, the act is not done and *LOCATION is the first one's. A transaction that met another one's
   lock in the wrong order is done again. */
gboolean ra_act(RaContext *ctx, const struct ra_deed *deed, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "person:7". */
char *ra_actor(const struct ra_who *who) G_GNUC_WARN_UNUSED_RESULT;

#endif
