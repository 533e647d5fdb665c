/*
 * Typed access to JSON from outside. What is missing, of the wrong kind or out of range is a complaint that
 * names the path, as cells[3].runs[0].rows[1].samples. After the first complaint all values are 0, so only the end needs
 * to look.
 */
#ifndef MINIVMM_OUTPUT_NODE_H
#define MINIVMM_OUTPUT_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/names.h"

struct complaint {
	int err;        /* 0: none; EINVAL, or ENOMEM */
	char what[512]; /* "cells[3].key is missing"; printable */
};

/* A value and the way to it. Lives on the stack, below the node that it was taken from. */
struct node {
	const json_t *json; /* NULL after a complaint */
	const struct node *parent;
	const char *key; /* of an object's member; NULL: an array's item */
	size_t index;
	struct complaint *complaint;
};

/* Complain about `at` as "PATH TEXT", unless something was complained about before. */
void node_complain(const struct node *at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void node_no_memory(const struct node *at);

/* A member of whatever kind, an object, an array; how many items an array has (0 after a complaint), and one of them. */
struct node node_member(const struct node *at, const char *key);
struct node node_object(const struct node *at, const char *key);
struct node node_array(const struct node *at, const char *key);
size_t node_items(const struct node *array);
struct node node_item(const struct node *array, size_t index);

/* The value of a node: true or false; an integer in [min, max]; any 64 bits, as json_u64 writes them; a finite number from 0. */
bool node_truth(const struct node *at);
uint64_t node_count(const struct node *at, uint64_t min, uint64_t max);
uint64_t node_u64(const struct node *at);
double node_real(const struct node *at);

/* Its string, borrowed; NULL after a complaint: it is no string, or has a NUL in it, which C cannot hold. */
const char *node_text(const struct node *at);

/* A copy of its string, whole: one that does not fit is a complaint; then buf is "". */
void node_copy_text(const struct node *at, char *buf, size_t size);

/* The value of its word; 0 after a complaint, which lists the words. */
uint32_t node_word(const struct node *at, const struct names *names);

#endif
