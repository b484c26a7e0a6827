// SPDX-License-Identifier: GPL-2.0
/*
 * datagrams - numbered datagrams, as the host's station sends and checks them
 *
 *   datagrams receive COUNT SECONDS           on UDP port 9; says what came, and fails if one was
 *                                             wrong or out of order, or none came for so long
 *   datagrams hold SECONDS                    on UDP port 9, unread, until its alarm kills it:
 *                                             the kernel does that without any memory
 *   datagrams send ADDRESS COUNT BYTES FLOWS  to UDP port 9
 *   datagrams ask ADDRESS COUNT MICROSECONDS  to UDP port 7, one after the other; polls the NIC
 *                                             for each answer, up to so long. Says how many a
 *                                             second, and how many microseconds half of the
 *                                             answers and 99 of 100 took at most
 *   datagrams print PORT                      what comes as text, until it is killed
 *
 * Each: "vkit", the flow, the number in that flow, all big endian, and bytes that follow
 * from the number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PORT		9
#define ECHO_PORT	7
#define FLOWS_MAX	64u
#define STAMP		0x766b6974u
#define STAMP_LEN	12u

static uint8_t bytes[65536];

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

static int is_right(uint32_t len)
{
	uint32_t number, i;

	if (len < STAMP_LEN || get32(bytes) != STAMP || get32(bytes + 4) >= FLOWS_MAX)
		return 0;
	number = get32(bytes + 8);
	for (i = STAMP_LEN; i < len; i++)
		if (bytes[i] != (uint8_t)(number + i - STAMP_LEN))
			return 0;
	return 1;
}

/* A socket with room for many of them, or -1. */
static int open_port(long seconds)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct timeval limit = { .tv_sec = seconds };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 32 << 20;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		perror("datagrams");
		return -1;
	}
	return fd;
}

static int hold_all(long seconds)
{
	if (open_port(seconds) < 0)
		return 1;
	alarm((unsigned int)seconds);
	for (;;)
		pause();
}

static int receive_all(uint32_t count, long seconds)
{
	uint32_t next[FLOWS_MAX] = { 0 }, good = 0, bad = 0, order = 0, flow;
	int fd = open_port(seconds);
	ssize_t len;

	if (fd < 0)
		return 1;
	while (good + bad < count) {
		len = recv(fd, bytes, sizeof(bytes), 0);
		/* It was stopped, and goes on: with a time limit that ends the call. */
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			break;
		if (!is_right((uint32_t)len)) {
			bad++;
			continue;
		}
		good++;
		flow = get32(bytes + 4);
		order += get32(bytes + 8) != next[flow];
		next[flow] = get32(bytes + 8) + 1;
	}
	printf("good %u bad %u out_of_order %u\n", good, bad, order);
	return good != count || bad || order;
}

static int send_all(const char *address, uint32_t count, uint32_t len, uint32_t flows)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint32_t n, i;

	if (fd < 0 || !inet_aton(address, &to.sin_addr) || len > sizeof(bytes) - STAMP_LEN ||
	    !flows || flows > FLOWS_MAX) {
		fprintf(stderr, "datagrams: that cannot be sent\n");
		return 1;
	}
	put32(bytes, STAMP);
	for (n = 0; n < count; n++) {
		put32(bytes + 4, n % flows);
		put32(bytes + 8, n / flows);
		for (i = 0; i < len; i++)
			bytes[STAMP_LEN + i] = (uint8_t)(n / flows + i);
		if (sendto(fd, bytes, STAMP_LEN + len, 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
			perror("datagrams");
			return 1;
		}
	}
	return 0;
}

static uint32_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)(now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int ask_all(const char *address, uint32_t count, int us)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(ECHO_PORT) };
	struct timeval limit = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint32_t *took, begin, n;

	took = calloc(count ? count : 1, sizeof(*took));
	if (!took || fd < 0 || !inet_aton(address, &to.sin_addr) ||
	    setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("datagrams");
		return 1;
	}
	begin = now_us();
	for (n = 0; n < count; n++) {
		put32(bytes, n);
		took[n] = now_us();
		if (send(fd, bytes, STAMP_LEN, 0) != STAMP_LEN ||
		    recv(fd, bytes, sizeof(bytes), 0) != STAMP_LEN || get32(bytes) != n) {
			printf("no answer, or a wrong one, to number %u\n", n);
			return 1;
		}
		took[n] = now_us() - took[n];
	}
	begin = now_us() - begin;
	qsort(took, count, sizeof(*took), compare);
	if (count)
		printf("rate %.0f half %u most %u\n", count * 1e6 / begin, took[count / 2],
		       took[count - 1 - count / 100]);
	return 0;
}

static int print_all(uint16_t port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t len;

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		perror("datagrams");
		return 1;
	}
	while ((len = recv(fd, bytes, sizeof(bytes), 0)) >= 0) {
		fwrite(bytes, 1, (size_t)len, stdout);
		fflush(stdout);
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "print"))
		return print_all((uint16_t)atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold_all(atol(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "receive"))
		return receive_all((uint32_t)atol(argv[2]), atol(argv[3]));
	if (argc == 6 && !strcmp(argv[1], "send"))
		return send_all(argv[2], (uint32_t)atol(argv[3]), (uint32_t)atol(argv[4]),
				(uint32_t)atol(argv[5]));
	if (argc == 5 && !strcmp(argv[1], "ask"))
		return ask_all(argv[2], (uint32_t)atol(argv[3]), atoi(argv[4]));
	fprintf(stderr, "datagrams receive COUNT SECONDS | hold SECONDS |\n"
			"          send ADDRESS COUNT BYTES FLOWS | ask ADDRESS COUNT MICROSECONDS | print PORT\n");
	return 2;
}
