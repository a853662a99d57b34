#include "db/log.h"
#include "fcgi/handlers.h"
#include "fcgi/page.h"
#include "ra/metrics.h"

static void
say(Exchange *x, int status, const char *text)
{
    x->out.status = status;
    http_header(&x->out, "Cache-Control", "no-store");
    http_body_text(&x->out, "text/plain; charset=utf-8", g_strdup(text));
    x->answered = TRUE;
}

/* For whoever sends requests our way: can this process serve them? */
void
health(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    if (ra_context_alive(x->portal->ra, &error)) {
        say(x, 200, "ok\n");
        return;
    }
    if (!log_is_away("database"))
        log_error("health", error);
    say(x, 503, "the database cannot be reached\n");
}

/* Prometheus text format; loopback only. */
void
metrics(Exchange *x)
{
    g_autoptr(GError) error = NULL;
    char *text = ra_metrics_text(x->portal->ra, x->now, &error);
    if (!text) {
        if (!log_is_away("database"))
            log_error("metrics", error);
        say(x, 503, "the database cannot be reached\n");
        return;
    }
    http_header(&x->out, "Cache-Control", "no-store");
    http_body_text(&x->out, "text/plain; version=0.0.4; charset=utf-8", text);
    x->answered = TRUE;
}
