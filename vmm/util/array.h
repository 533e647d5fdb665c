/*
 * Arrays that grow by one element at a time.
 *
 * A header of its own: any room may grow an array, and nothing else of util belongs to it.
 */
#ifndef MINIVMM_UTIL_ARRAY_H
#define MINIVMM_UTIL_ARRAY_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_FIRST_ELEMENTS 8

/*
 * Grow `array`, which has `count` elements and was always grown by this function, so that one more fits. Returns it,
 * possibly moved; NULL: no memory, the old array stays valid.
 */
static inline void *array_grow(void *array, uint32_t count, size_t element_bytes)
{
	/* It is full when it is empty, and at each power of two from the first size on. */
	if (count != 0 && (count < ARRAY_FIRST_ELEMENTS || (count & (count - 1)) != 0))
		return array;
	return reallocarray(array, count == 0 ? ARRAY_FIRST_ELEMENTS : 2 * (size_t)count, element_bytes);
}

/* Append `value` to `array`, a pointer, and count it. 0, or -ENOMEM: nothing has changed. */
#define ARRAY_PUSH(array, count, value)                                          \
	({                                                                       \
		void *grown_ = array_grow((array), (count), sizeof((array)[0])); \
                                                                                 \
		if (grown_ != NULL) {                                            \
			(array) = grown_;                                        \
			(array)[(count)++] = (value);                            \
		}                                                                \
		grown_ != NULL ? 0 : -ENOMEM;                                    \
	})

#endif
