/*
 * The opener: its children can do nothing but answer; whatever goes wrong with one is that message's refusal and nobody else's;
 * and what they answer is believed in nothing. The children that go wrong here are real ones, with other jobs in the table.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libxml/xmlmemory.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/log.h"
#include "db/prefork.h"
#include "sp/attributes.h"
#include "sp/carry.h"
#include "sp/opener_wire.h"
#include "sp/record.h"
#include "sp/request.h"
#include "tests/unit/sp_fixture.h"

#define MB (1024 * 1024)

/* --- children that do what they are told ---------------------------------------------------------------------------------- */

static gboolean say(const struct sp_job *job, const char *text, GError **error)
{
    SpRecordWriter *writer = sp_record_new(MB);
    sp_record_put_text(writer, text);
    return sp_job_send(job, sp_record_take(writer), error);
}

static void *volatile last;

static void end_by_memory(void)
{
    for (;;) memset(last = g_malloc(MB), 1, MB);
}

static void end_by_memory_of_libxml(void)
{
    for (;;) memset(last = xmlMalloc(MB), 1, MB);
}

static void call(long number)
{
    (void)!syscall(number, 0, 0, 0, 0, 0, 0);
}

static void try_file(void)
{
    (void)open("/etc/passwd", O_RDONLY);
}

static void try_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void try_fork(void)
{
    if (fork() == 0) _exit(0);
}

static void try_exec(void)
{
    execl("/bin/true", "true", NULL);
}

static void try_ptrace(void)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void try_kill(void)
{
    kill(getppid(), SIGKILL);
}

static void try_to_execute_memory(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void try_to_undo(void)
{
    call(SYS_prctl);
}

static void crash(void)
{
    raise(SIGSEGV); /* not on the list: what abort() does, and counts as that */
}

static void *volatile nowhere;

static void crash_hard(void)
{
    *(volatile int *)nowhere = 1;
}

static void hang(void)
{
    for (;;) (void)g_get_monotonic_time();
}

static void garble(void)
{
    (void)!write(SP_CONFINE_OUT, "no frame at all, and quite long", 31);
}

static void leave(void)
{
    _exit(0);
}

static const struct deed {
    const char *word;
    void (*run)(void);
    const char *check;
} deeds[] = {
    { "open a file", try_file, "opener-syscall" },
    { "make a socket", try_socket, "opener-syscall" },
    { "fork", try_fork, "opener-syscall" },
    { "run a program", try_exec, "opener-syscall" },
    { "trace", try_ptrace, "opener-syscall" },
    { "kill the opener", try_kill, "opener-syscall" },
    { "undo its confinement", try_to_undo, "opener-syscall" },
#ifndef __SANITIZE_ADDRESS__ /* which maps as it likes, has no limit of memory, and reports crashes itself */
    { "execute memory", try_to_execute_memory, "opener-syscall" },
    { "flood memory", end_by_memory, "opener-memory" },
    { "flood memory by libxml2", end_by_memory_of_libxml, "opener-memory" },
    { "abort", abort, "opener-crash" },
    { "crash", crash, "opener-crash" },
    { "crash hard", crash_hard, "opener-crash" },
#endif
    { "hang", hang, "opener-time" },
    { "talk rubbish", garble, "opener-answer" },
    { "leave without a word", leave, "opener-answer" },
};

static gboolean obey(const struct sp_job *job, GError **error)
{
    g_autofree char *word = g_strndup((const char *)job->input, job->n);
    for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++)
        if (strcmp(deeds[i].word, word) == 0) deeds[i].run();
    return say(job, word, error);
}

static gboolean flood(const struct sp_job *job, GError **error)
{
    while (say(job, "and so on", error)) continue;
    return FALSE;
}

/* How many descriptors can be written to, besides the pipe; and the environment. */
static gboolean look_around(const struct sp_job *job, GError **error)
{
    int open_ones = 0;
    for (int fd = 1; fd < 64; fd++)
        if (fd != STDERR_FILENO) open_ones += write(fd, "x", 1) == 1;
    g_autofree char *all = g_strjoinv(";", environ);
    g_autofree char *text = g_strdup_printf("%d %s", open_ones, all);
    return say(job, text, error);
}

static gboolean refuse_politely(const struct sp_job *job, GError **error)
{
    (void)job;
    g_set_error(error, SP_ERROR, SP_ERROR_MISSING, "mail: not here, \x01 nor \xff there");
    return FALSE;
}

