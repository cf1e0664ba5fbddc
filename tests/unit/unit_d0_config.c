// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of libxl's files: what is changed in them, what is left alone, and
 * that a writer who takes the same lock loses nothing.
 */
#include <sys/wait.h>
#include "mxtest.h"
#include "../../tools/dom0/d0_config.c"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static char dir[64];
static struct d0_config config;
static struct d0_domain domain;

static int dir_make(void **state)
{
	strcpy(dir, "/tmp/unit_d0_config.XXXXXX");
	memset(&config, 0, sizeof(config));
	memset(&domain, 0, sizeof(domain));
	domain.domid = 5;
	strcpy(domain.uuid, UUID);
	return mxt_setup(state) || !mkdtemp(dir);
}

static const char *path_of(char what, const char *id)
{
	static char path[4][256];
	static unsigned int next;
	char *one = path[next++ % 4];

	snprintf(one, sizeof(path[0]), "%s/userdata-%c.5." UUID ".%s", dir, what, id);
	return one;
}

static const char *file(void)
{
	return path_of('d', "libxl-json");
}

static const char *lock(void)
{
	return path_of('l', "domain-userdata-lock");
}

static int dir_remove(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) || mxt_teardown(state);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, dir_make, dir_remove)

static void put(const char *text, size_t len)
{
	FILE *out = fopen(file(), "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

/* As libxl writes it: its end belongs to the file. */
static void put_json(const char *text)
{
	put(text, strlen(text) + 1);
}

static const char *get(void)
{
	static char text[8192];
	FILE *in = fopen(file(), "r");
	size_t n;

	assert_non_null(in);
	n = fread(text, 1, sizeof(text), in);
	fclose(in);
	assert_true(n > 0 && n < sizeof(text));
	assert_int_equal(text[n - 1], 0);
	assert_int_equal(strlen(text), n - 1);
	return text;
}

/* A member by its path, as JSON; "" if it is not there. */
static const char *member(const char *object, const char *key)
{
	static char text[256];
	struct json_object *doc = json_tokener_parse(get()), *at = doc, *value = NULL;

	assert_non_null(doc);
	if (*object)
		assert_true(json_object_object_get_ex(doc, "c_info", &at));
	if (!strcmp(object, "xsdata") && !json_object_object_get_ex(at, "xsdata", &at))
		at = NULL;
	if (at)
		json_object_object_get_ex(at, key, &value);
	snprintf(text, sizeof(text), "%s", !value ? "" :
		 json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	json_object_put(doc);
	return text;
}

static void keep(enum d0_figure f, enum d0_keep how, const char *value)
{
	domain.keep[f] = how;
	strcpy(domain.key[f].want, value);
}

static int sync_it(void)
{
	return d0_config_sync(&config, dir, &domain);
}

static void no_leftovers(void)
{
	assert_int_equal(access(lock(), F_OK), -1);
	assert_int_equal(access(path_of('n', "libxl-json"), F_OK), -1);
}

static const char real[] =
	"{\n    \"c_info\": {\n        \"type\": \"pvh\",\n        \"name\": \"g/1 \\u00e4\",\n"
	"        \"uuid\": \"" UUID "\",\n        \"xsdata\": {\n"
	"            \"memx/51712/id\": \"77\",\n            \"mine\": \"x\"\n        }\n    },\n"
	"    \"b_info\": {\n        \"max_memkb\": 131072,\n"
	"        \"most\": 18446744073709551615,\n        \"least\": -9223372036854775808,\n"
	"        \"rate\": 0.1,\n        \"none\": null,\n"
	"        \"list\": [\n            1,\n            true\n        ]\n    }\n}\n";

static void d0_config_sync__puts(void **state)
{
	put_json(real);
	keep(D0_RESERVATION, D0_KEEP_VALUE, "8G");
	keep(D0_WEIGHT, D0_KEEP_VALUE, "3");
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("xsdata", "memx/reservation"), "\"8G\"");
	assert_string_equal(member("xsdata", "memx/weight"), "\"3\"");
	assert_string_equal(member("xsdata", "memx/limit"), "");
	no_leftovers();
	/* the rest is what it was */
	assert_string_equal(member("xsdata", "memx/51712/id"), "\"77\"");
	assert_string_equal(member("xsdata", "mine"), "\"x\"");
	assert_string_equal(member("c_info", "name"), "\"g\\/1 \xc3\xa4\"");
	assert_string_equal(member("", "b_info"),
			    "{\"max_memkb\":131072,\"most\":18446744073709551615,\"least\":-9223372036854775808,\"rate\":0.1,\"none\":null,\"list\":[1,true]}");
	keep(D0_RESERVATION, D0_KEEP_NONE, "1");
	keep(D0_WEIGHT, D0_KEEP_AS_IS, "nonsense");
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("xsdata", "memx/reservation"), "");
	assert_string_equal(member("xsdata", "memx/weight"), "\"3\"");
}

static void d0_config_sync__no_data_yet(void **state)
{
	put_json("{\"c_info\": {\"type\": \"pv\"}}");
	keep(D0_LIMIT, D0_KEEP_VALUE, "8G");
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("xsdata", "memx/limit"), "\"8G\"");
	keep(D0_LIMIT, D0_KEEP_NONE, "");
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("c_info", "xsdata"), "");
	put_json("{\"c_info\": {\"xsdata\": null}}");
	keep(D0_LIMIT, D0_KEEP_VALUE, "8G");
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("xsdata", "memx/limit"), "\"8G\"");
}

