/* What each role may do: tests/grants.table against the database, line by line, and the things that must never be possible,
   really tried. */
#include "tests/integration/cluster.h"

#include <string.h>

static Cluster *cluster;

/* "role table privileges", the columns of column grants in brackets, and "role function NAMES"; sorted. */
static const char ACTUAL[] =
    "with role as (select oid, substr(rolname, 7) as name from pg_roles where rolname like 'inkan\\_%' and rolname not in"
    "   ('inkan_owner', 'inkan_reader')),"
    " whole as (select r.name as role, c.relname as thing, lower(a.privilege_type) as what from pg_class c, aclexplode(c.relacl) a, role r"
    "   where c.relnamespace = 'public'::regnamespace and a.grantee = r.oid and c.relkind in ('r', 'S', 'v')),"
    " part as (select r.name as role, c.relname as thing, lower(a.privilege_type) || '(' || string_agg(t.attname, ',' order by t.attname) || ')' as what"
    "   from pg_class c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a, role r"
    "   where c.relnamespace = 'public'::regnamespace and a.grantee = r.oid group by r.name, c.relname, a.privilege_type),"
    " func as (select r.name as role, 'function'::name as thing, p.proname::text as what from pg_proc p, aclexplode(p.proacl) a, role r"
    "   where p.pronamespace = 'public'::regnamespace and a.grantee = r.oid)"
    " select string_agg(line, e'\\n' order by line collate \"C\") from (select role || ' ' || thing || ' ' || string_agg(what, ' ' order by what) as line"
    "   from (select * from whole union all select * from part union all select * from func) x group by role, thing) y";

static GHashTable *lines_of(const char *text) {
    GHashTable *lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) split = g_strsplit(text, "\n", -1);

    for (int i = 0; split[i] != NULL; i++)
        if (split[i][0] != '#' && split[i][0] != '\0') g_hash_table_add(lines, g_strdup(split[i]));
    return lines;
}

static int missing(GHashTable *from, GHashTable *in, const char *what) {
    GHashTableIter iter;
    gpointer line;
    int n = 0;

    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &line, NULL)) {
        if (g_hash_table_contains(in, line)) continue;
        g_printerr("# %s: %s\n", what, (const char *)line);
        n++;
    }
    return n;
}

static void the_table_is_what_is_granted(void) {
    g_autofree char *text = NULL, *seen = cluster_text(cluster, ACTUAL);
    g_autoptr(GHashTable) wanted = NULL, actual = lines_of(seen);

    g_assert_true(g_file_get_contents("tests/grants.table", &text, NULL, NULL));
    wanted = lines_of(text);
    g_assert_cmpint(missing(wanted, actual, "not granted") + missing(actual, wanted, "granted, but not in tests/grants.table"), ==, 0);
}

static void nothing_for_everybody(void) {
    g_assert_cmpint(cluster_int(cluster, "select count(*) from pg_class c, aclexplode(c.relacl) a where a.grantee = 0"
                                         " and c.relnamespace = 'public'::regnamespace"), ==, 0);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from pg_proc p left join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
                                         " on true where p.pronamespace = 'public'::regnamespace and a.grantee = 0"), ==, 0);
    g_assert_cmpint(cluster_int(cluster, "select count(*) from pg_roles where rolname like 'inkan\\_%' and rolname <> 'inkan_owner'"
                                         " and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)"), ==, 0);
}

