/*
 * The portal's list of one person's requests, as db/dashboard.c asks it, of random persons, in two databases in turns:
 *
 *     listing SECONDS PERSONS CONNINFO PERSONS CONNINFO   ->   a line for each database: P50_US P99_US RUNS
 */
#include "db/dashboard.h"

#include <stdio.h>
#include <stdlib.h>

#define TURNS 20
#define WARM 200

struct side {
    gint64 persons;
    Db *db;
    GArray *times;
};

static void once(struct side *side, gboolean counts) {
    g_autoptr(GError) error = NULL;
    gint64 person = 1 + (gint64)(g_random_double() * (double)side->persons);
    gint64 began = g_get_monotonic_time(), took;
    g_autoptr(DbDashboard) shown = db_dashboard_get(side->db, person, FALSE, 0, 20, &error);

    if (shown == NULL) {
        fprintf(stderr, "listing: %s\n", error ? error->message : "no such person");
        exit(1);
    }
    if (shown->rows->len == 0) {
        fprintf(stderr, "listing: person %" G_GINT64_FORMAT " has no request\n", person);
        exit(1);
    }
    took = g_get_monotonic_time() - began;
    if (counts) g_array_append_val(side->times, took);
}

static int by_size(gconstpointer a, gconstpointer b) {
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    struct side sides[2];
    gint64 turn;

    if (argc != 6) {
        fprintf(stderr, "%s SECONDS PERSONS CONNINFO PERSONS CONNINFO\n", argv[0]);
        return 2;
    }
    turn = (gint64)(g_ascii_strtod(argv[1], NULL) * 1e6 / TURNS);
    for (int i = 0; i < 2; i++) {
        sides[i] = (struct side){ g_ascii_strtoll(argv[2 + 2 * i], NULL, 10), db_new(argv[3 + 2 * i]), g_array_new(FALSE, FALSE, sizeof(gint64)) };
        for (int n = 0; n < WARM; n++) once(&sides[i], FALSE);
    }
    for (int t = 0; t < TURNS; t++) {
        struct side *side = &sides[t % 2];
        gint64 end = g_get_monotonic_time() + turn;
        while (g_get_monotonic_time() < end) once(side, TRUE);
    }
    for (int i = 0; i < 2; i++) {
        GArray *times = sides[i].times;
        g_array_sort(times, by_size);
        printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u\n", g_array_index(times, gint64, times->len / 2),
               g_array_index(times, gint64, times->len * 99 / 100), times->len);
        db_free(sides[i].db);
    }
    return 0;
}
