#include <string.h>

#include "fcgi/describe.h"
#include "fcgi/guard.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "fcgi/radar.h"
#include "fcgi/stepup.h"
#include "ra/person.h"

/* --- the list --- */

static void
send_list(Exchange *x, const RaDashboard *shown, const GPtrArray *changes, gboolean all)
{
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "dashboard", all ? "/certificates?all=1" : "/certificates", &root);
    describe_offers(x, root, shown, "apply");
    web_set_flag(root, "all", all);
    web_set(root, "notice", describe_done(x));
    if (shown->hidden > 0)
        web_set_number(root, "hidden", shown->hidden);
    if (shown->next) {
        g_autofree char *next = g_strdup_printf("/certificates?%sbefore=%" G_GINT64_FORMAT, all ? "all=1&" : "", shown->next);
        web_set(root, "next", next);
    }
    for (guint i = 0; i < shown->rows->len; i++)
        describe_row(x, root, shown->rows->pdata[i]);
    radar_of_person(x, root, changes);
    page_send(x, 200, document);
}

void
certificates_list(Exchange *x)
{
    gboolean all = strcmp(form_text(x->query, "all"), "1") == 0;
    gint64 before = MAX(form_number(x->query, "before"), 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(RaDashboard) shown = ra_request_dashboard(x->portal->ra, x->session->person, all, before,
                                                        all ? RA_REQUEST_MOST : RA_REQUEST_PAGE, &error);
    if (!shown) {
        page_failure(x, error, "/");
        return;
    }
    if (page_unchanged(x, shown->stamp))
        return;
    g_autoptr(GPtrArray) changes = shown->changed ? ra_radar_of_person(x->portal->ra, x->session->person, &error) : g_ptr_array_new();
    if (changes)
        send_list(x, shown, changes, all);
    else
        page_failure(x, error, "/");
}

/* --- applying --- */

static struct ra_application
application_of(const Form *form)
{
    return (struct ra_application){ .type = form_text(form, "type"), .months = form_number(form, "months"),
                                    .memo = form_text(form, "memo"), .mail = form_text(form, "mail"),
                                    .unit = form_text(form, "unit") };
}

/* The page that asks once more; one of several addresses is chosen there, if it has not been yet. */
static void
ask_to_confirm(Exchange *x, struct ra_application *wish, const char *form_key, GError **error)
{
    const struct ra_who who = exchange_who(x);
    g_autoptr(DbPerson) person = ra_person_get(x->portal->ra, x->session->person, error);
    if (!person)
        return;
    const char *chosen = wish->mail;
    if (!*chosen && person->mails_allowed[0])
        wish->mail = person->mails_allowed[0];
    g_autoptr(RaPreview) preview = ra_request_preview(x->portal->ra, &who, wish, x->now, error);
    if (!preview)
        return;
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "apply-confirm", "/certificates", &root);
    WebNode *order = web_add(root, "order");
    web_set(order, "type", preview->type);
    web_set_number(order, "months", preview->months);
    web_set(order, "form-key", form_key);
    web_set(order, "memo", preview->memo);
    page_text(order, "unit", wish->unit);
    web_set(order, "common-name", preview->common_name);
    web_set(order, "subject", preview->subject);
    page_time(x, order, "not-before", preview->not_before);
    page_time(x, order, "not-after", preview->not_after);
    for (char **mail = person->mails_allowed; *mail; mail++) {
        WebNode *node = web_add_text(order, "mail", *mail);
        web_set_flag(node, "chosen", strcmp(*mail, *chosen ? chosen : preview->mail) == 0);
    }
    page_send(x, 200, document);
}

/* Where only the login is not as the profile asks, another one mends it, and brings the person back to what was filled in. */
static void
apply_failed(Exchange *x, const struct ra_application *wish, const GError *error)
{
    if (stepup_answer(x, error, wish->type, wish->months, "/certificates/apply", "/certificates"))
        stepup_keep(x, wish);
    else
        page_failure(x, error, "/certificates");
}

/* GET /certificates/apply: back from the login that was asked for. */
void
certificates_resume(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Form) kept = stepup_kept(x);
    if (!kept) {
        http_see_other(&x->out, "/certificates");
        x->answered = TRUE;
        return;
    }
    struct ra_application wish = application_of(kept);
    g_autofree char *key = guard_form_key(x, "apply");
    ask_to_confirm(x, &wish, key, &error);
    if (error)
        apply_failed(x, &wish, error);
}

void
certificates_apply(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) key = guard_form_hash(x, "apply");
    struct ra_application wish = application_of(x->form);

    if (!key) {
        page_error(x, 403, "form", "/certificates");
        return;
    }
    if (strcmp(form_text(x->form, "confirm"), "1") != 0) {
        ask_to_confirm(x, &wish, form_text(x->form, "form_key"), &error);
    } else {
        const struct ra_who who = exchange_who(x);
        const struct ra_form form = { .key_hash = key, .location = "/certificates/%N/accepted" };
        g_autofree char *location = NULL;
        if (ra_request_apply(x->portal->ra, &who, &form, &wish, &location, &error)) {
            stepup_forget(x);
            http_see_other(&x->out, location);
            x->answered = TRUE;
        }
    }
    if (error)
        apply_failed(x, &wish, error);
}

/* --- the progress of one --- */

static const RaMailState *
ready_mail(const GPtrArray *newest_first)
{
    for (guint i = 0; i < newest_first->len; i++) {
        const RaMailState *mail = newest_first->pdata[i];
        if (strcmp(mail->event, "ready") == 0)
            return mail;
    }
    return NULL;
}

void
certificate_accepted(Exchange *x)
{
    gint64 person = x->session->person;
    g_autoptr(GError) error = NULL;
    g_autoptr(RaRequest) request = ra_request_get(x->portal->ra, person, x->number, &error);
    g_autoptr(GPtrArray) mails = request ? ra_request_mails(x->portal->ra, person, x->number, &error) : NULL;
    if (!mails) {
        page_failure(x, error, "/certificates");
        return;
    }
    g_autoptr(Secret) pin = ra_request_pin(x->portal->ra, person, x->number, NULL);
    WebNode *root;
    g_autoptr(WebDocument) document = page_new(x, "accepted", x->in->path, &root);
    (void)describe_request(x, root, request);
    describe_renewal(x, root, request);
    describe_pickup(x, root, request, pin ? secret_text(pin) : NULL);
    const RaMailState *mail = ready_mail(mails);
    gboolean of_this_cycle = mail && mail->cycle == request->cycle;
    if (of_this_cycle) {
        g_autoptr(GPtrArray) one = g_ptr_array_new();
        g_ptr_array_add(one, (gpointer)mail);
        describe_mails(x, root, one);
    }
    page_send(x, 200, document);
}