/* Whoever has the portal's connection must not be able to make, change or forget any of this. */
static const struct {
    const char *role, *sql;
} never[] = {
    { "portal", "update request set state = 'ready'" },
    { "portal", "update request set mail = 'evil@evil.example'" },
    { "portal", "update request set common_name = 'Somebody Else'" },
    { "portal", "update request set organization = 'Other'" },
    { "portal", "update request set type = 'smime'" },
    { "portal", "update request set person = 1" },
    { "portal", "update request set cycle_end = now() + interval '100 years'" },
    { "portal", "insert into request (person, type, months, memo, mail, state) values (1, 'client', 52, '', 'a@kagami.example', 'ready')" },
    { "portal", "insert into request (person, type, months, mail, common_name) values (1, 'client', 52, 'a@kagami.example', 'X')" },
    { "portal", "delete from request" },
    { "portal", "insert into pickup (request, cycle, not_before, not_after, token_hash, pin_salt, pin_mail, expires_at)"
                " values (1, 9, now(), now(), '\\x00', '\\x00', false, now())" },
    { "portal", "update pickup set tries = 0" },
    { "portal", "update pickup set locked_at = null" },
    { "portal", "update pickup set pin_hash = '\\x00'" },
    { "portal", "insert into certificate (issuer, serial) values ('client', 'aa')" },
    { "portal", "update request set months = 52" },
    { "portal", "update request set cycle = cycle + 1" },
    { "portal", "insert into request (number, person, type, months, mail) overriding system value values (9, 1, 'client', 52, 'a@kagami.example')" },
    { "portal", "update person set institution = 1" },
    { "portal", "update person set identifier = 'somebody-else'" },
    { "portal", "update person set idp = 'https://evil'" },
    { "portal", "update pickup set token_hash = sha256('mine')" },
    { "portal", "update pickup set ended = null" },
    { "portal", "update pickup set expires_at = now() + interval '10 years'" },
    { "portal", "update pickup set not_after = now() + interval '10 years'" },
    { "portal", "update certificate set subject = 'CN=Somebody Else'" },
    { "portal", "update certificate set serial = repeat('1b', 20)" },
    { "portal", "select request_hold(1)" },
    { "portal", "set role inkan_worker" },
    { "portal", "set session authorization inkan_signer" },
    { "worker", "update request set months = 52" },
    { "worker", "update request set type = 'smime'" },
    { "worker", "update request set common_name = 'Somebody Else'" },
    { "worker", "update pickup set request = 1" },
    { "worker", "update pickup set not_after = now() + interval '10 years'" },
    { "worker", "update pickup set pin_hash = '\\x00'" },
    { "worker", "update certificate set subject = 'CN=Somebody Else'" },
    { "worker", "insert into person (institution, idp, identifier, display_name) values (1, 'x', 'x', 'x')" },
    { "worker", "insert into institution_idp (entity_id, institution) values ('https://evil', 1)" },
    { "worker", "update institution set mail_domains = '{evil.example}'" },
    { "worker", "insert into profile (name, type, months, issuer, key_usage, extended) values ('x', 'client', 52, 'client', '{}', '{}')" },
    { "worker", "insert into blocked_key (spki_sha256, why) values (sha256('x'), 'operator')" },
    { "worker", "select certificate_revoke('client', 'aa', 'superseded', 'me')" },
    { "worker", "set role inkan_signer" },
    { "portal", "delete from blocked_key" },
    { "portal", "insert into blocked_key (spki_sha256, why) values (sha256('x'), 'operator')" },
    { "portal", "alter table certificate disable trigger all" },
    { "portal", "set session_replication_role = 'replica'" },
    { "signer", "insert into blocked_key (spki_sha256, why) values (sha256('x'), 'operator')" },
    { "signer", "delete from blocked_key" },
    { "signer", "insert into certificate (issuer, serial) values ('client', 'aa')" },
    { "signer", "update intent set state = 'void', ended_at = now()" },
    { "signer", "insert into intent (issuer, serial) values ('client', 'aa')" },
    { "portal", "select * from intent" },
    { "portal", "select intent_begin('client', 'aa', 1, 1, 'x', 0, 'x', 'x', 'p256', null, 0)" },
    { "portal", "select intent_store(1, 'x', 'CN=x', 'x', '')" },
    { "portal", "select intent_void(1)" },
    { "worker", "select intent_begin('client', 'aa', 1, 1, 'x', 0, 'x', 'x', 'p256', null, 0)" },
    { "worker", "select intent_store(1, 'x', 'CN=x', 'x', '')" },
    { "worker", "select intent_void(1)" },
    { "worker", "delete from blocked_key" },
    { "portal", "update certificate set revoked_at = null" },
    { "portal", "delete from certificate" },
    { "portal", "insert into issuer (name, certificate, key_name) values ('evil', '\\x30', 'evil')" },
    { "portal", "update profile set extended = '{}'" },
    { "portal", "update institution set max_active = 1000000" },
    { "portal", "update institution set mail_domains = '{evil.example}'" },
    { "portal", "insert into institution_idp (entity_id, institution) values ('https://evil', 1)" },
    { "portal", "insert into idp (source, entity_id, xml, valid_until) values ('x', 'https://evil', '', now())" },
    { "portal", "insert into outbox (event, recipient) values ('ready', 'evil@evil.example')" },
    { "portal", "select sealed from outbox" },
    { "portal", "update outbox set recipient = 'evil@evil.example'" },
    { "portal", "insert into event (actor, what) values ('operator', 'x')" },
    { "portal", "delete from event" },
    { "portal", "insert into job (kind, request) values ('issue', 1)" },
    { "portal", "select certificate_revoke('client', 'aa', 'superseded', 'me')" },
    { "portal", "select pickup_new_pin(1, '\\x00', '\\x00', '\\x00')" },
    { "portal", "select pickup_end(1, 1, 'done')" },
    { "portal", "select queue_mail(1, 'ready', '{}', null)" },
    { "portal", "insert into crl (issuer, shard, number, this_update, next_update, der) values ('client', 0, 1, now(), now(), '\\x30')" },
    { "portal", "update service set time_zone = 'UTC'" },
    { "portal", "create table evil (x integer)" },
    { "portal", "copy request to program 'id'" },
    { "portal", "set role inkan_owner" },
    { "worker", "update request set state = 'ready'" },
    { "worker", "update request set mail = 'evil@evil.example'" },
    { "worker", "insert into request (person, type, months, mail) values (1, 'client', 52, 'a@kagami.example')" },
    { "worker", "insert into certificate (issuer, serial) values ('client', 'aa')" },
    { "worker", "update certificate set revoked_at = null" },
    { "worker", "delete from certificate" },
    { "worker", "update outbox set recipient = 'evil@evil.example'" },
    { "worker", "insert into outbox (event, recipient) values ('ready', 'evil@evil.example')" },
    { "worker", "delete from event" },
    { "worker", "insert into crl (issuer, shard, number, this_update, next_update, der) values ('client', 0, 1, now(), now(), '\\x30')" },
    { "worker", "update person set mails = '{evil@evil.example}'" },
    { "signer", "update request set common_name = 'Somebody Else'" },
    { "signer", "insert into request (person, type, months, mail) values (1, 'client', 52, 'a@kagami.example')" },
    { "signer", "update pickup set token_hash = '\\x00'" },
    { "signer", "insert into pickup (request, cycle) values (1, 9)" },
    { "signer", "update certificate set revoked_at = now(), reason = 'superseded'" },
    { "signer", "delete from certificate" },
    { "signer", "select * from session" },
    { "signer", "select * from outbox" },
    { "signer", "update profile set months = 120" },
    { "signer", "select request_step(1, 'revoke', 'x', '', '', '{}', null, null)" },
    { "responder", "select * from request" },
    { "responder", "select * from person" },
    { "responder", "select der from certificate" },
    { "responder", "select subject from certificate" },
    { "responder", "update certificate set revoked_at = null" },
    { "responder", "select * from pickup" },
    { "responder", "select * from session" },
};

