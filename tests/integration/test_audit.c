/* The audit's chain: every event gets its place, heads are signed, and whatever is done to the rows afterwards is found and named. */
#include <glib/gstdio.h>
#include <string.h>

#include "ca/certificate.h"
#include "ca/signer.h"
#include "db/audit.h"
#include "db/event.h"
#include "db/request.h"
#include "ra/audit.h"
#include "ra/sweep.h"
#include "tests/integration/cluster_authority.h"

#define EVENTS 100  /* made for the test, besides what requests leave */
#define ROUNDS 1000

static World *world;
static Authority *authority;
static Settings *settings;
static Signer signer;
static Db *owner, *all; /* ALL: the superuser, whom no trigger stops */
static gint64 now;

/* --- making it ------------------------------------------------------------------------------------------------------------ */

static void
an_event(int i)
{
    static const char *const whats[] = { "login", "person-changed", "policy", "revoke", "login-refused" };
    g_autoptr(GError) error = NULL;
    g_autofree char *detail = g_strdup_printf("{\"n\": %d, \"name\": \"鏡 花子\", \"quote\": \"a\\\"b\\\\c\"}", i);
    const struct db_audit audit = { .actor = "person:1", .what = whats[i % 5], .address = "192.0.2.1", .log_id = "r-1", .detail = detail,
                                    .institution = i % 3 ? world->institution : 0 };
    g_assert_true(db_event_audit(world->portal->db, &audit, &error));
    g_assert_no_error(error);
}

static void
chain(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ra_sweep_audit(world->worker, &error));
    g_assert_no_error(error);
}

static void
head(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(signer_head(&signer, now, &error));
    g_assert_no_error(error);
}

static gint64
count(const char *of)
{
    g_autofree char *sql = g_strdup_printf("select count(*) from %s where %%N > 0", of);
    return world_int(world, sql, 1);
}

/* --- looking -------------------------------------------------------------------------------------------------------------- */

struct findings {
    GPtrArray *lines;
    struct ra_audit_check check;
};

static void
note(const char *what, gpointer data)
{
    g_ptr_array_add(data, g_strdup(what));
}

static void
look(Db *db, struct findings *f, gboolean with_log)
{
    const char *logs[] = { with_log ? settings_text(settings, "signer", "log_file") : NULL, NULL };
    g_autoptr(GError) error = NULL;
    f->lines = g_ptr_array_new_with_free_func(g_free);
    f->check = (struct ra_audit_check){ .logs = logs, .say = note, .data = f->lines };
    g_assert_true(ra_audit_verify(db, &f->check, &error));
    g_assert_no_error(error);
    g_assert_cmpint(f->check.broken, ==, f->lines->len);
}

static void
findings_clear(struct findings *f)
{
    g_ptr_array_unref(f->lines);
    g_free(f->check.hash);
}

static void
is_whole(void)
{
    struct findings f;
    look(owner, &f, TRUE);
    if (f.lines->len > 0)
        g_error("%s", (char *)f.lines->pdata[0]);
    g_assert_cmpint(f.check.links, ==, count("event"));
    g_assert_cmpint(f.check.heads, ==, count("event_head"));
    findings_clear(&f);
}

/* --- tests ---------------------------------------------------------------------------------------------------------------- */

static int
chain_at_once(int i, gpointer data)
{
    (void)data;
    g_autoptr(RaContext) ctx = world_context(world, "worker");
    g_autoptr(RaContext) portal = world_context(world, "portal");
    const struct db_audit audit = { .actor = "outsider", .what = "login-refused", .address = "", .log_id = "", .detail = "{}" };
    for (int n = 0; n < 10; n++)
        if (!db_event_audit(portal->db, &audit, NULL) || !ra_sweep_audit(ctx, NULL))
            return 1 + i;
    return 0;
}

static void
every_event_gets_one_place_whoever_gives_it(void)
{
    for (int i = 0; i < EVENTS; i++) {
        an_event(i);
        if (i % 25 == 24) {
            chain();
            head();
        }
    }
    g_assert_cmpint(world_together(4, chain_at_once, NULL), ==, 0);
    chain();
    g_assert_cmpint(count("event_unchained"), ==, 0);
    g_assert_cmpint(count("event_chain"), ==, count("event"));
    g_assert_cmpint(count("event_chain"), ==, world_int(world, "select max(seq) from event_chain where %N > 0", 1));
    head();
    head(); /* nothing new: no other one */
    g_assert_cmpint(count("event_head"), >=, 5);
    /* The witness's certificate was an event after the first look: its place comes next, and its head. */
    chain();
    head();
    is_whole();
}

