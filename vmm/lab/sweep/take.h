/*
 * Typed access to JSON that nobody vouches for. What is missing, of the wrong kind or out of range is a complaint that
 * names the path, as cells[3].runs[0].rows[1].samples; after the first one all that is taken is 0, so only the end needs
 * to look.
 */
#ifndef MINIVMM_LAB_SWEEP_TAKE_H
#define MINIVMM_LAB_SWEEP_TAKE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/names.h"

struct complaint {
	int err;        /* 0: none; EINVAL, or ENOMEM */
	char what[512]; /* "cells[3].key is missing"; printable */
};

/* A value and the way to it. Lives on the stack, below what it was taken from. */
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

/* Members, the first of whatever kind; node_items is 0 after a complaint. */
struct node node_member(const struct node *at, const char *key);
struct node node_object(const struct node *at, const char *key);
struct node node_array(const struct node *at, const char *key);
size_t node_items(const struct node *array);
struct node node_item(const struct node *array, size_t index);

bool take_bool(const struct node *at, const char *key);

/* An integer in [min, max]. or_null: the same, or 0 for null. */
uint64_t take_count(const struct node *at, const char *key, uint64_t min, uint64_t max);
uint64_t take_count_or_null(const struct node *at, const char *key, uint64_t max);

/* Any 64 bits: json_u64's integer, or its decimal string. */
uint64_t take_u64(const struct node *at, const char *key);

/* From 0 on, or -1 for null. */
int64_t take_known(const struct node *at, const char *key);

/* 4K, 2M or 1G in bytes, or 0 for null. */
uint64_t take_page_or_null(const struct node *at, const char *key);

/* A finite number from 0 on, integer or not: of a member, of an item. */
double take_figure(const struct node *at, const char *key);
double take_item_figure(const struct node *array, size_t index);

/* Whole: text that does not fit, or has a NUL in it, is a complaint. or_null: the same, or "" for null. */
void take_text(const struct node *at, const char *key, char *buf, size_t size);
void take_text_or_null(const struct node *at, const char *key, char *buf, size_t size);

/* The value of one of the words; 0 after a complaint, which lists them. */
int take_word(const struct node *at, const char *key, const struct names *names);

/* Complain about what is no string, or one that C cannot hold. */
void node_expect_text(const struct node *at);

/* The member, shared with the whole: the caller lets go of it. NULL after a complaint; take_words: an array of strings. */
json_t *take_shared(const struct node *at, const char *key);
json_t *take_words(const struct node *at, const char *key);

#endif
