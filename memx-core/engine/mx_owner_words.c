// SPDX-License-Identifier: GPL-2.0
/*
 * The states of claims and servers in words for people.
 */
#include "mx_owner.h"

static const char *word(const char * const *words, u32 n, u32 i)
{
	return i < n && words[i] ? words[i] : "unknown";
}

const char *mx_owner_state_name(u8 state)
{
	static const char * const words[] = {
		[MX_OWN_NONE]		= "none",
		[MX_OWN_PROPOSING]	= "proposing",
		[MX_OWN_PROPOSED]	= "proposed",
		[MX_OWN_WITHDRAWING]	= "withdrawing",
		[MX_OWN_CLAIMING]	= "claiming",
		[MX_OWN_LISTING]	= "listing",
		[MX_OWN_WAITING]	= "waiting",
		[MX_OWN_SERVING]	= "serving",
		[MX_OWN_FENCED]		= "fenced",
		[MX_OWN_LEAVING]	= "leaving",
		[MX_OWN_PARKED]		= "parked",
		[MX_OWN_GONE]		= "gone",
	};

	return word(words, ARRAY_SIZE(words), state);
}

const char *mx_owner_srv_name(u8 state)
{
	static const char * const words[] = {
		[MX_OSRV_NONE]		= "none",
		[MX_OSRV_OPENING]	= "opening",
		[MX_OSRV_LISTING]	= "listing",
		[MX_OSRV_OPEN]		= "open",
		[MX_OSRV_REFUSED]	= "refused",
		[MX_OSRV_FENCED]	= "fenced",
		[MX_OSRV_DROPPING]	= "dropping",
		[MX_OSRV_DROPPED]	= "dropped",
	};

	return word(words, ARRAY_SIZE(words), state);
}

const char *mx_owner_why_name(u8 why)
{
	static const char * const words[] = {
		[MX_WHY_NONE]	= "",
		[MX_WHY_FULL]	= "has no room for it",
		[MX_WHY_OTHER]	= "has it with another size or name",
		[MX_WHY_OLD]	= "speaks an older protocol",
		[MX_WHY_EPOCH]	= "names an epoch that makes no sense",
		[MX_WHY_BAD]	= "gives answers that make no sense",
		[MX_WHY_MUTE]	= "gave no answer",
	};

	return word(words, ARRAY_SIZE(words), why);
}

const char *mx_owner_lack_name(int lack)
{
	static const char * const words[] = {
		[MX_LACK_UNKNOWN]	= "is not known here",
		[MX_LACK_SILENT]	= "is silent",
		[MX_LACK_RESTARTED]	= "has lost it since",
		[MX_LACK_BUSY]		= "has not answered yet",
		[MX_LACK_REFUSED]	= "refuses",
		[MX_LACK_FENCED]	= "knows a newer owner",
		[MX_LACK_EXPIRED]	= "dropped it: lease expired",
	};

	return word(words, ARRAY_SIZE(words), lack < 0 ? ~0U : lack);
}
