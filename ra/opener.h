/*
 * opener: a master's "opener" process becomes the program inkan-opener (ra/opener_main.c). A program of its own, because the
 * opener forks a child for each message and a fork copies what a program has mapped: without the libraries of database, mail
 * and pages that is half as much, and a child that was taken over finds none of their code.
 */
#ifndef RA_OPENER_H
#define RA_OPENER_H

/* The life of such a process, in a child of prefork: WHOSE is "portal" or "worker", SETTINGS_FILE as the master has it. The
   program lies beside the one that runs. Comes back only where it cannot be started, with an exit status, after it said so. */
int ra_opener_become(const char *whose, const char *settings_file);

#endif
