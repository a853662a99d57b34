#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/helpdesk.h"
#include "fcgi/page.h"

/* 'I lost this device': everything of the person that has the memo of request N, in one act. */

static void
ask(Exchange *x, const RaRequest *request, const struct ra_desk_choice *choice, const GPtrArray *rows)
{
    gint64 many = 0;
    g_autofree char *path = g_strdup_printf("/certificates/%" G_GINT64_FORMAT, x->number);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "lost-confirm", path, &root);
    web_set_number(root, "number", request->number);
    web_set(root, "memo", request->memo);
    web_set(root, "form-key", form_text(x->form, "form_key"));
    for (guint i = 0; i < rows->len; i++)
        if (ra_desk_chosen(choice, rows->pdata[i])) {
            helpdesk_row(x, root, rows->pdata[i]);
            many++;
        }
    web_set_number(root, "many", many);
    if (many > 0)
        page_send(x, 200, document);
    else
        page_error(x, 409, "conflict", path);
}

static void
revoke_now(Exchange *x, const RaOfficer *owner, const struct ra_desk_choice *choice, GBytes *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *location = NULL;
    const struct ra_form form = { .key_hash = key, .location = "/certificates?done=lost" };
    if (ra_officer_revoke(x->portal->ra, owner, choice, "keyCompromise", "", &form, &location, &error)) {
        http_see_other(&x->out, location);
        x->answered = TRUE;
    } else {
        page_failure(x, error, "/certificates");
    }
}

void
certificate_lost(Exchange *x)
{
    const RaOfficer owner = { .person = x->session->person, .institution = x->session->institution, .role = "person",
                              .address = x->in->address };
    g_autofree char *act = describe_act("lost", x->number);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, act);
    g_autoptr(RaRequest) request = ra_request_get(x->portal->ra, owner.person, x->number, &error);
    g_autoptr(GPtrArray) rows = request ? ra_officer_requests(x->portal->ra, &owner, owner.person, &error) : NULL;
    if (!rows) {
        page_failure(x, error, "/certificates");
        return;
    }
    const struct ra_desk_choice choice = { .person = owner.person, .memo = request->memo };
    if (!key)
        page_error(x, 403, "form", "/certificates");
    else if (!*request->memo)
        page_error(x, 409, "conflict", "/certificates");
    else if (strcmp(form_text(x->form, "confirm"), "1") == 0)
        revoke_now(x, &owner, &choice, key);
    else
        ask(x, request, &choice, rows);
}