static void
waiting_events_are_counted_not_called_broken(void)
{
    struct findings f;
    world_do(world, "insert into event (at, actor, what) values (now() - interval '2 minutes', 'worker', 'late') returning %N", 1);
    look(owner, &f, TRUE);
    g_assert_cmpint(f.check.broken, ==, 0);
    g_assert_cmpint(f.check.waiting, ==, 1);
    findings_clear(&f);
    chain();
    head();
    is_whole();
}

/* --- tampering ------------------------------------------------------------------------------------------------------------ */

/* @e an event's id, @s its link, @o another link's number, @h a head's link, @n the chain's end, @r a random number. */
static const struct tampering {
    const char *name, *sql;
    const char *names; /* what the first finding must name */
} tamperings[] = {
    { "at", "update event set at = at + interval '1 second' where id = @e", "event @e (" },
    { "actor", "update event set actor = actor || '1' where id = @e", "event @e (" },
    { "institution", "update event set institution = case when institution is null then 1 end where id = @e", "event @e (" },
    { "request", "update event set request = case when request is null then 1 end where id = @e", "event @e (" },
    { "what", "update event set what = what || ' ' where id = @e", "event @e (" },
    { "address", "update event set address = '192.0.2.' || @r where id = @e and address <> '192.0.2.' || @r", NULL },
    { "log id", "update event set log_id = log_id || 'x' where id = @e", "event @e (" },
    { "detail", "update event set detail = detail || jsonb_build_object('x', @r) where id = @e", "event @e (" },
    { "id", "alter table event alter id drop identity; update event set id = id + 1000000 where id = @e",
      "its event @e is gone" },
    { "taken away", "delete from event where id = @e", "its event @e is gone" },
    { "link taken away", "delete from event_chain where seq = @s", "link @s" },
    { "both taken away", "delete from event where id = @e; delete from event_chain where seq = @s", "link @s" },
    { "hash", "update event_chain set hash = sha256(hash) where seq = @s", "link @s" },
    { "moved", "update event_chain set event = -1 where seq = @s; update event_chain set event = @e where seq = @o;"
               " update event_chain set event = (select id from event where id not in (select event from event_chain)) where seq = @s",
      "link @f" },
    { "slipped in", "insert into event (id, actor, what) overriding system value values (1000000 + @r, 'officer:1', 'approve')",
      "is not in the chain" },
    { "written later",
      "with n as (insert into event (id, at, actor, what) overriding system value values (1000000 + @r, now() - interval '1 day',"
      " 'officer:1', 'approve') returning *) insert into event_chain select @n + 1, id, sha256((select hash from event_chain where"
      " seq = @n) || convert_to(event_text(n::event, @n + 1), 'UTF8')) from n", "written later" },
    { "cut off", "delete from event where id in (select event from event_chain where seq >= @s);"
                 " delete from event_head where seq >= @s; delete from event_chain where seq >= @s", "the signer's log shows" },
    { "made anew", "update event set actor = 'nobody' where id = @e; @again", "made anew" },
    { "made anew without heads", "update event set actor = 'nobody' where id = @e; @again; delete from event_head where seq >= @s",
      "made anew" },
    { "head's hash", "update event_head set hash = sha256(hash) where seq = @h", "head at link @h" },
    { "head's time", "update event_head set at = at + interval '1 second' where seq = @h", "head at link @h" },
    { "head's link", "update event_head set seq = seq + 1000000 where seq = @h", "head at link" },
    { "head's signature", "update event_head set cms = (select cms from event_head where seq <> @h limit 1) where seq = @h",
      "head at link @h" },
    { "head's bytes", "update event_head set cms = substr(cms, 1, length(cms) - 1 - @r % 100) where seq = @h", "head at link @h" },
};

static const char again[] =
    "do $$ declare x record; p bytea := coalesce((select hash from event_chain where seq = @s - 1), decode(repeat('00', 32), 'hex'));"
    " begin for x in select c.seq, c.event from event_chain c where c.seq >= @s order by c.seq loop"
    " p := sha256(p || convert_to(event_text((select e from event e where e.id = x.event), x.seq), 'UTF8'));"
    " update event_chain set hash = p where seq = x.seq; end loop; end $$";

static void
fill(GString *text, const char *word, gint64 number)
{
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, number);
    g_string_replace(text, word, digits, 0);
}

struct target { gint64 event, link, other, head, end, number; };

