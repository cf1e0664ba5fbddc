// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of key files: whose and which are taken, and which are not.
 */
#include "mxtest.h"
#include "../../tools/keyfile.c"

static char said[512];
static char dir[64];

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

static const char line[] =
	"000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n";

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void file_make(const char *name, const char *text, mode_t mode)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* What must be said about a file; the key is left zeros or untouched. */
static void refused(const char *name, int err, const char *words)
{
	unsigned char key[KEYFILE_KEY] = { 0 }, zeros[KEYFILE_KEY] = { 0 };

	said[0] = 0;
	assert_int_equal(keyfile_read(in_dir(name), key), err);
	assert_memory_equal(key, zeros, sizeof(key));
	if (!strstr(said, words))
		fail_msg("'%s' is not in '%s'", words, said);
}

static int dir_make(void **state)
{
	strcpy(dir, "/tmp/unit_keyfile.XXXXXX");
	return mxt_setup(state) || !mkdtemp(dir);
}

static int dir_remove(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) || mxt_teardown(state);
}

static void keyfile_read__takes(void **state)
{
	static const mode_t modes[] = { 0600, 0400 };
	unsigned char key[KEYFILE_KEY];
	int i, m;

	for (m = 0; m < 2; m++) {
		file_make("key", line, modes[m]);
		assert_int_equal(keyfile_read(in_dir("key"), key), 0);
		for (i = 0; i < KEYFILE_KEY; i++)
			assert_int_equal(key[i], i);
		unlink(in_dir("key"));
	}
}

static void keyfile_read__line_without_end(void **state)
{
	unsigned char key[KEYFILE_KEY];
	char text[sizeof(line)];

	strcpy(text, line);
	text[DIGITS] = 0;
	file_make("key", text, 0600);
	assert_int_equal(keyfile_read(in_dir("key"), key), 0);
	assert_int_equal(key[31], 31);
}

static void keyfile_read__mode(void **state)
{
	static const mode_t bits[] = { 0040, 0020, 0010, 0004, 0002, 0001 };
	size_t i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		file_make("key", line, 0600 | bits[i]);
		refused("key", -EPERM, "open to others");
		unlink(in_dir("key"));
	}
}

/* Only root can give a file away. */
static void keyfile_read__owner(void **state)
{
	if (geteuid())
		skip();
	file_make("key", line, 0600);
	assert_int_equal(chown(in_dir("key"), 12345, 0), 0);
	refused("key", -EPERM, "another user (12345)");
}

static void keyfile_read__kind(void **state)
{
	file_make("key", line, 0600);
	assert_int_equal(symlink("key", in_dir("link")), 0);
	refused("link", -ELOOP, "symbolic link");
	assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0);
	refused("pipe", -EINVAL, "no regular file");
	refused(".", -EINVAL, "no regular file");
	refused("none", -ENOENT, "opening");
}

static void keyfile_read__content(void **state)
{
	char text[2 * sizeof(line)];
	size_t i;

	for (i = 0; i <= sizeof(line); i++) {
		if (i == DIGITS || i == LINE)
			continue;
		snprintf(text, sizeof(text), "%.*s%s", (int)i, line, i > LINE ? "\n" : "");
		file_make("key", text, 0600);
		refused("key", -EINVAL, "holds no key");
		unlink(in_dir("key"));
	}
	for (i = 0; i < LINE; i++) {
		strcpy(text, line);
		text[i] = i % 2 ? 'g' : ' ';
		file_make("key", text, 0600);
		refused("key", -EINVAL, "holds no key");
		assert_null(strstr(said, "0001"));
		unlink(in_dir("key"));
	}
}

static void keyfile_create__read_back(void **state)
{
	unsigned char key[KEYFILE_KEY], got[KEYFILE_KEY];
	struct stat st;

	memset(key, 0xa5, sizeof(key));
	assert_int_equal(keyfile_create(in_dir("key"), key), 0);
	assert_int_equal(stat(in_dir("key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyfile_read(in_dir("key"), got), 0);
	assert_memory_equal(got, key, sizeof(key));
	assert_int_equal(keyfile_create(in_dir("key"), key), -EEXIST);
	assert_int_equal(keyfile_create(in_dir("no/key"), key), -ENOENT);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, dir_make, dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(keyfile_read__takes),
		IN_DIR(keyfile_read__line_without_end),
		IN_DIR(keyfile_read__mode),
		IN_DIR(keyfile_read__owner),
		IN_DIR(keyfile_read__kind),
		IN_DIR(keyfile_read__content),
		IN_DIR(keyfile_create__read_back),
	};

	return MXT_RUN(tests);
}
