/*
 * Sweeps that run on one host at the same time take turns, run by run: two at once would spoil each other's figures and
 * take each other's huge pages.
 */
#ifndef MINIVMM_LAB_SWEEP_TURN_H
#define MINIVMM_LAB_SWEEP_TURN_H

#include <stdint.h>

struct turn {
	int fd; /* -1: this host has nothing to take turns by; then nobody waits */
};

/* Never fails. A lock (flock) on a directory of the kernel that every user may read; nothing on the host is changed. */
void turn_open(struct turn *t);

/* Wait for the turn. Returns the ns waited, or -EINTR where a stop signal came first. */
int64_t turn_take(struct turn *t);

void turn_leave(struct turn *t);
void turn_close(struct turn *t);

#endif
