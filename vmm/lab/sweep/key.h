/*
 * Cells by axis: their values, their keys, and cells that are the same but for an axis, found fast.
 */
#ifndef MINIVMM_LAB_SWEEP_KEY_H
#define MINIVMM_LAB_SWEEP_KEY_H

#include <stdint.h>

#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/spec.h"

/* What a key names: the axes of a sweep, and what its work is. */
enum key_axis { KEY_WORKLOAD = AXES, KEY_WORKING_SET, KEY_VERSUS, KEY_AXES };

#define KEY_VALUE_BYTES 160
#define KEY_JOINED_BYTES MATRIX_KEY_BYTES

/*
 * "" where the key does not name the axis; kernel-irqchip is "default" then, which is what it means. versus is "b" of a cell
 * B, and "" of all others.
 */
struct key {
	char values[KEY_AXES][KEY_VALUE_BYTES];
};

/* The value that a cell has on an axis, and as a key spells it, into text[AXIS_ITEM_BYTES], which is returned. */
void cell_axis(const struct matrix_cell *cell, enum axis_id id, struct axis_value *value);
void cell_set_axis(struct matrix_cell *cell, enum axis_id id, const struct axis_value *value);
const char *cell_spell(const struct matrix_cell *cell, enum axis_id id, char *text);

/* The cell's workload, and what is said about it. */
void cell_set_workload(struct matrix_cell *cell, enum workload_id id);

/* Fill cell->key from the members before it. */
void matrix_cell_name(struct matrix_cell *cell);

/*
 * Write the axes that "axis=value,..." names into *key and leave the others as they are. 0; -EINVAL for an axis that keys do
 * not have, a value without one or one that is too long; then *key is changed in part.
 */
int key_override(struct key *key, const char *text);

/* A whole key. 0 or -EINVAL. */
int key_parse(const char *text, struct key *key);

/* All values in one string that is the same for equal keys; axes whose bit is set in `without` do not count. */
void key_join(const struct key *key, uint32_t without, char joined[KEY_JOINED_BYTES]);

/*
 * In an array that is sorted by the joined key with which each element begins: the index of the first element that is not
 * before `joined`, or `count`.
 */
uint32_t joined_first(const void *array, uint32_t count, size_t element_bytes, const char *joined);

/* Every cell of a matrix by its key. */
struct key_index {
	uint32_t count;
	struct key_entry *entries; /* owned */
};

/* A cell whose key cannot be parsed is left out; of several cells with one key the first is found. 0 or -ENOMEM. */
int key_index_make(const struct matrix *m, struct key_index *index);
void key_index_free(struct key_index *index);

/* The cell of exactly that key, or NULL. */
const struct matrix_cell *key_index_find(const struct key_index *index, const struct key *key);

#endif
