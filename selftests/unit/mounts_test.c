// SPDX-License-Identifier: GPL-2.0
/*
 * mounts_test.c - lines of /proc/self/mounts
 */
#include "ktap.h"

#include "hv_utils/proto/mounts.h"

static char line[256];

static bool look(const char *text, char **dir)
{
	strcpy(line, text);
	return mounts_line(line, dir);
}

TEST(a_disk_is_found_at_its_directory)
{
	char *dir;

	EXPECT(look("/dev/sda1 / ext4 rw,relatime 0 0", &dir));
	EXPECT_STREQ(dir, "/");
	EXPECT(look("/dev/mapper/vg-home /home xfs rw 0 0", &dir));
	EXPECT_STREQ(dir, "/home");
}

TEST(what_is_on_no_disk_is_left_out)
{
	char *dir;

	EXPECT(!look("proc /proc proc rw 0 0", &dir));
	EXPECT(!look("/devices /x ext4 rw 0 0", &dir));
	EXPECT(!look("server:/dev/x /x nfs rw 0 0", &dir));
}

TEST(odd_names_are_read_as_they_are)
{
	char *dir;

	EXPECT(look("/dev/sdb /mnt/a\\040b\\134c\\011\\012d\\0 ext4 rw 0 0", &dir));
	EXPECT_STREQ(dir, "/mnt/a b\\c\t\nd\\0");
	EXPECT(look("/dev/s\\040db /x\\ ext4 rw 0 0", &dir));
	EXPECT_STREQ(dir, "/x\\");
}

TEST(half_a_line_is_none)
{
	static const char whole[] = "/dev/sda1 /srv ext4";
	char text[sizeof(whole)] = "", *dir;
	unsigned int i;

	for (i = 0; i < 15; i++) {
		text[i] = whole[i];
		EXPECT_EQ(look(text, &dir), i == 14);
	}
	EXPECT(!look("/dev/sda1  ext4 rw", &dir));
}

KTAP_MAIN
