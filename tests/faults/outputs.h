/*
 * The files that a command leaves in a directory of its own: each has to be the old one, untouched, or a new one, whole.
 */
#ifndef TESTS_FAULTS_OUTPUTS_H
#define TESTS_FAULTS_OUTPUTS_H

#include <jansson.h>

/* Make the directory empty but for an old out.json, out.csv and out.svg. Ends the program where that cannot be. */
void outputs_prepare(const char *dir);

/* `argument` with the first "{}" replaced by the directory. Never freed. */
char *outputs_name(char *argument, const char *dir);

/*
 * Into `o`: "files", of each name "old", "new" or "broken", and of any other name "left"; "record", what out.json says where
 * it is new.
 */
void outputs_look(const char *dir, json_t *o);

/* Into `o`, as `key`: the text of a file, its end where it is long. */
void outputs_text(int fd, const char *key, json_t *o);

#endif