static void never_possible(void) {
    int failed = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(never); i++) {
        g_autofree char *why = cluster_try(cluster, never[i].role, never[i].sql);

        if (why != NULL && g_str_has_prefix(why, "42501 ")) continue;
        g_printerr("# %s: %s: %s\n", never[i].role, never[i].sql, why == NULL ? "possible" : why);
        failed++;
    }
    g_assert_cmpint(failed, ==, 0);
}

/* What is for nobody at all, the owner included. */
static const char *const kept[] = {
    "update event set what = 'nothing'",
    "delete from event",
    "truncate event",
    "update event_chain set hash = sha256('other')",
    "delete from event_chain",
    "truncate event_chain",
    "update event_head set at = now()",
    "delete from event_head",
    "truncate event_head",
    "delete from certificate",
    "update certificate set revoked_at = null, reason = null",
    "update certificate set revoked_at = now() + interval '1 day'",
    "update certificate set reason = 'unspecified'",
    "update certificate set der = '\\x3000'",
    "update certificate set not_after = now() + interval '10 years'",
    "update blocked_key set spki_sha256 = sha256('other')",
    "delete from blocked_key",
    "truncate blocked_key",
    "update crl set number = number",
    "update crl set number = number - 1",
    "update crl set number = number + 1, this_update = this_update - interval '1 second'",
};