static const struct opener_row wild_rows[SP_JOB_N] = {
    [SP_JOB_PEER] = { "obey", obey, FALSE, { MB, MB, 1 }, { 64 * MB, 30 }, NULL },
    [SP_JOB_RESPONSE] = { "obey-long", obey, FALSE, { MB, MB, 20 }, { 64 * MB, 1 }, NULL },
    [SP_JOB_LOGOUT_ISSUER] = { "flood", flood, FALSE, { MB, MB, 5 }, { 64 * MB, 5 }, NULL },
    [SP_JOB_LOGOUT] = { "look", look_around, FALSE, { MB, MB, 5 }, { 64 * MB, 5 }, NULL },
    [SP_JOB_METADATA] = { "refuse", refuse_politely, FALSE, { MB, MB, 5 }, { 64 * MB, 5 }, NULL },
};
enum { OBEY = SP_JOB_PEER, OBEY_LONG = SP_JOB_RESPONSE, FLOOD = SP_JOB_LOGOUT_ISSUER, LOOK = SP_JOB_LOGOUT, REFUSE = SP_JOB_METADATA };

/* --- asking --------------------------------------------------------------------------------------------------------------- */

static SpOpener *opener;

static gboolean keep_text(const guchar *record, size_t n, gpointer data, GError **error)
{
    char **text = data;
    struct sp_record reader = sp_record_read(record, n);
    g_free(*text);
    *text = sp_record_long_text(&reader, MB);
    if (sp_record_end(&reader)) return TRUE;
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: not a text");
    return FALSE;
}

static char *ask(SpOpener *whom, int kind, const char *word, GError **error)
{
    g_autofree char *text = NULL;
    gboolean good = sp_opener_ask(whom, (enum sp_job_kind)kind, word, strlen(word), keep_text, &text, error);
    return good ? g_steal_pointer(&text) : NULL;
}

static void is_alive(SpOpener *whom)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *echo = ask(whom, OBEY, "hello", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(echo, ==, "hello");
}

static void is_refused(int kind, const char *word, const char *check)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(ask(opener, kind, word, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_test_message("%s: %s", word, error->message);
    g_autofree char *found = sp_error_check(error);
    g_assert_cmpstr(found, ==, check);
    is_alive(opener);
}

static void a_child_cannot(gconstpointer data)
{
    const struct deed *deed = data;
    is_refused(OBEY, deed->word, deed->check);
}

static void processor_time_is_limited_too(void)
{
    gint64 start = g_get_monotonic_time();
    is_refused(OBEY_LONG, "hang", "opener-time");
    g_assert_cmpint((g_get_monotonic_time() - start) / G_USEC_PER_SEC, <, 15); /* its wall clock is 20 s */
}

static void endless_output_is_cut(void)
{
    is_refused(FLOOD, "x", "opener-flood");
}

static void a_child_has_one_descriptor_and_no_environment(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = ask(opener, LOOK, "x", &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(text, "0 "));
    g_assert_null(strstr(text, "INKAN_TEST_SECRET"));
    g_assert_null(strstr(text, "PATH"));
}

static void a_refusal_comes_back_as_it_was_made_but_clean(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(ask(opener, REFUSE, "x", &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_MISSING);
    g_assert_cmpstr(error->message, ==, "mail: not here, ? nor \xef\xbf\xbd there");
}

static void an_input_that_is_too_long_is_refused_before_it_is_sent(void)
{
    g_autofree char *long_one = g_strnfill(MB + 1, 'x');
    is_refused(OBEY, long_one, "bytes");
}

/* --- a thousand messages ---------------------------------------------------------------------------------------------------- */

static int entries(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    if (dir == NULL) return -1; /* another user's, or not dumpable */
    while (readdir(dir) != NULL) n++;
    closedir(dir);
    return n;
}

static int children_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children", pid, pid), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) return -1;
    g_auto(GStrv) words = g_strsplit(g_strstrip(text), " ", -1);
    return words[0] != NULL && *words[0] != '\0' ? (int)g_strv_length(words) : 0;
}

static gint64 resident(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", pid), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) return -1;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    return g_ascii_strtoll(words[1], NULL, 10) * 4096;
}

static void a_thousand_messages_leave_nothing_behind(void)
{
    pid_t pid = opener_pid(opener);
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
    for (int i = 0; i < 50; i++) is_alive(opener);
    int before = entries(path);
    gint64 size = resident(pid);
    for (int i = 0; i < 1000; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = ask(opener, OBEY, i % 4 == 0 ? "talk rubbish" : i % 4 == 1 ? "open a file" : "hello", &error);
        g_assert_true((text == NULL) == (error != NULL));
    }
    is_alive(opener);
    g_usleep(100000);
    g_assert_cmpint(entries(path), <=, before);
    g_assert_cmpint(children_of(pid), <=, 0);
    g_assert_cmpint(resident(pid) - size, <, MB);
}

/* --- over a socket -------------------------------------------------------------------------------------------------------- */

static char *path_of_socket;

static int live(gpointer data)
{
    (void)data;
    return sp_opener_run(path_of_socket, NULL, NULL);
}

/* A master as the portal's; its number. */
static pid_t start_master(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        const struct prefork_kind kinds[] = { { "opener", 1, live, NULL } };
        _exit(prefork_run(kinds, 1, NULL, 5));
    }
    return pid;
}