/* The same file, not another one in its place: nothing was to be done. */
static void d0_config_sync__only_changes(void **state)
{
	struct stat before, after;

	put_json(real);
	assert_int_equal(chmod(file(), 0640), 0);
	stat(file(), &before);
	assert_int_equal(sync_it(), 0);
	stat(file(), &after);
	assert_int_equal(before.st_ino, after.st_ino);
	keep(D0_LIMIT, D0_KEEP_VALUE, "8G");
	assert_int_equal(sync_it(), 0);
	stat(file(), &after);
	assert_int_equal(after.st_mode & 07777, 0640);
	stat(file(), &before);
	assert_int_equal(sync_it(), 0);
	stat(file(), &after);
	assert_int_equal(before.st_ino, after.st_ino);
	/* another process finds it right too */
	memset(&config, 0, sizeof(config));
	assert_int_equal(sync_it(), 0);
	stat(file(), &after);
	assert_int_equal(before.st_ino, after.st_ino);
	/* libxl writes it anew without it: it comes back */
	put_json(real);
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("xsdata", "memx/limit"), "\"8G\"");
}

static void d0_config_sync__no_file(void **state)
{
	keep(D0_LIMIT, D0_KEEP_VALUE, "8G");
	assert_int_equal(sync_it(), -ENOENT);
	assert_int_equal(access(file(), F_OK), -1);
	no_leftovers();
	strcpy(dir + strlen(dir), "/nowhere");
	assert_int_equal(sync_it(), -ENOENT);
	*strrchr(dir, '/') = 0;
}

static void d0_config_sync__not_libxls(void **state)
{
	static const char *const bad[] = {
		"x", "{", "[]", "1", "{\"c_info\": 1}", "{\"c_info\": {\"xsdata\": []}}",
		"{\"c_info\": {}} {}", "{\"c_info\": {}} x", "{}", "null",
	};
	size_t i;

	keep(D0_LIMIT, D0_KEEP_VALUE, "8G");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_json(bad[i]);
		assert_int_equal(sync_it(), -EBADMSG);
		assert_string_equal(get(), bad[i]);
		/* and it is not read again before it has changed */
		assert_true(config.known);
		assert_int_equal(sync_it(), -EBADMSG);
		no_leftovers();
	}
	put("", 0);
	assert_int_equal(sync_it(), -EBADMSG);
	put_json("{\"c_info\": {}}");
	assert_int_equal(sync_it(), 0);
}