static void kept_from_everybody(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autofree char *why = cluster_try(cluster, "owner", kept[i]);

        g_test_message("%s", kept[i]);
        g_assert_nonnull(why);
        g_assert_true(g_str_has_prefix(why, "IK000 "));
    }
}

/* The portal's insert fills in what only the database may decide, whatever the clock and the person say. */
static void an_application_is_filled_in(void) {
    static const struct {
        const char *sql, *rule;
    } refused[] = {
        { "insert into request (person, type, months, mail) values (1, 'server', 52, 'hanako@kagami.example')", "type" },
        { "insert into request (person, type, months, mail) values (1, 'client', 53, 'hanako@kagami.example')", "months" },
        { "insert into request (person, type, months, mail) values (1, 'client', 52, 'other@kagami.example')", "mail" },
        { "insert into request (person, type, months, mail) values (999, 'client', 52, 'hanako@kagami.example')", "person" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *why = cluster_try(cluster, "portal", refused[i].sql);
        g_autofree char *wanted = g_strdup_printf("IK000 %s", refused[i].rule);
        g_assert_cmpstr(why, ==, wanted);
    }
    g_autofree char *good = cluster_try(cluster, "portal", "insert into request (person, type, months, mail)"
                                                           " values (1, 'client', 52, 'hanako@kagami.example')");
    g_assert_null(good);
}

static void fill(void) {
    cluster_base(cluster);
    cluster_request(cluster,
                    cluster_person(cluster, cluster_institution(cluster, "Kagami University", "kagami.example", "https://idp"), "hanako"),
                    "client", 52);
    cluster_do(cluster,
               "insert into pickup (request, cycle, not_before, not_after, token_hash, pin_salt, pin_hash, pin_mail, expires_at)"
               " select number, 1, not_before, not_after, sha256('t'), '\\x00', '\\x00', true, now() + interval '30 days' from request;"
               "insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after, key_kind,"
               " revoked_at, reason) select 'client', repeat('2b', 20), request, id, '\\x30', 'CN=x', '\\x00', '\\x00', not_before, not_after, 'p256',"
               " now(), 'superseded' from pickup;"
               "insert into crl (issuer, shard, number, this_update, next_update, der)"
               " values ('client', 0, 5, now(), now() + interval '1 day', '\\x30');"
               "insert into event (actor, what) values ('test', 'x')");
}

int main(int argc, char **argv) {
    int status;

    g_test_init(&argc, &argv, NULL);
    cluster = cluster_new();
    fill();
    g_test_add_func("/grants/the table says exactly what is granted", the_table_is_what_is_granted);
    g_test_add_func("/grants/nothing is for everybody, and no role is more than a user", nothing_for_everybody);
    g_test_add_func("/grants/what no role may ever do is refused", never_possible);
    g_test_add_func("/grants/events, certificates and CRLs are kept even from their owner", kept_from_everybody);
    g_test_add_func("/grants/an application that breaks a rule is refused with the rule's word", an_application_is_filled_in);
    status = g_test_run();
    cluster_free(cluster);
    return status;
}
