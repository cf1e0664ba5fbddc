// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the service: when it looks at which domain, what it watches, what
 * a flood of changes costs, and that it can be killed at any call.
 */
#include "d0_fake.h"
#include "../../tools/lib/size.c"
#include "../../tools/dom0/d0_plan.c"
#include "../../tools/dom0/d0_look.c"
#include "../../tools/dom0/d0_config.c"
#include "../../tools/dom0/d0_serve.c"

#define A 51712
#define B 51728
#define UUID_FILE "userdata-d.5." FAKE_UUID ".libxl-json"

static struct d0_serve serve;
static uint64_t now, next;
static char dir[64];

static void log_it(const char *line)
{
	mxt_log("%s", line);
}

static int begin(void **state)
{
	strcpy(dir, "/tmp/unit_d0_serve.XXXXXX");
	fake_init();
	memset(&serve, 0, sizeof(serve));
	now = 1000000;
	return mxt_setup(state) || !mkdtemp(dir);
}

static int end(void **state)
{
	char command[128];

	d0_serve_end(&serve);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) || mxt_teardown(state);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void events(void)
{
	unsigned int i;

	for (i = 0; i < fake.nevents; i++)
		d0_serve_event(&serve, fake.events[i].path, fake.events[i].token);
	fake.nevents = 0;
}

static int turn(void)
{
	events();
	return d0_serve_turn(&serve, now, &next);
}

/* Goes on until nothing is to be done before the next sweep. */
static void settle(void)
{
	int i;

	for (i = 0; i < 50; i++) {
		assert_int_equal(turn(), 0);
		if (!fake.nevents && next > now + D0_LOOK_MS)
			return;
		now = next > now ? next : now;
	}
	fail_msg("it does not come to rest");
}

static void start(void)
{
	assert_int_equal(d0_serve_start(&serve, &fake.store, dir, log_it), 0);
	settle();
}

static void restart(void)
{
	d0_serve_end(&serve);
	fake_disconnect();
	start();
}

static void file_put(const char *text)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/" UUID_FILE, dir);
	out = fopen(path, "w");
	assert_non_null(out);
	fwrite(text, 1, strlen(text) + 1, out);
	fclose(out);
}

static bool file_has(const char *part)
{
	char path[256], text[4096];
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "%s/" UUID_FILE, dir);
	in = fopen(path, "r");
	assert_non_null(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[n] = 0;
	return strstr(text, part);
}

static void two_disks(void)
{
	fake_domain(5);
	fake_disk(0, 5, A, "vol=a,size=6G");
	fake_disk(0, 5, B, "vol=b,size=2G");
}

#define RESERVATION "/local/domain/5/memx/reservation"
#define STATE_OF_A "/local/domain/0/backend/vbd/5/51712/memx/reserve-state"

static void d0_serve__comes_and_goes(void **state)
{
	start();
	assert_int_equal(serve.nknown, 0);
	assert_int_equal(fake.nwatches, 3);
	two_disks();
	settle();
	assert_int_equal(serve.nknown, 1);
	assert_string_equal(fake_disk_get(0, 5, A, "uuid"), FAKE_UUID);
	assert_true(fake_watched("/local/domain/5/memx") && fake_watched(STATE_OF_A));
	assert_int_equal(fake.nwatches, 6);
	fake_disk_rm(0, 5, A);
	settle();
	assert_int_equal(fake.nwatches, 5);
	fake_disk_rm(0, 5, B);
	fake_rm("/local/domain/5");
	fake_rm("/libxl/5");
	fake_put("@releaseDomain", "");
	settle();
	assert_int_equal(serve.nknown, 0);
	assert_int_equal(fake.nwatches, 3);
}

static void d0_serve__set(void **state)
{
	two_disks();
	start();
	fake_put(RESERVATION, "4G");
	settle();
	assert_string_equal(fake_disk_get(0, 5, A, "reserve"), "3221225472");
	assert_string_equal(mxt_log_take(), "domain 5: reservation 4G: asking");
	fake_disk_put(0, 5, A, "granted", "3221225472");
	fake_disk_put(0, 5, A, "reserve-state", "granted");
	fake_disk_put(0, 5, B, "granted", "1073741824");
	fake_disk_put(0, 5, B, "reserve-state", "granted");
	settle();
	assert_string_equal(fake_get("/local/domain/5/memx/state"), "granted");
	assert_string_equal(mxt_log_take(), "domain 5: reservation 4G: granted");
	fake_put(RESERVATION, "x");
	settle();
	assert_string_equal(mxt_log_take(),
			    "domain 5: reservation x: refused: reservation 'x' is no size (8G, 512M, ...)");
}

