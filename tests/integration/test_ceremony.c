/* How the authority comes into being, on an empty database; certificates are judged by openssl. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ceremony.h"
#include "ca/certificate.h"
#include "db/log.h"
#include "tests/integration/cluster.h"

static char *folder;

struct stage {
    Cluster *cluster;
    Db *db;
    Secret *passphrase;
    char *keys;
    struct ceremony_plan plan;
};

static void
stage_set(struct stage *stage)
{
    static int n;
    stage->cluster = cluster_new();
    cluster_do(stage->cluster, "insert into service (time_zone) values ('Asia/Tokyo')");
    stage->db = db_new(cluster_conninfo(stage->cluster, "owner"));
    stage->passphrase = secret_from_text("correct horse");
    stage->keys = g_strdup_printf("%s/keys%d", folder, n++);
    ceremony_defaults(&stage->plan);
    stage->plan.keys = stage->keys;
    stage->plan.passphrase = stage->passphrase;
    stage->plan.publish_url = "http://pki.example";
    stage->plan.time_zone = "Asia/Tokyo";
    stage->plan.country = "JP";
    stage->plan.organization = "Kagami Federation";
    stage->plan.name = "Kagami";
    stage->plan.now = 1800000000; /* 2027-01-15 17:00 in Tokyo */
}

static void
stage_clear(struct stage *stage)
{
    db_free(stage->db);
    secret_free(stage->passphrase);
    cluster_free(stage->cluster);
    g_free(stage->keys);
}

static char *
init(struct stage *stage)
{
    g_autoptr(GError) error = NULL;
    char *report = ceremony_init(stage->db, &stage->plan, &error);
    g_assert_no_error(error);
    g_assert_nonnull(report);
    return report;
}

static CaCertificateInfo *
certificate(struct stage *stage, const char *name)
{
    g_autofree char *sql = g_strdup_printf("select encode(certificate, 'hex') from issuer where name = '%s'", name);
    g_autofree char *hex = cluster_text(stage->cluster, sql);
    g_autoptr(GBytes) der = crypto_unhex(hex);
    CaCertificateInfo *info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL);
    g_assert_nonnull(info);
    return info;
}

static char *
openssl_text(const CaCertificateInfo *info)
{
    g_autofree char *file = g_build_filename(folder, "one.der", NULL), *out = NULL;
    g_autofree char *command = g_strdup_printf("openssl x509 -inform DER -in %s -noout -text -nameopt RFC2253", file);
    g_assert_true(g_file_set_contents(file, g_bytes_get_data(info->der, NULL), (gssize)g_bytes_get_size(info->der), NULL));
    g_assert_true(g_spawn_command_line_sync(command, &out, NULL, NULL, NULL));
    return g_steal_pointer(&out);
}

static void
has(const char *text, const char *words)
{
    if (!strstr(text, words))
        g_error("'%s' is not in: %s", words, text);
}

static void
it_makes_a_root_and_two_cas_below_it(void)
{
    struct stage stage;
    stage_set(&stage);
    g_autofree char *report = init(&stage);
    g_autoptr(CaCertificateInfo) root = certificate(&stage, "root"), client = certificate(&stage, "client"),
                                 smime = certificate(&stage, "smime");
    g_assert_cmpstr(root->subject, ==, "C=JP, O=Kagami Federation, CN=Kagami Root CA");
    g_assert_cmpstr(client->subject, ==, "C=JP, O=Kagami Federation, CN=Kagami Client CA");
    g_assert_cmpstr(smime->subject, ==, "C=JP, O=Kagami Federation, CN=Kagami S/MIME CA");
    g_assert_true(ca_certificate_issued_by(root->der, root->der));
    g_assert_true(ca_certificate_issued_by(client->der, root->der));
    g_assert_true(ca_certificate_issued_by(smime->der, root->der));
    g_assert_cmpint(root->not_after, ==, ca_validity_end(stage.plan.now, 25 * 12, "Asia/Tokyo"));
    g_assert_cmpint(client->not_after, ==, ca_validity_end(stage.plan.now, 15 * 12, "Asia/Tokyo"));
    g_assert_cmpstr(root->key, ==, "p384");
    g_assert_cmpstr(client->key, ==, "p256");
    const CaCertificateInfo *all[] = { root, client, smime };
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        has(report, all[i]->fingerprint);
    has(report, "private CA");

    g_autofree char *text = openssl_text(client);
    has(text, "CA:TRUE, pathlen:0");
    has(text, "Certificate Sign, CRL Sign");
    has(text, "TLS Web Client Authentication, OCSP Signing");
    has(text, "URI:http://pki.example/crl/root-0.crl");
    has(text, "CA Issuers - URI:http://pki.example/ca/root.cer");
    g_autofree char *mail = openssl_text(smime);
    has(mail, "E-mail Protection, OCSP Signing");
    stage_clear(&stage);
}