static int one_child_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children", pid, pid), *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? atoi(text) : 0;
}

/* The real table, without a service: a question that it understands and refuses. */
static void answers(SpOpener *whom)
{
    g_autoptr(GError) error = NULL;
    const struct sp_logout_input input = { .query = "SAMLRequest=" };
    g_assert_null(sp_opener_logout_issuer(whom, &input, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_assert_null(strstr(error->message, "opener"));
}

static void a_killed_opener_is_there_again(void)
{
    pid_t master = start_master();
    SpOpener *one = sp_opener_connect(path_of_socket), *other = sp_opener_connect(path_of_socket);
    answers(one);
    answers(other);
    for (int i = 0; i < 3; i++) {
        pid_t victim = one_child_of(master);
        g_assert_cmpint(victim, >, 0);
        kill(victim, SIGKILL);
        answers(one);
        answers(other);
    }
    struct stat about;
    g_assert_cmpint(stat(path_of_socket, &about), ==, 0);
    g_assert_cmpint(about.st_mode & 0777, ==, 0600);
    sp_opener_free(one);
    sp_opener_free(other);
    int status = 0;
    kill(master, SIGTERM);
    g_assert_cmpint(waitpid(master, &status, 0), ==, master);
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void one_that_is_stopped_is_away_and_its_message_not_refused(void)
{
    pid_t master = start_master();
    SpOpener *one = sp_opener_connect(path_of_socket);
    const struct sp_logout_input input = { .query = "SAMLRequest=" };
    g_autoptr(GError) error = NULL;
    answers(one);
    pid_t victim = one_child_of(master);
    kill(victim, SIGSTOP);
    opener_be_patient(one, -9); /* one second in all: its job may take ten */
    g_assert_null(sp_opener_logout_issuer(one, &input, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_AWAY);
    kill(victim, SIGCONT);
    opener_be_patient(one, 10);
    answers(one);
    sp_opener_free(one);
    int status = 0;
    kill(master, SIGTERM);
    g_assert_cmpint(waitpid(master, &status, 0), ==, master);
}

static void where_there_is_none_it_says_so(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpOpener) one = sp_opener_connect("/nonexistent/opener.sock");
    const struct sp_logout_input input = { .query = "SAMLRequest=" };
    gint64 start = g_get_monotonic_time();
    g_assert_null(sp_opener_logout_issuer(one, &input, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_AWAY);
    g_assert_cmpint((g_get_monotonic_time() - start) / G_USEC_PER_SEC, <, 5);
}

static void a_process_of_another_user_gets_nothing(void)
{
    if (geteuid() != 0) {
        g_test_skip("needs root to be somebody else");
        return;
    }
    pid_t master = start_master();
    g_autoptr(SpOpener) one = sp_opener_connect(path_of_socket);
    answers(one);
    g_assert_cmpint(chmod(path_of_socket, 0666), ==, 0); /* as if nothing else held */
    g_assert_cmpint(chmod(fixture_folder, 0711), ==, 0);
    pid_t stranger = fork();
    if (stranger == 0) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char byte;
        g_strlcpy(address.sun_path, path_of_socket, sizeof address.sun_path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        gboolean shut = setuid(65534) == 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0
                        && read(fd, &byte, 1) == 0;
        _exit(shut ? 0 : 1);
    }
    int status = 0;
    waitpid(stranger, &status, 0);
    g_assert_cmpint(status, ==, 0);
    answers(one);
    kill(master, SIGKILL);
    waitpid(master, NULL, 0);
}

static void one_that_hangs_holds_up_nobody(void)
{
    /* Another process with a copy of the same connection asks, and does not live to hear the answer. */
    pid_t other = fork();
    if (other == 0) {
        alarm(1);
        (void)ask(opener, OBEY, "hang", NULL);
        _exit(0);
    }
    g_usleep(100000);
    gint64 start = g_get_monotonic_time();
    is_alive(opener);
    g_assert_cmpint((g_get_monotonic_time() - start) / 1000, <, 800);
    waitpid(other, NULL, 0);
}

/* --- records -------------------------------------------------------------------------------------------------------------- */

static GBytes *a_record(void)
{
    static const char *const list[] = { "one", "", "三", NULL };
    SpRecordWriter *writer = sp_record_new(1000);
    sp_record_put_number(writer, -5);
    sp_record_put_text(writer, "text");
    sp_record_put_text(writer, NULL);
    sp_record_put_bytes(writer, "\0\1", 2);
    sp_record_put_list(writer, list);
    return sp_record_take(writer);
}

static gboolean reads(const guchar *bytes, size_t n)
{
    struct sp_record record = sp_record_read(bytes, n);
    size_t size = 0;
    gint64 number = sp_record_number(&record, -5, -5);
    g_autofree char *text = sp_record_text(&record, 4), *none = sp_record_text_or_null(&record, 4);
    const guchar *two = sp_record_bytes(&record, 2, &size);
    g_auto(GStrv) list = sp_record_list(&record, 3, 3);
    gboolean good = sp_record_end(&record);
    if (good) g_assert_true(number == -5 && strcmp(text, "text") == 0 && none == NULL && two != NULL && size == 2);
    return good && g_strv_length(list) == 3 && strcmp(list[2], "三") == 0;
}

static void a_record_is_read_as_it_was_written(void)
{
    g_autoptr(GBytes) record = a_record();
    gsize n = 0;
    const guchar *bytes = g_bytes_get_data(record, &n);
    g_assert_true(reads(bytes, n));
    for (gsize cut = 0; cut < n; cut++) {
        g_autofree guchar *part = g_memdup2(bytes, cut + 1); /* of its own size, so that a read beyond is seen */
        g_assert_false(reads(part, cut));
    }
    g_autofree guchar *more = g_malloc0(n + 1);
    memcpy(more, bytes, n);
    g_assert_false(reads(more, n + 1));
}

static void a_record_with_a_lie_in_it_is_not_read(void)
{
    static const struct { const char *bytes; size_t n; } cases[] = {
        { "T\xff\xff\xff\xff" "abcd", 9 }, { "T\x00\x00\x00\x05" "abcd", 9 }, { "T\x00\x00\x00\x02" "a\xff", 7 },
        { "T\x00\x00\x00\x02" "a\0", 7 }, { "T\x00\x00\x00\x02" "a\n", 7 }, { "B\x00\x00\x00\x01" "a", 6 }, { "N", 1 }, { "", 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct sp_record record = sp_record_read(cases[i].bytes, cases[i].n);
        g_autofree char *text = sp_record_text(&record, 4);
        g_assert_cmpstr(text, ==, "");
        g_assert_false(sp_record_end(&record));
    }
    const char many[] = "L\xff\xff\xff\xff";
    struct sp_record record = sp_record_read(many, 5);
    g_auto(GStrv) list = sp_record_list(&record, 100, 100);
    g_assert_cmpint(g_strv_length(list), ==, 0);
    g_assert_false(sp_record_end(&record));
}

static void a_record_longer_than_agreed_is_not_made(void)
{
    SpRecordWriter *writer = sp_record_new(20);
    sp_record_put_text(writer, "0123456789");
    sp_record_put_text(writer, "0123456789");
    g_assert_null(sp_record_take(writer));
}

static SpIdentity *an_identity(void)
{
    static const char *const mails[] = { "a@example.ac.jp", "b@example.ac.jp", NULL };
    SpIdentity *identity = g_new0(SpIdentity, 1);
    char **const texts[] = { &identity->idp, &identity->assertion_id, &identity->name_id, &identity->name_id_format,
                             &identity->name_qualifier, &identity->sp_name_qualifier, &identity->session_index,
                             &identity->context, &identity->algorithm };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) *texts[i] = g_strdup_printf("_text%d", (int)i);
    identity->key = g_strnfill(64, 'a');
    identity->assertion_until = 1000;
    identity->session_until = 2000;
    identity->authn_instant = 3000;
    identity->attributes = sp_attributes_list();
    sp_attributes_add(identity->attributes, "urn:oid:0.9.2342.19200300.100.1.3", "another name", mails);
    sp_attributes_add(identity->attributes, "urn:example:unknown", "something", mails + 1);
    sp_identity_keep(identity);
    return identity;
}

static void an_identity_comes_back_whole(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdentity) identity = an_identity();
    g_autoptr(GBytes) record = sp_carry_identity(identity);
    g_autoptr(SpIdentity) back = sp_carry_identity_read(g_bytes_get_data(record, NULL), g_bytes_get_size(record), &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) again = sp_carry_identity(back);
    g_assert_true(g_bytes_equal(record, again));
    g_assert_cmpstr(identity->saml, ==, back->saml);
    g_assert_cmpstr(sp_identity_values(back, "mail")[1], ==, "b@example.ac.jp");
}

/* Whatever a child that was taken over writes instead. */
static void a_changed_identity_is_refused_or_within_its_bounds(void)
{
    g_autoptr(SpIdentity) identity = an_identity();
    g_autoptr(GBytes) record = sp_carry_identity(identity);
    gsize n = 0;
    const guchar *bytes = g_bytes_get_data(record, &n);
    static const guchar values[] = { 0, 1, 9, 0x1f, 'N', 'T', '-', 0x7f, 0x80, 0xff };
    for (gsize at = 0; at < n; at++)
        for (size_t v = 0; v < G_N_ELEMENTS(values); v++) {
            g_autofree guchar *changed = g_memdup2(bytes, n);
            g_autoptr(GError) error = NULL;
            changed[at] = values[v];
            g_autoptr(SpIdentity) back = sp_carry_identity_read(changed, n, &error);
            g_assert_true((back == NULL) == (error != NULL));
            if (back == NULL) continue;
            g_assert_true(g_utf8_validate(back->idp, -1, NULL) && g_utf8_validate(back->name_id, -1, NULL));
            g_assert_cmpint((gint64)back->attributes->len, <=, SP_ATTRIBUTES_MOST);
        }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_setenv("INKAN_TEST_SECRET", "secret", TRUE);
    fixture_start(&argc, &argv);
    log_setup("test_sp_opener", LOG_LEVEL_ERROR);
    path_of_socket = fixture_path("opener.sock");
    opener = opener_spawn_rows(wild_rows, NULL, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++) {
        g_autofree char *name = g_strdup_printf("/opener/a child that would %s is refused, the next one answers", deeds[i].word);
        g_test_add_data_func(name, &deeds[i], a_child_cannot);
    }
    g_test_add_func("/opener/processor time is limited too", processor_time_is_limited_too);
    g_test_add_func("/opener/endless output is cut", endless_output_is_cut);
    g_test_add_func("/opener/a child has one descriptor and no environment", a_child_has_one_descriptor_and_no_environment);
    g_test_add_func("/opener/a refusal comes back as it was made but clean", a_refusal_comes_back_as_it_was_made_but_clean);
    g_test_add_func("/opener/an input that is too long is refused before it is sent", an_input_that_is_too_long_is_refused_before_it_is_sent);
    g_test_add_func("/opener/one that hangs holds up nobody", one_that_hangs_holds_up_nobody);
    g_test_add_func("/opener/a thousand messages leave nothing behind", a_thousand_messages_leave_nothing_behind);
    g_test_add_func("/opener/a killed opener is there again", a_killed_opener_is_there_again);
    g_test_add_func("/opener/one that is stopped is away, and its message not refused",
                    one_that_is_stopped_is_away_and_its_message_not_refused);
    g_test_add_func("/opener/where there is none it says so", where_there_is_none_it_says_so);
    g_test_add_func("/opener/a process of another user gets nothing", a_process_of_another_user_gets_nothing);
    g_test_add_func("/record/is read as it was written", a_record_is_read_as_it_was_written);
    g_test_add_func("/record/with a lie in it is not read", a_record_with_a_lie_in_it_is_not_read);
    g_test_add_func("/record/longer than agreed is not made", a_record_longer_than_agreed_is_not_made);
    g_test_add_func("/record/an identity comes back whole", an_identity_comes_back_whole);
    g_test_add_func("/record/a changed identity is refused or within its bounds", a_changed_identity_is_refused_or_within_its_bounds);
    int status = g_test_run();
    sp_opener_free(opener);
    g_free(path_of_socket);
    return fixture_end(status);
}
