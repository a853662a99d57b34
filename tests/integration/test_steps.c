/* The steps of a request: tests/steps.table against the database, every state with every event and role. */
#include "tests/integration/cluster.h"

#include <stdio.h>
#include <string.h>

static Cluster *cluster;
static gint64 request;

static const char *const states[] = { "applied", "approval", "ready",   "collected", "renewing", "renew_ready",
                                      "revoking", "revoked", "expired", "refused",   "lapsed" };
static const char *const events[] = { "approve", "refuse", "withdraw", "pin-issued", "lapse",   "ending", "lock",   "new-pin", "resend",
                                      "collect", "renew",  "revoke",   "expire",     "remind",  "published", "applied", "ready",
                                      "revoked", "", "no such event" };
static const char *const actors[] = { "portal", "worker", "signer", "responder" };

struct step {
    char *state, *event, *next, *mail, *who;
};

static void step_free(gpointer data) {
    struct step *step = data;

    g_free(step->state);
    g_free(step->event);
    g_free(step->next);
    g_free(step->mail);
    g_free(step->who);
    g_free(step);
}

static GPtrArray *table(void) {
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GPtrArray *steps = g_ptr_array_new_with_free_func(step_free);

    g_assert_true(g_file_get_contents("tests/steps.table", &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i] != NULL; i++) {
        char state[32], event[32], next[32], mail[32], who[32];
        struct step *step;

        if (lines[i][0] == '#' || lines[i][0] == '\0') continue;
        g_assert_cmpint(sscanf(lines[i], "%31s %31s %31s %31s %31s", state, event, next, mail, who), ==, 5);
        step = g_new0(struct step, 1);
        *step = (struct step){ g_strdup(state), g_strdup(event), g_strdup(next), g_strdup(mail), g_strdup(who) };
        g_ptr_array_add(steps, step);
    }
    return steps;
}

static const struct step *find(GPtrArray *steps, const char *state, const char *event) {
    for (guint i = 0; i < steps->len; i++) {
        const struct step *step = g_ptr_array_index(steps, i);
        if (strcmp(step->state, state) == 0 && strcmp(step->event, event) == 0) return step;
    }
    return NULL;
}

static void the_table_is_the_database_s(void) {
    g_autoptr(GPtrArray) steps = table();

    g_assert_cmpint(cluster_int(cluster, "select count(*) from request_transition"), ==, steps->len);
    for (guint i = 0; i < steps->len; i++) {
        const struct step *s = g_ptr_array_index(steps, i);
        g_autofree char *sql = g_strdup_printf("select count(*) from request_transition where state = '%s' and event = '%s' and"
                                               " next_state = '%s' and coalesce(mail, '-') = '%s' and who = '{%s}'",
                                               s->state, s->event, s->next, s->mail, s->who);
        g_test_message("%s %s", s->state, s->event);
        g_assert_cmpint(cluster_int(cluster, sql), ==, 1);
    }
}

/* What the step answers as ROLE, in a transaction that is rolled back: the next state, or the refusal. */
static char *step(const char *state, const char *event, const char *role) {
    g_autofree char *sql = g_strdup_printf(
        "update request set state = '%s' where number = %" G_GINT64_FORMAT ";"
        "set local session authorization inkan_%s;"
        "do $$ declare next text; begin"
        " next := request_step(%" G_GINT64_FORMAT ", '%s', 'test', '', '', '{\"reason\": \"superseded\"}', null, null);"
        " raise exception 'next:%%', next; end $$",
        state, request, role, request, event);
    char *answer = cluster_try(cluster, "superuser", sql);

    g_assert_nonnull(answer);
    return answer;
}

/* Is ACTOR one of those, with commas between, who may? */
static gboolean may(const char *who, const char *actor) {
    g_auto(GStrv) words = g_strsplit(who, ",", -1);
    return g_strv_contains((const char *const *)words, actor);
}

static void every_state_with_every_event(void) {
    g_autoptr(GPtrArray) steps = table();

    for (size_t s = 0; s < G_N_ELEMENTS(states); s++)
        for (size_t e = 0; e < G_N_ELEMENTS(events); e++)
            for (size_t a = 0; a < 2; a++) {
                const struct step *allowed = find(steps, states[s], events[e]);
                g_autofree char *seen = step(states[s], events[e], actors[a]);
                g_autofree char *wanted = allowed == NULL                           ? g_strdup("IK000 state")
                                          : !may(allowed->who, actors[a])        ? g_strdup("IK000 role")
                                                                                   : g_strdup_printf("P0001 next:%s", allowed->next);
                if (strcmp(seen, wanted) == 0) continue;
                g_test_message("%s + %s by %s: %s, not %s", states[s], events[e], actors[a], seen, wanted);
                g_test_fail();
            }
}

static void others_make_no_step(void) {
    g_autoptr(GPtrArray) steps = table();

    for (guint i = 0; i < steps->len; i++)
        for (size_t a = 2; a < G_N_ELEMENTS(actors); a++) {
            const struct step *s = g_ptr_array_index(steps, i);
            g_autofree char *seen = step(s->state, s->event, actors[a]);
            g_assert_true(g_str_has_prefix(seen, "42501 "));
        }
}