static char *
filled(const char *template, const struct target *t)
{
    GString *text = g_string_new(template);
    g_string_replace(text, "@again", again, 0);
    fill(text, "@e", t->event);
    fill(text, "@s", t->link);
    fill(text, "@o", t->other);
    fill(text, "@f", MIN(t->link, t->other));
    fill(text, "@h", t->head);
    fill(text, "@n", t->end);
    fill(text, "@r", t->number);
    return g_string_free(text, FALSE);
}

static gint64
pick(GRand *rand, const char *column, const char *table)
{
    g_autofree char *sql = g_strdup_printf("select %s from %s order by %s offset %%N limit 1", column, table, column);
    return world_int(world, sql, g_rand_int_range(rand, 0, (gint32)count(table)));
}

static struct target
aim(GRand *rand)
{
    struct target t = { .link = pick(rand, "seq", "event_chain"), .other = pick(rand, "seq", "event_chain"),
                        .head = pick(rand, "seq", "event_head"), .end = count("event_chain"), .number = g_rand_int_range(rand, 2, 250) };
    t.event = world_int(world, "select event from event_chain where seq = %N", t.link);
    if (t.other == t.link)
        t.other = t.link == 1 ? 2 : t.link - 1;
    return t;
}

static void
is_found(const struct tampering *tampering, const struct target *target)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sql = filled(tampering->sql, target);
    g_autofree char *names = tampering->names ? filled(tampering->names, target) : NULL;
    struct findings f;
    if (!db_begin(all, &error) || !db_script(all, "set local session_replication_role = replica", &error) || !db_script(all, sql, &error))
        g_error("%s: %s", tampering->name, error->message);
    look(all, &f, TRUE);
    db_rollback(all);
    if (f.lines->len == 0)
        g_error("not found: %s: %s", tampering->name, sql);
    if (names && !strstr(f.lines->pdata[0], names))
        g_error("%s: '%s' does not name '%s'", tampering->name, (char *)f.lines->pdata[0], names);
    findings_clear(&f);
}

static void
a_thousand_tamperings_are_all_found_and_named(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261124);
    is_whole();
    for (int i = 0; i < ROUNDS; i++) {
        const struct target target = aim(rand);
        is_found(&tamperings[i % G_N_ELEMENTS(tamperings)], &target);
    }
    is_whole();
}

/* --- the rest ------------------------------------------------------------------------------------------------------------- */

static void
no_act_without_its_audit_row(void)
{
    g_autoptr(GError) error = NULL;
    gint64 number = world_ready(world, world->person, "client", 13);
    gint64 events = count("event"), mails = count("outbox");
    const struct db_step what = { .number = number, .event = "withdraw", .actor = "person:1", .address = "", .log_id = "" };
    cluster_do(world->cluster, "create function full_disk() returns trigger language plpgsql as"
                               " 'begin raise exception ''no space left on device'' using errcode = ''53100''; end';"
                               "create trigger full_disk before insert on event for each row execute function full_disk()");
    g_autofree char *refused = db_request_step(world->portal->db, &what, &error);
    g_assert_null(refused);
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_autofree char *state = world_text(world, "select state from request where number = %N", number);
    g_assert_cmpstr(state, ==, "ready");
    g_assert_cmpint(count("event"), ==, events);
    g_assert_cmpint(count("outbox"), ==, mails);
    cluster_do(world->cluster, "drop trigger full_disk on event; drop function full_disk()");
    g_autofree char *next = db_request_step(world->portal->db, &what, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(next, ==, "lapsed");
}

static char *
inkan(const char *command, int expected)
{
    g_autofree char *line = g_strdup_printf("build/inkan -c '%s' %s", world->file, command);
    g_autofree char *program = g_strdup(g_getenv("BUILD"));
    if (program) {
        g_free(line);
        line = g_strdup_printf("%s/inkan -c '%s' %s", program, world->file, command);
    }
    char *out = NULL;
    int status = 0;
    const char *argv[] = { "sh", "-c", line, NULL };
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &status, NULL));
    g_assert_cmpint(WEXITSTATUS(status), ==, expected);
    return out;
}

/* As inkan.1 prints it. */
static const char elsewhere[] =
    "import hashlib, json, sys\n"
    "before = bytes(32)\n"
    "for line in sys.stdin.buffer:\n"
    "    told, text = json.loads(line)['hash'], line.rstrip(b'\\n')[line.index(b'\"event\": ') + 9:-1]\n"
    "    before = hashlib.sha256(before + text).digest()\n"
    "    assert before.hex() == told, text\n"
    "print(before.hex())\n";