static void
the_profiles_in_force_have_the_long_subject(void)
{
    struct stage stage;
    stage_set(&stage);
    static const char *const policies[] = { "1.3.6.1.4.1.99999.1", NULL };
    stage.plan.smime_policies = policies;
    g_autofree char *report = init(&stage);
    g_autofree char *rows = cluster_text(stage.cluster, "select string_agg(name || '/' || months || '/' || issuer || '/' || subject || '/' ||"
                                         " (valid_from = 'infinity'), ' ' order by id) from profile");
    g_assert_cmpstr(rows, ==,
                    "client-52/52/client/dn/false client-25/25/client/dn/false client-13/13/client/dn/false officer-25/25/client/dn/false "
                    "smime-52/52/smime/dn/false smime-25/25/smime/dn/false smime-13/13/smime/dn/false "
                    "smime-mail-52/52/smime/mail/true smime-mail-25/25/smime/mail/true smime-mail-13/13/smime/mail/true");
    g_autofree char *now = cluster_text(stage.cluster, "select string_agg((profile_now(t, m)).name, ' ') from unnest('{client,smime}'::text[]) t,"
                                        " unnest('{52,25,13}'::int[]) m");
    g_assert_cmpstr(now, ==, "client-52 client-25 client-13 smime-52 smime-25 smime-13");
    g_assert_cmpint(cluster_int(stage.cluster, "select count(*) from profile where policies = '{1.3.6.1.4.1.99999.1}'"), ==, 6);
    stage_clear(&stage);
}

static void
keys_of_a_ceremony_that_was_cut_short_are_taken_up(void)
{
    struct stage stage;
    stage_set(&stage);
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(stage.keys, "root.pem", NULL), *left = g_build_filename(stage.keys, "client.pem.new", NULL);
    g_autofree char *before = NULL, *after = NULL;
    /* The rows cannot come: it ends where a kill might end it, after the keys. */
    cluster_do(stage.cluster, "alter table profile add constraint never check (months < 0)");
    g_assert_null(ceremony_init(stage.db, &stage.plan, &error));
    g_assert_error(error, DB_ERROR, DB_ERROR_BROKEN);
    g_assert_cmpint(cluster_int(stage.cluster, "select count(*) from issuer"), ==, 0);
    g_assert_true(g_file_get_contents(file, &before, NULL, NULL));
    cluster_do(stage.cluster, "alter table profile drop constraint never");
    g_assert_true(g_file_set_contents(left, "half of a key", -1, NULL));
    g_autofree char *client = g_build_filename(stage.keys, "client.pem", NULL);
    g_assert_cmpint(g_unlink(client), ==, 0);
    g_autofree char *report = init(&stage);
    g_assert_true(g_file_get_contents(file, &after, NULL, NULL));
    g_assert_cmpstr(before, ==, after);
    g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    stage_clear(&stage);
}

