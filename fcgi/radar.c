#include "fcgi/radar.h"

#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"

WebNode *
radar_change(const Exchange *x, WebNode *parent, const RaRadarChange *change)
{
    WebNode *node = web_add(parent, "change");
    web_set_number(node, "id", change->id);
    web_set(node, "kind", change->kind);
    web_set(node, "was", change->was);
    page_text(node, "is", change->is);
    web_set(node, "rule", change->rule);
    page_time(x, node, "due", change->due_at);
    page_time(x, node, "seen-at", change->seen_at);
    web_set_number(node, "count", change->count);
    web_set_number(node, "mails", change->mails);
    for (char **number = change->numbers; *number; number++)
        web_add_text(node, "number", *number);
    return node;
}

void
radar_of_person(const Exchange *x, WebNode *root, const GPtrArray *changes)
{
    for (guint i = 0; i < changes->len; i++) {
        const RaRadarChange *change = changes->pdata[i];
        WebNode *node = radar_change(x, root, change);
        if (strcmp(change->rule, "warn") != 0)
            continue;
        g_autofree char *act = describe_act("change-known", change->id), *key = guard_form_key(x, act);
        web_set(node, "known-key", key);
    }
}

/* POST /account/changes/N/known */
void
account_change_known(Exchange *x)
{
    g_autofree char *act = describe_act("change-known", x->number), *location = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_autoptr(GError) error = NULL;
    const struct ra_who who = exchange_who(x);
    const struct ra_form form = { .key_hash = key, .location = "/certificates" };
    if (!key) {
        page_error(x, 403, "form", "/certificates");
    } else if (ra_radar_known(x->portal->ra, &who, x->number, &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    } else {
        page_failure(x, error, "/certificates");
    }
}
