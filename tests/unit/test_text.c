/*
 * Property: no byte of foreign text reaches a terminal that is not printable there, whatever the text goes through, and a
 * word in a line for a shell is that word again when a shell reads it. It could break at the end of a buffer, at bytes that
 * are no UTF-8, and at a way to the terminal that somebody adds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/util/text.h"

static const struct {
	const char *text, *shown;
} texts[] = {
	{ "", "" },
	{ "plain /text, with 'all' \"of\" it\\", "plain /text, with 'all' \"of\" it\\" },
	{ "a\033]0;owned\007b\177c\r\t\n", "a?]0;owned?b?c???" },
	/* C1: CSI as UTF-8, as one byte; a bidi override; a zero-width space; a tag. */
	{ "\xc2\x9b"
	  "31m",
	  "?31m" },
	{ "\x9b"
	  "31m",
	  "?31m" },
	{ "a\xe2\x80\xae"
	  "b\xe2\x80\x8b"
	  "c\xf3\xa0\x81\x81",
	  "a?b?c?" },
	{ "gr\xc3\xbc\xc3\x9f \xe2\x86\x92 \xf0\x9f\x98\x80",
	  "gr\xc3\xbc\xc3\x9f \xe2\x86\x92 \xf0\x9f\x98\x80" },
	/* No UTF-8: cut, overlong, a surrogate, beyond the last. */
	{ "\xe2\x86", "??" },
	{ "\xc0\xaf", "??" },
	{ "\xe0\x82\x9b", "???" },
	{ "\xed\xa0\x80", "???" },
	{ "\xf4\x90\x80\x80", "????" },
	{ "\xff\xfe", "??" },
};

TEST(what_is_printable)
{
	char buf[64];

	EACH (i, texts)
		assert_string_equal(printable(texts[i].text, buf, sizeof(buf)), texts[i].shown);
	/* A character that does not fit whole is not half a character. */
	assert_string_equal(printable("ab\xc3\xbc", buf, 4), "ab?");
	(void)snprintf(buf, sizeof(buf), "a\n\033b\t");
	assert_int_equal(make_printable(buf, "\n\t"), 5);
	assert_string_equal(buf, "a\n?b\t");
}

/* What a shell makes of the line `printf %s WORD`. */
static void shell_reads(const char *word, char *buf, size_t size)
{
	char quoted[256], command[320];
	int ends[2], status;
	ssize_t bytes;
	pid_t shell;

	(void)snprintf(command, sizeof(command), "printf %%s %s", shell_word(word, quoted, sizeof(quoted)));
	assert_int_equal(pipe(ends), 0);
	shell = fork();
	assert_true(shell >= 0);
	if (shell == 0) {
		if (dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO)
			(void)execlp("bash", "bash", "-c", command, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(shell, &status, 0), shell);
	assert_int_equal(status, 0);
	assert_int_equal(close(ends[1]), 0);
	bytes = read(ends[0], buf, size - 1);
	assert_true(bytes >= 0);
	buf[bytes] = '\0';
	assert_int_equal(close(ends[0]), 0);
}

TEST(a_shell_reads_the_same_word)
{
	static const char *const words[] = { "/a,b=c",
					     "",
					     "it's $HOME `id` \\x.scope",
					     "*",
					     "~",
					     "a;b",
					     "\033]0;x\007",
					     "'\n\\'\xc2\x9b",
					     "gr\xc3\xbc\xc3\x9f",
					     "\xff" };
	char buf[256], quoted[256];

	EACH (i, words) {
		const char *word = shell_word(words[i], quoted, sizeof(quoted));
		size_t bytes;

		for (const char *c = word; *c != '\0'; c += bytes)
			assert_true(is_printable(c, &bytes));
		shell_reads(words[i], buf, sizeof(buf));
		assert_string_equal(buf, words[i]);
	}
	/* Too long a word is cut, and still one word. */
	assert_string_equal(shell_word("a b c d e f g h", quoted, 12), "'a b c'");
}

static int put_raw(const void *product, FILE *out)
{
	struct table t;
	const char *title = "t";

	table_init(&t, &title, 1);
	table_put(&t, "%s", (const char *)product);
	if (fprintf(out, "raw %s\n", (const char *)product) < 0)
		return -1;
	paragraph(out, "label", "%s", (const char *)product);
	return table_finish(&t, -1, out);
}

static bool is_clean(FILE *file)
{
	char line[512];
	size_t bytes;

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		for (const char *c = line; *c != '\0'; c += bytes) {
			if (!is_printable(c, &bytes) && *c != '\n' && *c != '\t')
				return false;
		}
	}
	return true;
}

/* Through the one door by which the text of every command goes out. */
TEST(the_text_of_a_command)
{
	static const struct output_writers writers = { .text = put_raw };
	static const struct output_paths paths = { .json = NULL };

	EACH (i, texts) {
		struct error e = { 0 };
		FILE *file = tmpfile();
		int saved = dup(STDOUT_FILENO), failed;

		assert_true(file != NULL && saved >= 0);
		assert_int_equal(fflush(stdout), 0);
		assert_int_equal(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
		failed = outputs_write(&paths, &writers, texts[i].text, "test", &e);
		assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
		assert_int_equal(close(saved), 0);
		assert_int_equal(failed, 0);
		assert_true(is_clean(file));
		assert_true(ftell(file) > 10);
		assert_int_equal(fclose(file), 0);
	}
}

TEST_GROUP(NULL, NULL)