static void
another_passphrase_does_not_make_another_key(void)
{
    struct stage stage;
    stage_set(&stage);
    g_autoptr(GError) error = NULL;
    g_autofree char *report = init(&stage);
    cluster_do(stage.cluster, "delete from crl; delete from profile; delete from issuer where parent is not null; delete from issuer");
    g_autoptr(Secret) other = secret_from_text("wrong horse");
    stage.plan.passphrase = other;
    g_assert_null(ceremony_init(stage.db, &stage.plan, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_BROKEN);
    has(error->message, "root.pem");
    g_assert_null(strstr(error->message, "horse"));
    stage_clear(&stage);
}

static void
a_second_ceremony_is_refused_and_changes_nothing(void)
{
    struct stage stage;
    stage_set(&stage);
    g_autoptr(GError) error = NULL;
    g_autofree char *report = init(&stage);
    g_autoptr(CaCertificateInfo) before = certificate(&stage, "root");
    g_assert_null(ceremony_init(stage.db, &stage.plan, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_REFUSED);
    g_autoptr(CaCertificateInfo) after = certificate(&stage, "root");
    g_assert_cmpstr(before->fingerprint, ==, after->fingerprint);
    stage_clear(&stage);
}

static void
the_roots_key_may_lie_elsewhere_and_signs_its_next_crl(void)
{
    struct stage stage;
    stage_set(&stage);
    g_autoptr(GError) error = NULL;
    g_autofree char *medium = g_build_filename(folder, "medium", NULL), *wrong = g_build_filename(stage.keys, "root.pem", NULL);
    stage.plan.root_keys = medium;
    g_autofree char *report = init(&stage);
    g_assert_false(g_file_test(wrong, G_FILE_TEST_EXISTS));
    g_assert_cmpint(cluster_int(stage.cluster, "select count(*) from crl where issuer = 'root' and number = 1"), ==, 2);
    stage.plan.now += 300 * 86400;
    g_assert_true(ceremony_root_crl(stage.db, &stage.plan, &error));
    g_assert_no_error(error);
    g_assert_cmpint(cluster_int(stage.cluster, "select count(*) from crl where issuer = 'root' and number = 2 and"
                                               " next_update = this_update + interval '365 days'"), ==, 2);
    stage.plan.root_keys = NULL; /* the medium is away */
    g_assert_false(ceremony_root_crl(stage.db, &stage.plan, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_BROKEN);
    stage_clear(&stage);
}

static void
what_cannot_be_is_said_before_anything_is_made(void)
{
    struct stage stage;
    stage_set(&stage);
    struct ceremony_plan plans[6];
    g_autoptr(Secret) shorter = secret_from_text("seven77");
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++)
        plans[i] = stage.plan;
    plans[0].passphrase = shorter;
    plans[1].name = "";
    plans[2].issuing_years = 26;
    plans[3].root_years = 0;
    plans[4].publish_url = "";
    plans[5].time_zone = "Kagami/Nowhere";
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ceremony_init(stage.db, &plans[i], &error));
        g_assert_error(error, CA_ERROR, CA_ERROR_INPUT);
    }
    g_assert_false(g_file_test(stage.keys, G_FILE_TEST_EXISTS));
    stage_clear(&stage);
}

static void
keys_go_to_the_owner_of_their_folder(void)
{
    if (geteuid() != 0) {
        g_test_skip("only root can give a file away");
        return;
    }
    struct stage stage;
    stage_set(&stage);
    g_assert_cmpint(g_mkdir(stage.keys, 0700), ==, 0);
    g_assert_cmpint(chown(stage.keys, 1, 1), ==, 0);
    g_autofree char *report = init(&stage), *file = g_build_filename(stage.keys, "smime.pem", NULL);
    struct stat about;
    g_assert_cmpint(stat(file, &about), ==, 0);
    g_assert_cmpuint(about.st_uid, ==, 1);
    g_assert_cmpuint(about.st_mode & 07777, ==, 0600);
    stage_clear(&stage);
}

static void
long_smime_is_warned_of_and_nothing_else(void)
{
    g_assert_nonnull(ceremony_warning("smime", 52));
    g_assert_null(ceremony_warning("smime", 25));
    g_assert_null(ceremony_warning("smime", 13));
    g_assert_null(ceremony_warning("client", 52));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_ERROR);
    crypto_start();
    folder = g_dir_make_tmp("inkan-ceremony-XXXXXX", NULL);
    g_test_add_func("/ceremony/it makes a root and two CAs below it", it_makes_a_root_and_two_cas_below_it);
    g_test_add_func("/ceremony/the profiles in force have the long subject", the_profiles_in_force_have_the_long_subject);
    g_test_add_func("/ceremony/keys of a ceremony that was cut short are taken up", keys_of_a_ceremony_that_was_cut_short_are_taken_up);
    g_test_add_func("/ceremony/another passphrase does not make another key", another_passphrase_does_not_make_another_key);
    g_test_add_func("/ceremony/a second ceremony is refused and changes nothing", a_second_ceremony_is_refused_and_changes_nothing);
    g_test_add_func("/ceremony/the root's key may lie elsewhere and signs its next CRL",
                    the_roots_key_may_lie_elsewhere_and_signs_its_next_crl);
    g_test_add_func("/ceremony/what cannot be is said before anything is made", what_cannot_be_is_said_before_anything_is_made);
    g_test_add_func("/ceremony/keys go to the owner of their folder", keys_go_to_the_owner_of_their_folder);
    g_test_add_func("/ceremony/long S-MIME is warned of and nothing else", long_smime_is_warned_of_and_nothing_else);
    int result = g_test_run();
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(folder);
    return result;
}
