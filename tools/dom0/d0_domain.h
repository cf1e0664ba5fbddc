/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memxctl domain: shows and sets what domains have of the servers' memory.
 */
#ifndef MX_D0_DOMAIN_H
#define MX_D0_DOMAIN_H

/**
 * d0_domain_main() - run a command
 * @argv: the words behind "domain"
 *
 * Return: exit code, as memxctl's: 0 done, 1 refused or failed, 2 wrong usage.
 */
int d0_domain_main(int argc, char **argv);

/** d0_complain() - a line on standard error. Return: 1 */
int d0_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* MX_D0_DOMAIN_H */