/* What is not watched is seen at the sweep. */
static void d0_serve__sweep(void **state)
{
	fake_domain(5);
	fake_disk(7, 5, A, "vol=a,size=6G");
	start();
	assert_int_equal(fake.nwatches, 4);
	fake_disk_put(7, 5, A, "used", "256");
	settle();
	assert_string_equal(fake_get("/local/domain/5/memx/used"), "0");
	now += D0_SWEEP_MS;
	settle();
	assert_string_equal(fake_get("/local/domain/5/memx/used"), "1048576");
}

/* A domain that came without an event that was seen is found all the same. */
static void d0_serve__scan(void **state)
{
	start();
	two_disks();
	fake.nevents = 0;
	assert_int_equal(turn(), 0);
	assert_int_equal(serve.nknown, 0);
	now += D0_SCAN_MS;
	settle();
	assert_int_equal(serve.nknown, 1);
}

/* However much is written, a domain is looked at once in a while. */
static void d0_serve__flood(void **state)
{
	uint64_t until;
	unsigned int calls;
	int i;

	two_disks();
	start();
	calls = fake.ops;
	now += D0_SWEEP_MS;
	settle();
	calls = fake.ops - calls;
	fake.ops = 0;
	until = now + 1000;
	for (i = 0; now < until; now++) {
		for (i = 0; i < 50; i++) {
			fake_put(STATE_OF_A, "asking");
			fake_put("/local/domain/5/memx/x", "y");
		}
		assert_int_equal(turn(), 0);
	}
	assert_true(fake.ops <= calls * (1000 / D0_LOOK_MS + 1));
	assert_int_equal(serve.nknown, 1);
	/* the same for what makes it search for domains */
	fake.ops = 0;
	for (i = 0; i < 1000; i++, now++) {
		fake_put("@releaseDomain", "");
		assert_int_equal(turn(), 0);
	}
	assert_true(fake.ops <= (calls + 2) * (1000 / D0_LOOK_MS + 2));
}

static void d0_serve__other_toolstack_events(void **state)
{
	two_disks();
	start();
	fake.ops = 0;
	fake_put("/libxl/5/dm-version", "1");
	fake_put("/libxl/5/device/vif/0/state", "1");
	fake_put("/libxl/x/device/vbd", "1");
	fake_put("/libxlx", "1");
	assert_int_equal(turn(), 0);
	assert_int_equal(fake.ops, 0);
}

static void d0_serve__restarted(void **state)
{
	two_disks();
	start();
	fake_put(RESERVATION, "4G");
	settle();
	d0_serve_end(&serve);
	fake_disconnect();
	/* while nobody looks */
	fake_put(RESERVATION, "2G");
	fake_disk(0, 5, A + 64, "vol=c,size=8G");
	start();
	assert_string_equal(fake_disk_get(0, 5, A, "reserve"), "805306368");
	assert_string_equal(fake_disk_get(0, 5, A + 64, "reserve"), "1073741824");
	fake.writes = 0;
	restart();
	assert_int_equal(fake.writes, 0);
}

/* Killed at each call of a life in which all kinds of things happen. */
static void live(void)
{
	if (d0_serve_start(&serve, &fake.store, dir, log_it) || turn())
		return;
	fake_put(RESERVATION, "4G");
	now += D0_LOOK_MS;
	if (turn())
		return;
	fake_disk_rm(0, 5, B);
	now += D0_LOOK_MS;
	if (turn())
		return;
	fake_put(RESERVATION, "3G");
	fake_disk(0, 5, B, "vol=b,size=2G");
	now += D0_LOOK_MS;
	turn();
}

static void d0_serve__killed(void **state)
{
	unsigned int n, calls;

	two_disks();
	live();
	calls = fake.ops;
	assert_true(calls > 100);
	for (n = 1; n <= calls; n++) {
		d0_serve_end(&serve);
		fake_init();
		file_put("{\"c_info\": {}}");
		two_disks();
		fake.die_op = n;
		live();
		d0_serve_end(&serve);
		fake_disconnect();
		fake_put(RESERVATION, "3G");
		if (!fake_there(&fake.now, "/libxl/5/device/vbd/51728"))
			fake_disk(0, 5, B, "vol=b,size=2G");
		start();
		assert_string_equal(fake_disk_get(0, 5, A, "reserve"), "2415919104");
		assert_string_equal(fake_disk_get(0, 5, B, "reserve"), "805306368");
		assert_string_equal(fake_get("/local/domain/5/memx/asked"), "3221225472");
		assert_true(file_has("\"memx/reservation\": \"3G\""));
		mxt_log_take();
	}
}