static void
others_can_verify_what_is_exported(void)
{
    chain();
    head();
    g_autofree char *told = inkan("audit verify", 0);
    g_autofree char *script = g_build_filename(world->folder, "verify.py", NULL);
    g_assert_true(g_file_set_contents(script, elsewhere, -1, NULL));
    g_autofree char *pipe = g_strdup_printf("audit export | python3 '%s'", script);
    g_autofree char *hash = inkan(pipe, 0);
    g_strchomp(hash);
    g_assert_cmpuint(strlen(hash), ==, 64);
    g_assert_nonnull(strstr(told, hash));
    g_autofree char *changed = g_strdup_printf("audit export | sed 's/login-refused/login/;' | python3 '%s' 2>/dev/null", script);
    g_autofree char *nothing = inkan(changed, 1);
    g_assert_cmpstr(nothing, ==, "");
    g_unlink(script);
}

static void
tables_hold_what_was_asked_for(void)
{
    g_autofree char *tsv = inkan("audit export --format tsv --institution 'Kagami University'", 0);
    g_auto(GStrv) lines = g_strsplit(tsv, "\r\n", -1);
    g_assert_true(g_str_has_prefix(lines[0], "seq\tat\tactor\tinstitution\trequest\twhat\t"));
    for (guint i = 1; lines[i + 1]; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
        g_assert_cmpuint(g_strv_length(cells), ==, 10);
        g_assert_cmpstr(cells[3], ==, "Kagami University");
    }
    g_assert_cmpint(g_strv_length(lines) - 2, ==,
                    world_int(world, "select count(*) from event where institution = %N", world->institution));
    g_autofree char *none = inkan("audit export --to 2020-01-01", 0);
    g_assert_cmpstr(none, ==, "");
    g_free(inkan("audit export --format xml 2>/dev/null", 2));
    g_free(inkan("audit export --institution Nowhere 2>/dev/null", 3));
}

static void
a_chain_that_was_made_anew_gets_no_head(void)
{
    g_autoptr(GError) error = NULL;
    gint64 heads = count("event_head");
    struct findings f;
    cluster_do(world->cluster, "set session_replication_role = replica; update event_chain set hash = sha256(hash) where seq ="
                               " (select max(seq) from event_head)");
    an_event(1);
    chain();
    g_assert_false(signer_head(&signer, now, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_BROKEN);
    g_assert_nonnull(strstr(error->message, "audit: link"));
    g_assert_cmpint(count("event_head"), ==, heads);
    look(owner, &f, FALSE);
    g_assert_cmpint(f.check.broken, >, 0);
    findings_clear(&f);
    g_free(inkan("audit verify", 1));
}

static void
prepare(void)
{
    g_autoptr(GError) error = NULL;
    world = world_new_bare(NULL);
    authority = authority_new(world);
    authority_stop(authority, "signer"); /* it would sign heads at times of its own */
    settings = settings_load(world->file, &error);
    g_assert_no_error(error);
    now = g_get_real_time() / G_USEC_PER_SEC;
    signer = (Signer){ .settings = settings, .db = db_new(cluster_conninfo(world->cluster, "signer")) };
    signer.issuers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)ca_issuer_free);
    signer.log = signer_log_open(settings_text(settings, "signer", "log_file"), &error);
    g_assert_no_error(error);
    g_assert_nonnull(signer_issuer(&signer, "client", &error));
    owner = db_new(cluster_conninfo(world->cluster, "owner"));
    all = db_new(cluster_conninfo(world->cluster, "superuser"));
}

static int
clear(int status)
{
    signer_witness_free(signer.witness);
    g_hash_table_unref(signer.issuers);
    signer_log_close(signer.log);
    db_free(signer.db);
    db_free(owner);
    db_free(all);
    settings_free(settings);
    authority_free(authority);
    world_free(world);
    return status;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    prepare();
    g_test_add_func("/audit/every event gets one place, whoever gives it", every_event_gets_one_place_whoever_gives_it);
    g_test_add_func("/audit/waiting events are counted, not called broken", waiting_events_are_counted_not_called_broken);
    g_test_add_func("/audit/no act without its audit row", no_act_without_its_audit_row);
    g_test_add_func("/audit/others can verify what is exported", others_can_verify_what_is_exported);
    g_test_add_func("/audit/tables hold what was asked for", tables_hold_what_was_asked_for);
    g_test_add_func("/audit/a thousand tamperings are all found and named", a_thousand_tamperings_are_all_found_and_named);
    g_test_add_func("/audit/a chain that was made anew gets no head", a_chain_that_was_made_anew_gets_no_head);
    return clear(g_test_run());
}