static int lock_hold(void)
{
	int fd = open(lock(), O_RDWR | O_CREAT, 0666);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

static void d0_config_sync__locked(void **state)
{
	int fd;

	put_json(real);
	keep(D0_LIMIT, D0_KEEP_VALUE, "8G");
	fd = lock_hold();
	assert_int_equal(sync_it(), -EAGAIN);
	assert_string_equal(member("xsdata", "memx/limit"), "");
	assert_int_equal(access(lock(), F_OK), 0);
	/* the other one has done: its file goes, and with it the lock */
	unlink(lock());
	assert_int_equal(sync_it(), 0);
	close(fd);
	assert_string_equal(member("xsdata", "memx/limit"), "\"8G\"");
}

/* Locks as libxl does: waits, and looks whether it is still the lock. */
static int libxl_lock(void)
{
	struct stat have, there;
	int fd;

	for (;;) {
		fd = open(lock(), O_RDWR | O_CREAT, 0666);
		if (fd < 0 || flock(fd, LOCK_EX) || fstat(fd, &have))
			_exit(2);
		if (!stat(lock(), &there) && there.st_ino == have.st_ino &&
		    there.st_dev == have.st_dev)
			return fd;
		close(fd);
	}
}

enum { ROUNDS = 300 };

/* The other writer: counts in the file, one each time it has the lock. */
static void count_up(void)
{
	char text[8192], *at;
	FILE *f;
	size_t n;
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		fd = libxl_lock();
		f = fopen(file(), "r");
		n = f ? fread(text, 1, sizeof(text) - 16, f) : 0;
		text[n] = 0;
		at = strstr(text, "\"max_memkb\": ");
		if (!f || fclose(f) || !n || !at)
			_exit(3);
		at += 13;
		n = strlen(at + 6);
		at[snprintf(at, 7, "%06d", atoi(at) + 1)] = ',';
		f = fopen(path_of('n', "libxl-json"), "w");
		n = strlen(text) + 1;
		if (!f || fwrite(text, 1, n, f) != n || fclose(f) ||
		    rename(path_of('n', "libxl-json"), file()))
			_exit(4);
		unlink(lock());
		close(fd);
	}
	_exit(0);
}

static void d0_config_sync__two_writers(void **state)
{
	char value[16];
	int i, status = -1, err;
	pid_t pid;

	put_json("{ \"c_info\": { \"type\": \"pvh\" }, \"b_info\": { \"max_memkb\": 100000, \"x\": 1 } }");
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		count_up();
	for (i = 0; !waitpid(pid, &status, WNOHANG); i++) {
		snprintf(value, sizeof(value), "%dG", 1 + i % 9);
		keep(D0_LIMIT, D0_KEEP_VALUE, value);
		err = sync_it();
		if (err && err != -EAGAIN)
			fail_msg("%s", strerror(-err));
		if (!err)
			assert_int_equal(config.known, true);
	}
	assert_int_equal(status, 0);
	keep(D0_LIMIT, D0_KEEP_VALUE, "77G");
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("xsdata", "memx/limit"), "\"77G\"");
	/* none of the other's changes is lost */
	assert_string_equal(member("", "b_info"), "{\"max_memkb\":100300,\"x\":1}");
	no_leftovers();
}

/* What somebody killed half-way has left behind is in nobody's way. */
static void d0_config_sync__leftovers(void **state)
{
	FILE *f;

	put_json(real);
	f = fopen(path_of('n', "libxl-json"), "w");
	fputs("half of", f);
	fclose(f);
	close(lock_hold());
	keep(D0_LIMIT, D0_KEEP_VALUE, "8G");
	assert_int_equal(sync_it(), 0);
	assert_string_equal(member("xsdata", "memx/limit"), "\"8G\"");
	no_leftovers();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(d0_config_sync__puts),
		TEST(d0_config_sync__no_data_yet),
		TEST(d0_config_sync__only_changes),
		TEST(d0_config_sync__no_file),
		TEST(d0_config_sync__not_libxls),
		TEST(d0_config_sync__locked),
		TEST(d0_config_sync__two_writers),
		TEST(d0_config_sync__leftovers),
	};

	return MXT_RUN(tests);
}
