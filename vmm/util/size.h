/*
 * Sizes and lists as users write them. All reject junk, signs, fractions, overflow and emptiness.
 */
#ifndef MINIVMM_UTIL_SIZE_H
#define MINIVMM_UTIL_SIZE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The digits from *cursor on, before `end`; *cursor moves behind them. 0; -EINVAL: there are none; -ERANGE: too large for 64
 * bits.
 */
int digits_parse(const char **cursor, const char *end, uint64_t *value);

/* The bytes that K, M, G or T, of either case, stands for; 0 for any other letter. */
uint64_t size_unit(char letter);

/*
 * "64M", "1G", "4096" (in default_unit bytes). K, M, G, T, any case, optional "iB"/"B". 0; -EINVAL: no size; -ERANGE: 0 or
 * too large.
 */
int size_parse(const char *text, uint64_t default_unit, uint64_t *bytes);

/* "4K", "2M" or "1G" exactly (any case): -EINVAL for others. */
int page_size_parse(const char *text, uint64_t *bytes);

/* Decimal, whole string, within [min, max]. 0, -EINVAL or -ERANGE. */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * Cut the next comma-separated item off *cursor, which is NULL once the list has ended, into item[item_bytes]. 1: an item;
 * 0: the list has ended; -EINVAL: an item that is empty or does not fit.
 */
int list_item(const char **cursor, char *item, size_t item_bytes);

/* "0-3,8" into values[] in order; max entries, each <= limit. Returns the count or -errno. */
int list_parse(const char *text, uint16_t limit, uint16_t *values, uint32_t max);

/* The numbers of the bits that are set, "0,2,3", into buf; what does not fit is left out. Returns buf. */
const char *bits_format(uint64_t mask, char *buf, size_t size);

/* "64K,1M" or "256K..4G" (doubling from A, up to B). Returns the count or -errno. */
int size_series_parse(const char *text, uint64_t *bytes, uint32_t max);

/* "4K", "1536M", "12G": the largest unit that is exact. buf of at least 24 bytes; returns buf. */
const char *size_format(uint64_t bytes, char *buf);

#endif
