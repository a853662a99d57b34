#include "tests/integration/cluster_authority.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/ceremony.h"
#include "ca/client.h"
#include "ca/keymaker.h"
#include "ca/responder.h"
#include "ca/signer.h"
#include "ca/wire.h"

enum { SIGNER, RESPONDER, KEYMAKER, KINDS };
static const char *const names[KINDS] = { "signer", "responder", "keymaker" };

struct authority {
    World *world;
    pid_t pids[KINDS];
};

static const char *
socket_of(const Authority *authority, int kind)
{
    return settings_text(authority->world->settings, kind == KEYMAKER ? "portal" : names[kind],
                         kind == KEYMAKER ? "keymaker_socket" : "socket");
}

static int
live(Authority *authority, int kind)
{
    const char *socket = socket_of(authority, kind);
    crypto_start();
    if (kind == KEYMAKER)
        return ca_keymaker_run(socket, 4);
    g_autoptr(GError) error = NULL;
    int listening = wire_listen(socket, 0660, &error);
    g_assert_no_error(error);
    struct signer_process signer = { authority->world->file, listening };
    struct responder_process responder = { authority->world->file, listening };
    return kind == SIGNER ? signer_run(&signer) : responder_run(&responder);
}

static int
kind_of(const char *which)
{
    for (int i = 0; i < KINDS; i++)
        if (strcmp(names[i], which) == 0)
            return i;
    g_error("no process %s", which);
}

void
authority_start(Authority *authority, const char *which)
{
    int kind = kind_of(which);
    authority->pids[kind] = fork();
    g_assert_cmpint(authority->pids[kind], >=, 0);
    if (authority->pids[kind] == 0) {
        /* Children of the keymaker get the signal that ends it. */
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it ends with the test, however that ends */
        _exit(live(authority, kind));
    }
    for (int wait = 0; kind != KEYMAKER && wait < 200 && !ca_client_ping(socket_of(authority, kind), NULL); wait++)
        g_usleep(20000);
}

void
authority_stop(Authority *authority, const char *which)
{
    int kind = kind_of(which);
    if (authority->pids[kind] <= 0)
        return;
    setpgid(authority->pids[kind], authority->pids[kind]);
    kill(-authority->pids[kind], SIGKILL);
    waitpid(authority->pids[kind], NULL, 0);
    authority->pids[kind] = 0;
}

int
authority_pid(const Authority *authority, const char *which)
{
    return authority->pids[kind_of(which)];
}

Authority *
authority_run(World *world)
{
    Authority *authority = g_new0(Authority, 1);
    authority->world = world;
    for (int i = 0; i < KINDS; i++)
        authority_start(authority, names[i]);
    return authority;
}

Authority *
authority_new(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RaContext) owner = world_context(world, "owner");
    g_autoptr(Secret) passphrase = secret_from_text("a passphrase of the test");
    struct ceremony_plan plan;
    ceremony_defaults(&plan);
    plan.keys = settings_text(world->settings, "signer", "keys");
    plan.passphrase = passphrase;
    plan.token.module = settings_text(world->settings, "signer", "pkcs11_module");
    plan.token.pin_file = settings_text(world->settings, "signer", "pkcs11_pin_file");
    plan.publish_url = settings_text(world->settings, "service", "publish_url");
    plan.time_zone = settings_text(world->settings, "service", "time_zone");
    plan.name = "Test";
    plan.now = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *report = ceremony_init(owner->db, &plan, &error);
    g_assert_no_error(error);
    return authority_run(world);
}

void
authority_free(Authority *authority)
{
    if (!authority)
        return;
    for (int i = 0; i < KINDS; i++)
        authority_stop(authority, names[i]);
    g_free(authority);
}