/* Each allowed step leaves exactly one audit row that says from where to where, and exactly the table's mail. */
static void each_step_leaves_an_audit_row_and_its_mail(void) {
    g_autoptr(GPtrArray) steps = table();

    for (guint i = 0; i < steps->len; i++) {
        const struct step *s = g_ptr_array_index(steps, i);
        g_auto(GStrv) who = g_strsplit(s->who, ",", 2);
        g_autofree char *sql = g_strdup_printf(
            "update request set state = '%s' where number = %" G_GINT64_FORMAT ";"
            "create temp table before on commit drop as select (select max(id) from event) e, (select max(id) from outbox) o;"
            "set local session authorization inkan_%s;"
            "select request_step(%" G_GINT64_FORMAT ", '%s', 'test', '', '', '{\"reason\": \"superseded\"}', null, null);"
            "set local session authorization postgres;"
            "do $$ begin raise exception '%% %%',"
            " (select string_agg((detail ->> 'from') || '>' || (detail ->> 'to') || ':' || what, ',') from event, before"
            "   where id > coalesce(e, 0)),"
            " (select coalesce(string_agg(outbox.event, ','), '-') from outbox, before where id > coalesce(o, 0)); end $$",
            s->state, request, who[0], request, s->event);
        g_autofree char *seen = cluster_try(cluster, "superuser", sql);
        g_autofree char *wanted = g_strdup_printf("P0001 %s>%s:%s %s", s->state, s->next, s->event, s->mail);
        g_assert_cmpstr(seen, ==, wanted);
    }
}

static void an_unknown_request_is_refused(void) {
    g_autofree char *seen = cluster_try(cluster, "portal", "select request_step(999999, 'renew', 't', '', '', '{}', null, null)");

    g_assert_cmpstr(seen, ==, "IK000 request");
}

static void a_wrong_reason_is_refused(void) {
    static const char *const reasons[] = { "{}", "{\"reason\": \"\"}", "{\"reason\": \"cACompromise\"}", "{\"reason\": \"KeyCompromise\"}" };

    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        g_autofree char *sql = g_strdup_printf(
            "update request set state = 'collected' where number = %" G_GINT64_FORMAT ";"
            "set local session authorization inkan_portal;"
            "select request_step(%" G_GINT64_FORMAT ", 'revoke', 't', '', '', '%s', null, null)", request, request, reasons[i]);
        g_autofree char *seen = cluster_try(cluster, "superuser", sql);
        g_test_message("%s", reasons[i]);
        g_assert_cmpstr(seen, ==, "IK000 reason");
    }
}

static void what_is_over_cannot_be_renewed(void) {
    g_autofree char *sql = g_strdup_printf(
        "update request set state = 'collected', not_after = now() - interval '1 second' where number = %" G_GINT64_FORMAT ";"
        "set local session authorization inkan_portal; select request_step(%" G_GINT64_FORMAT ", 'renew', 't', '', '', '{}', null, null)", request, request);
    g_autofree char *seen = cluster_try(cluster, "superuser", sql);

    g_assert_cmpstr(seen, ==, "IK000 ended");
}

static void no_state_but_the_eleven(void) {
    g_autofree char *sql = g_strdup_printf("update request set state = 'done' where number = %" G_GINT64_FORMAT, request);
    g_autofree char *seen = cluster_try(cluster, "superuser", sql);

    g_assert_true(g_str_has_prefix(seen, "23514 "));
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *good = g_strdup_printf("update request set state = '%s' where number = %" G_GINT64_FORMAT, states[i], request);
        g_autofree char *answer = cluster_try(cluster, "superuser", good);
        g_assert_null(answer);
    }
}

int main(int argc, char **argv) {
    int status;

    g_test_init(&argc, &argv, NULL);
    cluster = cluster_new();
    cluster_base(cluster);
    request = cluster_request(
        cluster, cluster_person(cluster, cluster_institution(cluster, "Kagami University", "kagami.example", "https://idp"), "hanako"),
        "client", 52);
    g_test_add_func("/steps/the table of allowed steps is the database's", the_table_is_the_database_s);
    g_test_add_func("/steps/every state with every event by portal and worker goes where the table says or is refused",
                    every_state_with_every_event);
    g_test_add_func("/steps/signer and responder make no step at all", others_make_no_step);
    g_test_add_func("/steps/each step leaves one audit row and the table's mail", each_step_leaves_an_audit_row_and_its_mail);
    g_test_add_func("/steps/a request that is not there is refused", an_unknown_request_is_refused);
    g_test_add_func("/steps/a revocation wants one of the five reasons", a_wrong_reason_is_refused);
    g_test_add_func("/steps/what is over cannot be renewed", what_is_over_cannot_be_renewed);
    g_test_add_func("/steps/a request has one of eleven states", no_state_but_the_eleven);
    status = g_test_run();
    cluster_free(cluster);
    return status;
}