static void d0_serve__keeps(void **state)
{
	fake_domain(5);
	fake_disk(0, 5, A, "vol=a,size=6G,reserve=1G");
	file_put("{\"c_info\": {}}");
	start();
	assert_false(file_has("memx"));
	fake_put(RESERVATION, "4G");
	settle();
	assert_true(file_has("\"memx/reservation\": \"4G\""));
	/* libxl has written it anew, as at the end of a creation */
	file_put("{\"c_info\": {\"type\": \"pvh\"}}");
	now += D0_SWEEP_MS;
	settle();
	assert_true(file_has("\"memx/reservation\": \"4G\""));
	fake_put(RESERVATION, "1G");
	settle();
	assert_false(file_has("memx"));
}

static void d0_serve__no_file(void **state)
{
	two_disks();
	start();
	assert_string_equal(mxt_log_take(), "");
	fake_put(RESERVATION, "4G");
	settle();
	assert_string_equal(mxt_log_take(), "domain 5: reservation 4G: asking");
	now += D0_MISSED_MS;
	settle();
	assert_non_null(strstr(mxt_log_take(), "will not survive a reboot"));
	now += D0_MISSED_MS;
	settle();
	assert_string_equal(mxt_log_take(), "");
	file_put("no JSON");
	now += D0_SWEEP_MS;
	settle();
	assert_non_null(strstr(mxt_log_take(), "is not what libxl writes"));
	now += D0_SWEEP_MS;
	settle();
	assert_string_equal(mxt_log_take(), "");
	file_put("{\"c_info\": {}}");
	now += D0_SWEEP_MS;
	settle();
	assert_true(file_has("4G"));
}

/* The same number, another domain. */
static void d0_serve__number_again(void **state)
{
	two_disks();
	start();
	fake_put(RESERVATION, "4G");
	settle();
	mxt_log_take();
	fake_rm("/local/domain/5");
	fake_put("/local/domain/5/vm", "/vm/11111111-89ab-cdef-0123-456789abcdef");
	now += D0_SWEEP_MS;
	settle();
	assert_string_equal(fake_disk_get(0, 5, A, "uuid"), "11111111-89ab-cdef-0123-456789abcdef");
	assert_string_equal(fake_disk_get(0, 5, A, "reserve"), "0");
}

static void d0_serve__busy(void **state)
{
	two_disks();
	start();
	fake_put(RESERVATION, "4G");
	fake.conflicts = 1000;
	now += D0_LOOK_MS;
	assert_int_equal(turn(), 0);
	assert_true(fake.conflicts < 1000);
	assert_true(next <= now + D0_LOOK_MS);
	fake.conflicts = 0;
	now = next;
	settle();
	assert_string_equal(fake_disk_get(0, 5, A, "reserve"), "3221225472");
}

/* What fails is told once, and tried again. */
static void d0_serve__fails(void **state)
{
	two_disks();
	strcpy(fake.fail_path, "/local/domain/5/memx");
	fake.fail_err = -EACCES;
	start();
	assert_string_equal(mxt_log_take(), "domain 5: xenstore: Permission denied");
	now += D0_SWEEP_MS;
	settle();
	assert_string_equal(mxt_log_take(), "");
	fake.fail_path[0] = 0;
	now += D0_SWEEP_MS;
	settle();
	assert_string_equal(fake_get("/local/domain/5/memx/state"), "none");
}

static void d0_serve__connection_lost(void **state)
{
	two_disks();
	start();
	fake.die_op = 1;
	fake_put(RESERVATION, "4G");
	now += D0_LOOK_MS;
	assert_int_equal(turn(), -EIO);
	restart();
	assert_string_equal(fake_disk_get(0, 5, A, "reserve"), "3221225472");
}

static void d0_serve__many_domains(void **state)
{
	unsigned int i;

	for (i = 1; i <= 40; i++) {
		fake_domain(i);
		fake_disk(0, i, A, "vol=a,size=6G");
	}
	start();
	assert_int_equal(serve.nknown, 40);
	assert_int_equal(fake.nwatches, 3 + 2 * 40);
	for (i = 1; i <= 40; i++)
		assert_string_equal(fake_disk_get(0, i, A, "uuid"), FAKE_UUID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(d0_serve__comes_and_goes),
		TEST(d0_serve__set),
		TEST(d0_serve__sweep),
		TEST(d0_serve__scan),
		TEST(d0_serve__flood),
		TEST(d0_serve__other_toolstack_events),
		TEST(d0_serve__restarted),
		TEST(d0_serve__killed),
		TEST(d0_serve__keeps),
		TEST(d0_serve__no_file),
		TEST(d0_serve__number_again),
		TEST(d0_serve__busy),
		TEST(d0_serve__fails),
		TEST(d0_serve__connection_lost),
		TEST(d0_serve__many_domains),
	};

	return MXT_RUN(tests);
}
